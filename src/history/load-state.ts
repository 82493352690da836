/** Loads the whole cell as it was at a moment, for whoever goes on from there in memory: by queries only. */
import type { ObjectRecord } from '../../machines/index.ts';
import type { QueryClient } from '../bus/query-client.ts';
import type { Moment } from './past.ts';

export interface LoadedState {
  readonly records: readonly ObjectRecord[];
  readonly revision: number;
  /** Unix milliseconds of that revision. */
  readonly time: number;
}

export interface LoadOptions {
  readonly signal?: AbortSignal;
  /** Told how many objects of how many are loaded. */
  onProgress?(loaded: number, of: number): void;
}

/** All objects of all kinds at a moment; now where none is given. Rejects as queries do, for a moment that there is not too. */
export async function loadState(
  queries: Pick<QueryClient, 'ask'>,
  at: Moment | undefined,
  { signal, onProgress }: LoadOptions = {},
): Promise<LoadedState> {
  const records: ObjectRecord[] = [];
  let page = await queries.ask('records', at === undefined ? {} : { at });
  const { revision, time, total = 0 } = page;
  for (;;) {
    signal?.throwIfAborted();
    records.push(...page.records);
    onProgress?.(records.length, total);
    if (page.next === undefined) return { records, revision, time };
    page = await queries.ask('records', { at: { revision }, after: page.next });
  }
}
