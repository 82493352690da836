/** What the gateway's own state has no more of: objects as they were at a revision, and changes since one, read over the bus. */
import { kinds, type ObjectRecord } from '../../../machines/index.ts';
import type { CellClient } from '../../bus/cell-client.ts';
import type { RecordsAnswer } from '../../bus/history-messages/records.ts';
import { QueryFailedError } from '../../bus/query-client.ts';
import type { Query } from '../../bus/query-messages.ts';
import { evolveCommit } from '../../state/evolve-commit.ts';
import { StatusError } from '../http/status.ts';
import type { Selection } from '../resources/selection.ts';
import { REACH_MAX_MS } from './follower.ts';
import type { RevisionChange } from './recent-changes.ts';

type Scope = Pick<Selection, 'kind' | 'namespace'>;

/** A revision that there is not, before the log began or after its end. */
function noSuchRevision(error: QueryFailedError): StatusError {
  return error.reason === 'BadRequest'
    ? new StatusError('BadRequest', error.message)
    : new StatusError('ServiceUnavailable', error.message, { retryAfterSeconds: REACH_MAX_MS / 1_000 });
}

export class PastReader {
  readonly #client: Pick<CellClient, 'queries' | 'log'>;

  constructor(client: Pick<CellClient, 'queries' | 'log'>) {
    this.#client = client;
  }

  /** All objects of a scope at a revision, in order. Raises BadRequest for one that there is not. */
  async list({ kind, namespace }: Scope, revision: number): Promise<readonly ObjectRecord[]> {
    const records: ObjectRecord[] = [];
    for (let after: string | undefined; ;) {
      const page = await this.#page({
        at: { revision },
        kind,
        ...(namespace === undefined ? {} : { namespace }),
        ...(after === undefined ? {} : { after }),
      });
      records.push(...page.records);
      if (page.next === undefined) return records;
      after = page.next;
    }
  }

  /**
   * What became of a scope's objects after a revision, as the log has it, until its end. The last of a stretch may be about
   * another scope: it says how far the reading is.
   */
  async *changesAfter(scope: Scope, revision: number): AsyncGenerator<RevisionChange> {
    const kind = kinds.get(scope.kind);
    if (kind === undefined) throw new Error(`there is no kind ${scope.kind}`);
    const objects = new Map((await this.#before(scope, revision)).map((record) => [keyOf(record), record]));
    for await (const entry of this.#client.log({ fromRevision: revision + 1 })) {
      for (const commit of entry.commits) {
        if (commit.revision <= revision) continue;
        const { kind: name } = commit;
        const concerned = name === scope.kind && commit.namespace === (scope.namespace ?? commit.namespace);
        const before = concerned ? objects.get(keyOf(commit)) : undefined;
        const after = concerned ? evolveCommit(kind, before, commit, entry.time) : undefined;
        if (after !== undefined) objects.set(keyOf(commit), after);
        else if (before !== undefined) objects.delete(keyOf(commit));
        yield { revision: commit.revision, kind: name, before, after };
      }
    }
  }

  /** Before the log's first revision there was nothing. */
  async #before(scope: Scope, revision: number): Promise<readonly ObjectRecord[]> {
    if (revision === 0) return [];
    return this.list(scope, revision);
  }

  async #page(query: Query<'records'>): Promise<RecordsAnswer> {
    try {
      return await this.#client.queries.ask('records', query);
    } catch (error) {
      if (error instanceof QueryFailedError) throw noSuchRevision(error);
      throw error;
    }
  }
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
