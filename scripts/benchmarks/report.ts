/** What a benchmark is given to say what it measured, and how a table is made of it. */
import Table from 'cli-table3';

/** One line of figures; values are numbers in the unit their name ends with, or words. */
export type Row = Record<string, string | number>;

export interface BenchmarkContext {
  /** Leave what was made on disk. */
  readonly keep: boolean;
  /** A log of another length than the benchmark's own, where it can be chosen. */
  readonly commits?: number;
  /** Says one line of figures. */
  row(row: Row): void;
  /** Says what is going on, for people. */
  note(text: string): void;
}

export type Benchmark = (context: BenchmarkContext) => Promise<void>;

/** Rows with different columns share one table; a column stands where it was first seen. */
export function printTable(title: string, rows: readonly Record<string, unknown>[]): void {
  const groups = Map.groupBy(rows, (row) => Object.keys(row).join(' '));
  process.stdout.write(`\n${title}\n`);
  for (const group of groups.values()) {
    const columns = Object.keys(group[0] ?? {});
    const table = new Table({
      head: columns.map((column) => column.replaceAll('_', ' ')),
      style: { head: [], border: [] },
    });
    for (const row of group) table.push(columns.map((column) => String(row[column] ?? '')));
    process.stdout.write(`${table.toString()}\n`);
  }
}
