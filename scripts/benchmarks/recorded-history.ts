/** Makes the history file of a long log without keeping the log: real decisions, recorded by the real worker, with most commits about objects long gone. */
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Worker } from 'node:worker_threads';
import type { Command } from '../../machines/index.ts';
import { openPast, type OpenPast } from '../../src/cell/open-past.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { ENTRY_MAX_COMMITS } from '../../src/log/entry.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { createProjector, prepareReadModel, type Projector } from '../../src/read-model/index.ts';
import { startProjectionWorker } from '../../src/read-model/projection-thread.ts';
import type { AppliedEntry } from '../../src/state/applied-entry.ts';
import { beginCell, command, podWaves, SyntheticLog } from './synthetic-log.ts';

/** Recorded behind the generator, but no further: what waits in memory is bounded. */
const LAG_MAX_REVISIONS = 5_000;
const WAIT_MS = 120_000;
const POD_LIFE_COMMITS = 5;
/** Commits fed at the end, with nothing else going on, to say what recording costs. */
const MEASURED_COMMITS = 20_000;

/** How many commits of what, of all. */
export interface Mixture {
  readonly commits: number;
  /** ConfigMaps that live to the end and are listed. */
  readonly living: number;
}

export interface RecordedHistory {
  readonly file: string;
  readonly history: OpenPast;
  readonly commits: number;
  readonly objects: number;
  readonly workerMicrosecondsACommit: number;
  readonly mainMicrosecondsACommit: number;
  /** A node with a tenth of all commits. */
  readonly busy: { readonly kind: string; readonly namespace: string; readonly name: string };
  close(): Promise<void>;
}

/** A log that nobody reads: the recorder takes its entries from memory. */
function forgottenLog(): EventLog {
  let last = 0;
  return {
    cell: 'bench',
    lineage: 'bench',
    append: (number) => {
      last = number;
      return Promise.resolve({ outcome: 'appended' });
    },
    async *read() {},
    get: () => Promise.resolve(undefined),
    lastNumber: () => Promise.resolve(last),
  };
}

/** Each command is caused by the newest commit there is, as a controller's are. */
class CausedLog extends SyntheticLog {
  override send(sent: Command): Promise<void> {
    const cause = this.fold.state.revision;
    return super.send(cause === 0 ? sent : { ...sent, cause });
  }
}

class Recording {
  readonly made: CausedLog;
  readonly #history: OpenPast;
  readonly #projector: Projector;
  readonly #worker: Worker;
  #held: AppliedEntry[] | undefined;

