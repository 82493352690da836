/** Writes entries of the log into the history file: the worker's side, which knows of kinds only which events end an object. */
import type { Commit, RefusedCommand } from '../../../machines/index.ts';
import { decodeEntry, hashOf, type Entry } from '../../log/entry.ts';
import type { Connection } from '../database.ts';
import { IMAGE_EVERY_COMMITS, isImageDue, type SinceImage } from './image-interval.ts';
import type { Image, RecordMessage, WantedImage } from './message.ts';
import { bodyOf, packed, type HistoryPosition } from './schema.ts';
import { historyStatements, type HistoryStatements } from './statements.ts';
import { truncateHistory } from './truncate.ts';

/** Living objects whose numbers the worker remembers: 2 MB. */
const KNOWN_MAX = 10_000;
/** An era ends when it has grown by as much as it began with, and by this at least. */
export const ERA_MIN_LIVES = 4_096;

/** A living object. */
interface Known {
  readonly object: number;
  sinceImage: SinceImage;
}

/** The entries do not follow what is recorded. */
export class HistoryMismatchError extends Error {
  override readonly name = 'HistoryMismatchError';
}

export class HistoryWriter {
  readonly #database: Connection;
  readonly #endings: Readonly<Record<string, readonly string[]>>;
  readonly #statements: HistoryStatements;
  readonly #known = new Map<string, Known>();
  #position: HistoryPosition | undefined;
  #era = 0;
  /** How many lives the era has, and how many it may have. */
  #lives = 0;
  #livesMax = 0;

  constructor(database: Connection, endings: Readonly<Record<string, readonly string[]>>) {
    this.#database = database;
    this.#endings = endings;
    this.#statements = historyStatements(database);
    this.#load();
  }

  get position(): HistoryPosition | undefined {
    return this.#position;
  }

  close(): void {
    this.#database.close();
  }

