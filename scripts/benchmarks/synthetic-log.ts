/** Makes long logs as a cell's writer would have: real decisions, real entries, appended without waiting for each. */
import { bootstrapCommands, type Command } from '../../machines/index.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import type { EventLog } from '../../src/log/event-log.ts';
import { Fold } from '../../src/state/fold.ts';
import { Batch } from '../../src/writer/batch.ts';
import { WRITER_LIMITS } from '../../src/writer/limits.ts';
import { podManifest } from './workload.ts';

/** Pods that are alive at once. */
const WAVE_PODS = 2_000;
/** Appends under way: more would only fill the server's memory. */
const IN_FLIGHT = 16;
/** Room for 110 pods on each. */
const NODES = 500;
const NODE = {
  capacity: { cpu: '64', memory: '256Gi', pods: '110' },
  nodeInfo: {
    operatingSystem: 'linux',
    architecture: 'amd64',
    osImage: 'hollow',
    kernelVersion: 'hollow',
    containerRuntimeVersion: 'hollow://1',
    kubeletVersion: 'v0.1.0',
  },
  addresses: [],
};

/** Sends commands through the writer's batch, entry by entry. */
export class SyntheticLog {
  readonly fold = new Fold();
  readonly #log: EventLog;
  readonly #entryCommits: number;
  #waiting: Command[] = [];
  #appends: Promise<void>[] = [];
  commits = 0;

  constructor(log: EventLog, entryCommits: number) {
    this.#log = log;
    this.#entryCommits = entryCommits;
  }

  async send(sent: Command): Promise<void> {
    this.#waiting.push(sent);
    if (this.#waiting.length >= this.#entryCommits) await this.flush();
  }

  /** Writes what waits; a command that is not accepted is a mistake of the benchmark. */
  async flush(): Promise<void> {
    const batch = new Batch({
      state: this.fold.state,
      identifiers: systemIdentifiers,
      limits: WRITER_LIMITS,
      now: systemClock.now(),
      writer: 'bench',
      lineage: this.#log.lineage,
    });
    const left: Command[] = [];
    for (const waiting of this.#waiting) {
      const outcome = left.length > 0 ? 'full' : batch.decide(waiting);
      if (outcome === 'full') left.push(waiting);
      else if (outcome.outcome !== 'accepted') throw new Error(`${waiting.id}: ${JSON.stringify(outcome)}`);
    }
    this.#waiting = left;
    const prepared = batch.prepare();
    const { entry, payload } = prepared;
    this.fold.adopt(prepared);
    this.commits += entry.commits.length;
    this.#appends.push(
      this.#log.append(entry.number, payload).then((settled) => {
        if (settled.outcome !== 'appended')
          throw new Error(`entry ${entry.number}: ${JSON.stringify(settled)}`, {
            cause: 'cause' in settled ? settled.cause : undefined,
          });
      }),
    );
    if (this.#appends.length >= IN_FLIGHT) await Promise.all(this.#appends.splice(0));
  }

  async end(): Promise<void> {
    while (this.#waiting.length > 0) await this.flush();
    await Promise.all(this.#appends.splice(0));
  }
}

/** What every cell has, and nodes. */
export async function beginCell(log: SyntheticLog): Promise<void> {
  for (const draft of bootstrapCommands()) await log.send({ ...draft, actor: 'system:bootstrap' });
  await log.flush();
  for (let node = 1; node <= NODES; node++) {
    const name = `n${node}`;
    await log.send({ ...command('Node', name, 'register', NODE, `${name}/register`), namespace: '' });
  }
  await log.flush();
}

/** Pods in waves, each step of all pods of a wave before the next, as a controller's pods come. */
export async function podWaves(log: SyntheticLog, pods: number, options: PodWaves): Promise<void> {
  const { firstNumber = 0 } = options;
  for (let first = 0; first < pods; first += WAVE_PODS) {
    const count = Math.min(WAVE_PODS, pods - first);
    const lives = Array.from({ length: count }, (_, index) => {
      const number = firstNumber + first + index;
      return podLife(`p${number}`, number, options);
    });
    for (let step = 0; step < (lives[0]?.length ?? 0); step++) {
      for (const life of lives) await log.send(life[step] as Command);
      await options.pause?.();
    }
  }
}

export interface PodWaves {
  /** Deleted and cleaned up too. */
  readonly whole: boolean;
  readonly firstNumber?: number;
  /** Waited for after each step of a wave. */
  pause?(): Promise<void>;
}

export function command(kind: string, name: string, verb: string, args: object, id: string): Command {
  return { id, kind, namespace: 'default', name, verb, arguments: args, actor: 'system:bench' };
}

/** The commands of a pod's life in order: created, bound, reported running; with `whole` also deleted and cleaned up. */
function podLife(name: string, number: number, options: { readonly whole: boolean }): readonly Command[] {
  const node = `n${(number % NODES) + 1}`;
  const running = {
    name: 'main',
    number: 1,
    attempt: 0,
    state: { running: { startedAt: 1_700_000_000_000 + number } },
    ready: true,
    image: 'busybox:local',
    containerId: `hollow://${name}`,
  };
  const sandbox = { attempt: 0, podIP: `10.1.${(number >> 8) & 255}.${number & 255}` };
  const bind = { node, feasibleNodes: 50, totalNodes: 50, ruledOut: {}, score: 87 };
  const life = [
    command('Pod', name, 'create', { manifest: podManifest(name) }, `${name}/create`),
    command('Pod', name, 'bind', bind, `${name}/bind`),
    command('Pod', name, 'report', { node, sandbox, containers: [running] }, `${name}/running`),
  ];
  if (!options.whole) return life;
  return [
    ...life,
    command('Pod', name, 'delete', {}, `${name}/delete`),
    command('Pod', name, 'report', { node, containers: [], cleanedUp: true }, `${name}/gone`),
  ];
}
