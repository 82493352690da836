/** Makes the data directory of a large cell without running one: its log by real decisions, its read model by the real projection. */
import { join } from 'node:path';
import type { Command } from '../../machines/index.ts';
import { dataDirectory, identityOf, markStarted } from '../../src/cell/data-directory.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { ENTRY_MAX_COMMITS } from '../../src/log/entry.ts';
import { openLog } from '../../src/log/jetstream-log.ts';
import { createProjector, prepareReadModel, type Projector } from '../../src/read-model/index.ts';
import { FOLD_VERSION } from '../../src/state/cell-state.ts';
import { startBareNats } from './nats.ts';
import { beginCell, command, podWaves, SyntheticLog } from './synthetic-log.ts';

/** A cell made for another version of fold or generator is made again. */
export const GENERATOR_VERSION = `1-${FOLD_VERSION}`;
/** Projected behind the generator, but no further: what waits is memory. */
const PROJECTION_LAG_MAX_REVISIONS = 50_000;
const PROJECTION_WAIT_MS = 120_000;
const NOTE_EVERY_COMMITS = 100_000;

export interface LargeCell {
  readonly pods: number;
  readonly configMaps: number;
  readonly commits: number;
  note(text: string): void;
}

export async function generateCell(root: string, wanted: LargeCell): Promise<void> {
  const directory = dataDirectory(root);
  const { cell } = identityOf(directory);
  const nats = await startBareNats(join(directory.nats, 'store'), { synced: false });
  const log = await openLog({ connection: nats.connection, cell, clock: systemClock, logger: silentLogger });
  await prepareReadModel({ file: directory.readModel, logger: silentLogger });
  const projector = await createProjector({ file: directory.readModel, clock: systemClock, logger: silentLogger });
  const made = new SyntheticLog(log, ENTRY_MAX_COMMITS);
  made.fold.subscribe((applied) => projector.project(applied));
  await beginCell(made);
  await podWaves(made, wanted.pods, { whole: false });
  await configMaps(made, projector, wanted);
  await made.end();
  await projector.waitFor(made.fold.state.revision, PROJECTION_WAIT_MS);
  await projector.close();
  await nats.stop();
  markStarted(directory);
}

/** Creates them, then changes one after the other until there are enough commits. */
async function configMaps(made: SyntheticLog, projector: Projector, { configMaps: count, commits, note }: LargeCell) {
  for (let number = 0; made.commits < commits; number++) {
    await made.send(number < count ? creation(number) : change(number % count, Math.floor(number / count)));
    if (number % NOTE_EVERY_COMMITS === 0) note(`${made.commits} of ${commits} commits`);
    const behind = made.fold.state.revision - PROJECTION_LAG_MAX_REVISIONS;
    if (behind > projector.projectedRevision) await projector.waitFor(behind, PROJECTION_WAIT_MS);
  }
}

function creation(number: number): Command {
  const name = `c${number}`;
  const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { text: `made as ${number}` } };
  return command('ConfigMap', name, 'create', { manifest }, `${name}/create`);
}

function change(number: number, round: number): Command {
  const name = `c${number}`;
  return command('ConfigMap', name, 'patch', { patch: { data: { text: `round ${round}` } } }, `${name}/${round}`);
}
