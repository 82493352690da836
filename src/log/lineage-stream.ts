/** How lineages are streams: names, the configuration that makes a stream a log, and what its metadata says of where it came from. */
import { nanos } from 'nats';
import { encodeToken, subjectsOf } from '../bus/subjects.ts';
import { ENTRY_MAX_BYTES } from './entry.ts';
import type { LogStreamConfig, LogStreamInfo } from './jetstream-api.ts';

/** Largest message a log takes: an entry's headers come on top, and the limit is the writer's to keep. */
export const STORED_ENTRY_MAX_BYTES = 2 * ENTRY_MAX_BYTES;
/** The least the server allows: nothing in the log has a message id, so it has nothing to remember. */
const DUPLICATE_WINDOW_MS = 100;

const COMPLETE = 'periplus-complete';
const CONTINUES = 'periplus-continues';
const LAST_GOOD_ENTRY = 'periplus-last-good-entry';
const LAST_GOOD_HASH = 'periplus-last-good-hash';

/** What a lineage takes over from the one before it. */
export interface TakenOver {
  readonly continues: string;
  readonly lastGoodEntry: number;
  readonly lastGoodHash: string;
}

/** A lineage as found on the server. */
export interface LineageStream {
  readonly lineage: string;
  /** Not while its first entries are still being copied. */
  readonly complete: boolean;
  /** Undefined for a cell's first. */
  readonly takenOver: TakenOver | undefined;
  readonly info: LogStreamInfo;
}

export function streamOf(cell: string, lineage: string): string {
  return `${encodeToken(cell)}-log-${lineage}`;
}

/** Matches the subjects of all lineages of a cell. */
export function subjectsOfLineages(cell: string): string {
  return subjectsOf(cell).log('all').replace(/all$/, '*');
}

export function configOf(options: {
  readonly cell: string;
  readonly lineage: string;
  readonly replicas: number;
  readonly complete: boolean;
  readonly takenOver?: TakenOver;
}): LogStreamConfig {
  const { cell, lineage, takenOver } = options;
  return {
    name: streamOf(cell, lineage),
    subjects: [subjectsOf(cell).log(lineage)],
    storage: 'file',
    retention: 'limits',
    discard: 'new',
    num_replicas: options.replicas,
    max_age: 0,
    max_msg_size: STORED_ENTRY_MAX_BYTES,
    duplicate_window: nanos(DUPLICATE_WINDOW_MS),
    allow_direct: false,
    deny_delete: true,
    deny_purge: true,
    metadata: {
      [COMPLETE]: String(options.complete),
      ...(takenOver && {
        [CONTINUES]: takenOver.continues,
        [LAST_GOOD_ENTRY]: String(takenOver.lastGoodEntry),
        [LAST_GOOD_HASH]: takenOver.lastGoodHash,
      }),
    },
  };
}

/** The same stream, now the cell's log. */
export function completed(config: LogStreamConfig): LogStreamConfig {
  return { ...config, metadata: { ...config.metadata, [COMPLETE]: 'true' } };
}

/** Undefined for a stream that is no lineage of this cell. */
export function lineageOf(cell: string, info: LogStreamInfo): LineageStream | undefined {
  const { name, metadata = {} } = info.config;
  const prefix = streamOf(cell, '');
  if (!name.startsWith(prefix) || metadata[COMPLETE] === undefined) return undefined;
  const continues = metadata[CONTINUES];
  return {
    lineage: name.slice(prefix.length),
    complete: metadata[COMPLETE] === 'true',
    takenOver:
      continues === undefined
        ? undefined
        : {
            continues,
            lastGoodEntry: Number(metadata[LAST_GOOD_ENTRY]),
            lastGoodHash: metadata[LAST_GOOD_HASH] ?? '',
          },
    info,
  };
}
