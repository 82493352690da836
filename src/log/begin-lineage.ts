/** Begins a new lineage after a restore or an accepted loss: the good entries copied byte for byte, then the first of its own. Can be killed anywhere and called again. */
import type { Identifiers } from '../foundation/identifiers.ts';
import { copyEntries, requireAppended, requireLastGood } from './copy-entries.ts';
import type { EventLog } from './event-log.ts';
import { JetStreamApi } from './jetstream-api.ts';
import { JetStreamLog, listLineages, type JetStreamLogOptions } from './jetstream-log.ts';
import { nextLineageName } from './lineage-name.ts';
import { completed, configOf, streamOf, type LineageStream, type TakenOver } from './lineage-stream.ts';

export interface BeginLineageOptions extends Omit<JetStreamLogOptions, 'cell'> {
  /** The log to continue, which takes no more entries from now on where it is on this server. */
  readonly from: EventLog;
  /** Number and hash of the last entry to take over; 0 and empty for none. */
  readonly lastGoodEntry: number;
  readonly lastGoodHash: string;
  /** Makes the lineage's first own entry, number lastGoodEntry + 1, which carries the LineageStart. */
  firstEntry(lineage: string): Uint8Array;
  readonly identifiers: Identifiers;
}

/**
 * Resolves once the new lineage is the cell's current one; until then the old one is, and a call that repeats an
 * interrupted one finishes it. Where that one had written its first own entry already, that entry stands and `firstEntry`
 * is not asked. Raises LogUnavailableError (call again), LineageError.
 */
export async function beginLineage(options: BeginLineageOptions): Promise<JetStreamLog> {
  const { from, lastGoodEntry } = options;
  const api = new JetStreamApi(options.connection);
  const takenOver = { continues: from.lineage, lastGoodEntry, lastGoodHash: options.lastGoodHash };
  await seal(api, from);
  const started = await findStarted(api, from, takenOver);
  const lineage = started?.lineage ?? (await nextLineage(api, options));
  const config = configOf({ cell: from.cell, lineage, replicas: options.replicas ?? 1, complete: false, takenOver });
  if (started === undefined) await api.createStream(config);
  const to = new JetStreamLog({ ...options, cell: from.cell }, lineage);
  const present = await to.lastNumber();
  if (present < lastGoodEntry) await copyEntries({ from, to, lastGoodEntry, clock: options.clock }, present + 1);
  await requireLastGood(to, takenOver);
  if (present <= lastGoodEntry) requireAppended(await to.append(lastGoodEntry + 1, options.firstEntry(lineage)), to);
  await api.updateStream(completed(config));
  return to;
}

/** A writer that knows nothing of this yet must not be acknowledged into a log that is being left behind. */
async function seal(api: JetStreamApi, from: EventLog): Promise<void> {
  const source = (await listLineages(api, from.cell)).find(({ lineage }) => lineage === from.lineage);
  if (source === undefined || source.info.config.sealed) return;
  await api.updateStream({ ...source.info.config, sealed: true });
}

/** An interrupted beginning of this same lineage. Nobody has seen others that were never completed: they go. */
async function findStarted(
  api: JetStreamApi,
  from: EventLog,
  takenOver: TakenOver,
): Promise<LineageStream | undefined> {
  let started: LineageStream | undefined;
  for (const lineage of await listLineages(api, from.cell)) {
    if (lineage.complete || lineage.takenOver?.continues !== from.lineage) continue;
    if (started === undefined && (await isBeginningOf(api, lineage, from, takenOver))) started = lineage;
    else await api.deleteStream(lineage.info.config.name);
  }
  return started;
}

async function isBeginningOf(
  api: JetStreamApi,
  started: LineageStream,
  from: EventLog,
  takenOver: TakenOver,
): Promise<boolean> {
  const { lastGoodEntry, lastGoodHash } = takenOver;
  const last = started.info.state.last_seq;
  if (started.takenOver?.lastGoodEntry !== lastGoodEntry || started.takenOver.lastGoodHash !== lastGoodHash)
    return false;
  const shared = Math.min(last, lastGoodEntry);
  if (last > lastGoodEntry + 1 || started.info.state.messages !== last) return false;
  if (shared === 0) return true;
  const [ours, theirs] = await Promise.all([
    api.messagePayload(streamOf(from.cell, started.lineage), shared),
    from.get(shared),
  ]);
  return ours !== undefined && theirs !== undefined && Buffer.compare(ours, theirs.payload) === 0;
}

async function nextLineage(api: JetStreamApi, { from, identifiers }: BeginLineageOptions): Promise<string> {
  const lineages = await listLineages(api, from.cell);
  return nextLineageName([from.lineage, ...lineages.map(({ lineage }) => lineage)], identifiers);
}