  constructor(history: OpenPast, log: EventLog, projector: Projector, worker: Worker) {
    this.#history = history;
    this.#projector = projector;
    this.#worker = worker;
    this.made = new CausedLog(log, ENTRY_MAX_COMMITS);
    this.made.fold.subscribe((applied) => {
      if (this.#held !== undefined) this.#held.push(applied);
      else history.recorder.observe(applied);
    });
  }

  /** Lets the recorder come close. */
  async keepUp(lag = LAG_MAX_REVISIONS): Promise<void> {
    if (this.#held !== undefined) return;
    const behind = this.made.fold.state.revision - lag;
    if (behind > this.#history.recorder.recordedRevision) await this.#history.recorder.waitFor(behind, WAIT_MS);
  }

  hold(): void {
    this.#held = [];
  }

  /** Processor time of both threads for what was held. */
  async feedHeld(): Promise<{ readonly worker: number; readonly main: number }> {
    const held = this.#held ?? [];
    this.#held = undefined;
    const commits = held.reduce((sum, applied) => sum + applied.changes.length, 0);
    const [worker, main] = [await this.#worker.cpuUsage(), process.threadCpuUsage()];
    for (const applied of held) this.#history.recorder.observe(applied);
    await this.#history.recorder.waitFor(this.made.fold.state.revision, WAIT_MS);
    const [workerAfter, mainAfter] = [await this.#worker.cpuUsage(worker), process.threadCpuUsage(main)];
    const each = ({ user, system }: { readonly user: number; readonly system: number }) => (user + system) / commits;
    return { worker: each(workerAfter), main: each(mainAfter) };
  }

  async close(): Promise<void> {
    await this.#history.close();
    await this.#projector.close();
  }
}

export async function recordHistory(
  folder: string,
  { commits, living }: Mixture,
  note: (text: string) => void,
): Promise<RecordedHistory> {
  const shared = { clock: systemClock, logger: silentLogger };
  const file = join(folder, 'history.sqlite');
  const log = forgottenLog();
  const from = { lineage: '', entry: 0, revision: 0, hash: '' };
  const history = await openPast({ ...shared, file, log, from });
  const readModel = join(folder, 'read-model.sqlite');
  await prepareReadModel({ file: readModel, ...shared });
  let worker: Worker | undefined;
  const startWorker = (path: string) => (worker = startProjectionWorker(path));
  const projector = await createProjector({ ...shared, file: readModel, companion: history.recorder, startWorker });
  if (worker === undefined) throw new Error('the projector started no worker');
  const recording = new Recording(history, log, projector, worker);
  const busy = { kind: 'Node', namespace: '', name: 'n1' };
  const pods = await generate(recording, { commits, living }, note);
  const cost = await recording.feedHeld();
  return {
    file,
    history,
    commits: recording.made.commits,
    objects: pods + living,
    workerMicrosecondsACommit: cost.worker,
    mainMicrosecondsACommit: cost.main,
    busy,
    async close() {
      await recording.close();
      rmSync(readModel, { force: true });
    },
  };
}

/** Pods come and go all the while; ConfigMaps are changed in between, and one node again and again. Returns how many pods there were. */
async function generate(recording: Recording, { commits, living }: Mixture, note: (text: string) => void) {
  const { made } = recording;
  await beginCell(made);
  for (let number = 0; number < living; number++) {
    await made.send(configMap(number));
    await recording.keepUp();
  }
  const rounds = Math.max(1, Math.floor((commits - made.commits) / (10 * living)));
  const podsARound = Math.floor((commits - made.commits) / rounds / POD_LIFE_COMMITS / 1.6);
  let pods = 0;
  for (let round = 1; round <= rounds; round++) {
    await podWaves(made, podsARound, { whole: true, firstNumber: pods, pause: () => recording.keepUp() });
    pods += podsARound;
    if (round === rounds) {
      await made.flush();
      await recording.keepUp(0);
      recording.hold();
    }
    await changes(recording, living, round, Math.floor(podsARound * POD_LIFE_COMMITS * 0.6), round === rounds);
    note(`${made.commits} of ${commits} commits`);
  }
  await made.end();
  return pods;
}

async function changes(recording: Recording, living: number, round: number, count: number, isLast: boolean) {
  for (let index = 0; index < (isLast ? Math.min(count, MEASURED_COMMITS) : count); index++) {
    await recording.made.send(index % 4 === 0 ? nodeChange(round, index) : configMapChange(living, round, index));
    await recording.keepUp();
  }
}

function configMap(number: number): Command {
  const name = `c${number}`;
  const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { text: `made as ${number}` } };
  return command('ConfigMap', name, 'create', { manifest }, `${name}/create`);
}

function configMapChange(living: number, round: number, index: number): Command {
  // A prime as the step visits all, far from each other.
  const name = `c${(index * 7_919 + round) % living}`;
  const id = `${name}/${round}/${index}`;
  return command('ConfigMap', name, 'patch', { patch: { data: { text: id } } }, id);
}

function nodeChange(round: number, index: number): Command {
  const patch = { metadata: { labels: { round: `r${round}-${index}` } } };
  return { ...command('Node', 'n1', 'patch', { patch }, `n1/${round}/${index}`), namespace: '' };
}
