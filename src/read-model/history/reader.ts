/** Reads the history file's rows, on a connection of the thread that answers; all in small portions, and each by a key or an index. */
import { openForReading, type Connection } from '../database.ts';
import { isFileTrouble, ReadModelDamagedError, readModelError, troubleOf } from '../errors.ts';
import {
  readerStatements,
  type CommitOfLife,
  type CommitRange,
  type FoldedRow,
  type KeyValues,
  type ListedCommitRow,
  type ListedRow,
  type LivesRequest,
} from './reader-statements.ts';
import type { CommitRow, ImageRow, ObjectLife, RefusalRow } from './schema.ts';

export type Order = 'oldest-first' | 'newest-first';

/** Reads; all raise ReadModelUnavailableError or ReadModelDamagedError where SQLite does. */
export class HistoryReader implements Disposable {
  readonly #database: Connection;
  readonly #statements: ReturnType<typeof readerStatements>;

  readonly #onDamage: (error: Error) => void;

  /** `onDamage` is told once the file turns out to be none of ours any more. */
  constructor(file: string, onDamage: (error: Error) => void) {
    this.#onDamage = onDamage;
    this.#database = this.#guarded(() => openForReading(file));
    this.#statements = this.#guarded(() => readerStatements(this.#database));
  }

  [Symbol.dispose](): void {
    this.#database.close();
  }

  commit(revision: number): CommitRow | undefined {
    return this.#guarded(() => this.#statements.commit.get(revision));
  }

  /** The same with its object's life. */
  commitOfLife(revision: number): CommitOfLife | undefined {
    return this.#guarded(() => this.#statements.commitOfLife.get(revision));
  }

  /** Revision of an object's last commit up to one; undefined where it has none. */
  lastOfObject(object: number, upTo: number): number | undefined {
    return this.#guarded(() => this.#statements.lastOfObject.get(object, upTo)) ?? undefined;
  }

  /** The last commit at or before a revision, without its body. */
  commitBefore(revision: number): Omit<CommitRow, 'body'> | undefined {
    return this.#guarded(() => this.#statements.commitBefore.get(revision));
  }

  /** The first commit at or after a revision, without its body. */
  commitAfter(revision: number): Omit<CommitRow, 'body'> | undefined {
    return this.#guarded(() => this.#statements.commitAfter.get(revision));
  }

  /** Commits after one revision up to another. */
  commits(order: Order, range: CommitRange): readonly CommitRow[] {
    const { commitsOldest, commitsNewest } = this.#statements;
    return this.#guarded(() => (order === 'oldest-first' ? commitsOldest : commitsNewest).all(range));
  }

  /** The same of one object. */
  commitsOf(object: number, order: Order, range: CommitRange): readonly CommitRow[] {
    const { objectOldest, objectNewest } = this.#statements;
    return this.#guarded(() => (order === 'oldest-first' ? objectOldest : objectNewest).all({ ...range, object }));
  }

  /** An object's commits from a revision down to the nearest image, newest first: what it is folded from. */
  folded(object: number, upTo: number, limit: number): readonly FoldedRow[] {
    return this.#guarded(() => this.#statements.folded.all(object, upTo, object, upTo, limit));
  }

  /** The same of many, each from its image on: index, then oldest first. */
  foldedOfMany(objectsAndImages: readonly (readonly [object: number, imaged: number])[], upTo: number) {
    const asked = JSON.stringify(objectsAndImages);
    return this.#guarded((): readonly ListedCommitRow[] => this.#statements.foldedOfMany.all(asked, upTo));
  }

  /** At most `limit` after a revision, oldest first. */
  causedBy(cause: number, { after, limit }: Pick<CommitRange, 'after' | 'limit'>): readonly CommitOfLife[] {
    return this.#guarded(() => this.#statements.causedBy.all(cause, after, limit));
  }

  /** Objects with commits after one revision up to another, in the order of the first of those. */
  changed(range: CommitRange): readonly { readonly object: number; readonly revision: number }[] {
    return this.#guarded(() => this.#statements.changed.all(range));
  }

  life(object: number): ObjectLife | undefined {
    return this.#guarded(() => this.#statements.life.get(object));
  }

  lifeOfUid(uid: string): ObjectLife | undefined {
    return this.#guarded(() => this.#statements.lifeOfUid.get(uid));
  }

  /** All that had a key, oldest first. */
  livesOf(key: KeyValues): readonly ObjectLife[] {
    const { kind, namespace, name } = key;
    return this.#guarded(() => this.#statements.livesOf.all({ kind, namespace, name }));
  }

  /** Who had a key at a revision, or the last that had it before. */
  lifeAt({ kind, namespace, name }: KeyValues, revision: number): ObjectLife | undefined {
    return this.#guarded(() => this.#statements.lifeAt.get({ kind, namespace, name, revision }));
  }

  /** The objects that lived at a revision and their images, in the order of namespace and name. */
  livesAt(request: Omit<LivesRequest, 'era'>): readonly ListedRow[] {
    const era = this.#era(request.revision);
    const { livesInNamespace, livesInAll } = this.#statements;
    return this.#guarded(() =>
      request.after_namespace === undefined
        ? livesInNamespace.all({ ...request, era })
        : livesInAll.all({ ...request, era }),
    );
  }

  countsAt(revision: number): readonly { readonly kind: string; readonly count: number }[] {
    return this.#guarded(() => this.#statements.counts.all({ era: this.#era(revision), revision }));
  }

  /** The newest image of an object at or before a revision. */
  image(object: number, revision: number): ImageRow | undefined {
    return this.#guarded(() => this.#statements.image.get({ object, revision }));
  }

  /** Refusals after one id up to another; of one key where given. */
  refusals(order: Order, range: CommitRange, key?: KeyValues): readonly RefusalRow[] {
    const { refusalsOldest, refusalsNewest, keyRefusalsOldest, keyRefusalsNewest } = this.#statements;
    if (key !== undefined) {
      const { kind, namespace, name } = key;
      const statement = order === 'oldest-first' ? keyRefusalsOldest : keyRefusalsNewest;
      return this.#guarded(() => statement.all({ ...range, kind, namespace, name }));
    }
    return this.#guarded(() => (order === 'oldest-first' ? refusalsOldest : refusalsNewest).all(range));
  }

  /** What was read makes no history: says so to whoever makes the file anew, and raises ReadModelDamagedError. */
  damaged(cause: unknown): never {
    const why = cause instanceof Error ? cause.message : String(cause);
    const message = `the history file is wrong (${why}) and is made again from the log: ask again in a while`;
    const error = new ReadModelDamagedError(message, { cause });
    this.#onDamage(error);
    throw error;
  }

  #era(revision: number): number {
    return this.#guarded(() => this.#statements.era.get(revision)) ?? 0;
  }

  #guarded<Result>(read: () => Result): Result {
    try {
      return read();
    } catch (cause) {
      const trouble = troubleOf(cause);
      if (!isFileTrouble(trouble.code)) throw cause;
      const error = readModelError('reading the history', trouble, cause);
      if (error instanceof ReadModelDamagedError) this.#onDamage(error);
      throw error;
    }
  }
}
