/** Lists that are being read page by page: kept for a while as they were, so that every page is of the first one's revision. */
import type { ObjectRecord } from '../../../machines/index.ts';
import { StatusError } from '../http/status.ts';

/** Lists read at the same time; the one longest untouched gives way, and is then read from the past. */
export const KEPT_LISTS_MAX = 32;

/** Where a list goes on. */
export interface PageToken {
  /** The list, where it is still kept. */
  readonly list: number;
  readonly revision: number;
  readonly namespace: string;
  readonly name: string;
}

/** Objects in order of namespace and name; references to what is in the state, so a list costs little. */
export class KeptPages {
  readonly #lists = new Map<number, readonly ObjectRecord[]>();
  #next = 1;

  keep(records: readonly ObjectRecord[]): number {
    const id = this.#next++;
    this.#lists.set(id, records);
    const [oldest] = this.#lists.keys();
    if (this.#lists.size > KEPT_LISTS_MAX && oldest !== undefined) this.#lists.delete(oldest);
    return id;
  }

  /** The list; undefined once it gave way. */
  take(id: number): readonly ObjectRecord[] | undefined {
    const records = this.#lists.get(id);
    if (records === undefined) return undefined;
    this.#lists.delete(id);
    this.#lists.set(id, records);
    return records;
  }

  drop(id: number): void {
    this.#lists.delete(id);
  }
}

export function encodeToken({ list, revision, namespace, name }: PageToken): string {
  return Buffer.from(JSON.stringify([list, revision, namespace, name])).toString('base64url');
}

/** Raises BadRequest for what is no token of ours. */
export function decodeToken(text: string): PageToken {
  try {
    const value: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
    if (Array.isArray(value) && value.length === 4) {
      const [list, revision, namespace, name] = value as unknown[];
      if (
        typeof list === 'number' &&
        Number.isSafeInteger(revision) &&
        typeof namespace === 'string' &&
        typeof name === 'string'
      )
        return { list, revision: revision as number, namespace, name };
    }
  } catch {
    // Falls through to the same answer.
  }
  throw new StatusError('BadRequest', 'continue key is not valid: it is no token of this server');
}

/** The order of lists. */
export function compareObjects(
  one: { readonly namespace: string; readonly name: string },
  other: { readonly namespace: string; readonly name: string },
): number {
  if (one.namespace !== other.namespace) return one.namespace < other.namespace ? -1 : 1;
  if (one.name === other.name) return 0;
  return one.name < other.name ? -1 : 1;
}
