/** Where a stored row and the one the log makes differ: the words for it, and the walk that finds it. */
import { isDeepStrictEqual } from 'node:util';

/** The first thing that differs. Values are as JSON writes them. */
export interface RowDifference {
  readonly table: string;
  /** The row's key, such as `object=12, key=app`; empty for the table as a whole. */
  readonly key: string;
  /** Absent where the whole row, or the table, is missing or too much. */
  readonly column?: string;
  readonly expected: string;
  readonly actual: string;
}

export type RowValue = string | number | null;
export type Row = Readonly<Record<string, RowValue>>;

/** Texts of more than this are cut in differences. */
const SHOWN_MAX_CHARACTERS = 200;
/** Of which so many stand before what differs. */
const SHOWN_BEFORE_CHARACTERS = 60;

export const NO_ROW = 'no such row';

/** Columns of JSON: the same parts in another order are the same. */
const JSON_COLUMNS: ReadonlySet<string> = new Set(['metadata', 'spec', 'status', 'body', 'private']);

/** Stored rows in the order of their keys, held against those expected, which come in the same order. */
export class RowCursor {
  readonly #table: string;
  readonly #keys: readonly string[];
  readonly #rows: Iterator<Row>;
  #next: Row | undefined;
  /** How many rows were looked at. */
  count = 0;

  constructor(table: string, keys: readonly string[], rows: Iterator<Row>) {
    this.#table = table;
    this.#keys = keys;
    this.#rows = rows;
    this.#advance();
  }

  /** The difference when the next stored row is not the expected one. */
  expect(row: Row): RowDifference | undefined {
    const order = this.#next === undefined ? 1 : this.#compare(this.#next, row);
    if (order < 0) return this.#tooMuch();
    if (order > 0) return this.#difference(row, undefined, { expected: 'a row', actual: NO_ROW });
    const actual = this.#next as Row;
    this.#advance();
    for (const column of Object.keys(row)) {
      if (isSame(column, row[column], actual[column])) continue;
      return this.#difference(row, column, showPair(row[column], actual[column]));
    }
    return undefined;
  }

  /** The difference when there are rows that nothing makes. */
  end(): RowDifference | undefined {
    return this.#next === undefined ? undefined : this.#tooMuch();
  }

  /** To be called in any case: a connection with a walk under way cannot be closed. */
  close(): void {
    this.#rows.return?.();
  }

  #tooMuch(): RowDifference {
    return this.#difference(this.#next as Row, undefined, { expected: NO_ROW, actual: 'a row' });
  }

  #difference(row: Row, column: string | undefined, shown: Pick<RowDifference, 'expected' | 'actual'>): RowDifference {
    const key = this.#keys.map((name) => `${name}=${String(row[name])}`).join(', ');
    return { table: this.#table, key, ...(column === undefined ? {} : { column }), ...shown };
  }

  #advance(): void {
    const { done, value } = this.#rows.next();
    this.#next = done === true ? undefined : value;
    if (done !== true) this.count++;
  }

  #compare(one: Row, other: Row): number {
    for (const name of this.#keys) {
      const order = compareValues(one[name], other[name]);
      if (order !== 0) return order;
    }
    return 0;
  }
}

/** As SQLite orders keys: numbers before texts, texts by their bytes. */
export function compareValues(one: RowValue | undefined, other: RowValue | undefined): number {
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  if (typeof one === 'string' && typeof other === 'string') return Buffer.compare(Buffer.from(one), Buffer.from(other));
  return rank(one) - rank(other);
}

function rank(value: RowValue | undefined): number {
  return typeof value === 'number' ? 1 : typeof value === 'string' ? 2 : 0;
}

function isSame(column: string, expected: RowValue | undefined, actual: RowValue | undefined): boolean {
  if (expected === actual) return true;
  if (!JSON_COLUMNS.has(column) || typeof expected !== 'string' || typeof actual !== 'string') return false;
  try {
    return isDeepStrictEqual(JSON.parse(expected), JSON.parse(actual));
  } catch {
    return false;
  }
}

/** Two values as people read them: of long ones what is around the first difference. */
export function showPair(expected: unknown, actual: unknown): Pick<RowDifference, 'expected' | 'actual'> {
  const [ours, theirs] = [textOf(expected), textOf(actual)];
  const from = Math.max(firstDifference(ours, theirs) - SHOWN_BEFORE_CHARACTERS, 0);
  return { expected: excerpt(ours, from), actual: excerpt(theirs, from) };
}

/** Texts of JSON columns are JSON already. */
function textOf(value: unknown): string {
  const text = typeof value === 'string' && /^[{[]/.test(value) ? value : JSON.stringify(value);
  return text ?? 'nothing';
}

function firstDifference(one: string, other: string): number {
  let index = 0;
  while (index < one.length && one[index] === other[index]) index++;
  return index;
}

function excerpt(text: string, from: number): string {
  if (text.length <= SHOWN_MAX_CHARACTERS) return text;
  const part = text.slice(from, from + SHOWN_MAX_CHARACTERS);
  return `${from > 0 ? '…' : ''}${part}${from + part.length < text.length ? '…' : ''}`;
}