  /** Records entries and images in one transaction. Raises HistoryMismatchError, and what SQLite raises: then nothing is recorded. */
  record(message: RecordMessage): { readonly position: HistoryPosition; readonly wanted: readonly WantedImage[] } {
    const wanted: WantedImage[] = [];
    const position = this.#transaction(() => {
      for (const image of message.images) this.#recordImage(image);
      return this.#recordEntries(message, wanted);
    });
    this.#position = position;
    return { position, wanted };
  }

  /** Forgets what was recorded after an earlier transaction, or everything where that one is not known. */
  truncate(entry: number): void {
    this.#transaction(() => truncateHistory(this.#database, this.#statements.positionAt.get(entry)));
    this.#load();
  }

  #transaction<Result>(change: () => Result): Result {
    this.#database.exec('begin immediate');
    try {
      const result = change();
      this.#database.exec('commit');
      return result;
    } catch (error) {
      // A full disk has SQLite roll back by itself, and then there is nothing left to.
      if (this.#database.inTransaction) this.#database.exec('rollback');
      this.#load();
      throw error;
    }
  }

  #load(): void {
    this.#known.clear();
    this.#position = this.#statements.lastPosition.get();
    const { era, carried } = this.#statements.lastEra.get() ?? { era: 0, carried: 0 };
    this.#era = era;
    this.#lives = this.#statements.livesOf.get(era) ?? 0;
    this.#livesMax = livesMax(carried);
  }

  #recordEntries({ payloads, lengths }: RecordMessage, wanted: WantedImage[]): HistoryPosition {
    let position = this.#position;
    let last: Uint8Array | undefined;
    let begin = 0;
    for (const length of lengths) {
      const payload = payloads.subarray(begin, begin + length);
      begin += length;
      const at = { entry: (position?.entry ?? 0) + 1, revision: (position?.revision ?? 0) + 1 };
      const entry = decodeEntry(payload, at);
      const previous = last === undefined ? (position?.hash ?? '') : undefined;
      if (entry.number !== at.entry || (previous !== undefined && entry.previous !== previous))
        throw new HistoryMismatchError(`entry ${entry.number} does not follow entry ${at.entry - 1}`);
      const revision = entry.firstRevision + entry.commits.length - 1;
      this.#recordEntry(entry, revision, wanted);
      position = { lineage: entry.lineage, entry: entry.number, revision, hash: '' };
      last = payload;
    }
    if (position === undefined || last === undefined) throw new Error('a message of history has at least one entry');
    position = { ...position, hash: hashOf(last) };
    this.#statements.insertPosition.run(position);
    if (this.#lives > this.#livesMax) this.#beginEra(position.revision);
    return position;
  }

  #recordEntry(entry: Entry, revision: number, wanted: WantedImage[]): void {
    for (const commit of entry.commits) this.#recordCommit(commit, entry, wanted);
    for (const refused of entry.refused) this.#recordRefusal(refused, entry, revision);
  }

  #recordCommit(commit: Commit, entry: Entry, wanted: WantedImage[]): void {
    const { revision, kind, namespace, name } = commit;
    const text = `${kind}/${namespace}/${name}`;
    const body = packed(bodyOf(commit));
    const known = this.#living(commit, text) ?? this.#begin(commit, text, body.length);
    const { object, sinceImage } = known;
    this.#statements.insertCommit.run(revision, object, entry.number, entry.time, commit.cause ?? null, body);
    if (revision !== object) {
      sinceImage.commits++;
      sinceImage.bytes += body.length;
    }
    if (commit.events.some(({ type }) => this.#endings[kind]?.includes(type))) {
      this.#statements.endObject.run({ object, until: revision });
      this.#statements.endLife.run({ era: this.#era, kind, namespace, name, object, until: revision });
      this.#known.delete(text);
    } else if (isImageDue(sinceImage)) {
      known.sinceImage = { ...sinceImage, commits: 0, bytes: 0 };
      wanted.push({ object, revision });
    }
  }

  #living({ kind, namespace, name }: Commit, text: string): Known | undefined {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const row = this.#statements.living.get({ kind, namespace, name });
    if (row === undefined || row.until !== null) return undefined;
    const { object } = row;
    const sinceImage = this.#statements.sinceImage.get({ object, most: IMAGE_EVERY_COMMITS });
    if (sinceImage === undefined) throw new Error('counting gives a row');
    return this.#know(text, { object, sinceImage });
  }

  #begin({ revision: object, kind, namespace, name, uid }: Commit, text: string, creationBytes: number): Known {
    this.#statements.insertObject.run({ object, kind, namespace, name, uid });
    this.#statements.insertLife.run({ era: this.#era, kind, namespace, name, object });
    this.#lives++;
    return this.#know(text, { object, sinceImage: { commits: 0, bytes: 0, creationBytes } });
  }

  #know(text: string, known: Known): Known {
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(text, known);
    return known;
  }

  #recordRefusal(refused: RefusedCommand, { number, time }: Entry, revision: number): void {
    const { kind, namespace, name } = refused;
    this.#statements.insertRefusal.run({
      revision,
      entry: number,
      time,
      kind,
      namespace,
      name,
      body: packed(JSON.stringify(refused)),
    });
  }

  #recordImage({ revision, object, text }: Image): void {
    this.#statements.insertImage.run({ revision, object, body: packed(text) });
  }

  /** Some 2 µs for each that lives, once for as many births: 0.3 s of the worker at 150,000. */
  #beginEra(begin: number): void {
    const [from, era] = [this.#era, this.#era + 1];
    const carried = this.#statements.carryOver.run({ from, to: era }).changes;
    this.#statements.insertEra.run({ era, begin, carried });
    this.#era = era;
    this.#lives = carried;
    this.#livesMax = livesMax(carried);
  }
}

function livesMax(carried: number): number {
  return carried + Math.max(carried, ERA_MIN_LIVES);
}
