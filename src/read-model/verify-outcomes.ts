/** Holds the stored outcomes of commands against those a folded state remembers: their rows follow the projection's transactions, which no log knows, so what counts is what they add up to. */
import { isDeepStrictEqual } from 'node:util';
import type { CellState } from '../state/cell-state.ts';
import type { RememberedOutcome } from '../state/outcomes.ts';
import type { Connection } from './database.ts';
import { lastOutcomes } from './pending-changes.ts';
import { showPair, type RowDifference } from './row-difference.ts';
import type { OutcomesRow, PositionRow } from './schema.ts';

export function outcomesDifference(
  database: Connection,
  position: PositionRow,
  state: CellState,
): RowDifference | undefined {
  const stored: RememberedOutcome[] = [];
  const rowOf = new Map<RememberedOutcome, number>();
  const rows = database.prepare<[], OutcomesRow>('select * from outcomes order by last_entry');
  for (const row of rows.iterate()) {
    const outcomes = parsed(row.outcomes);
    const difference =
      outcomes === undefined
        ? differs(row, 'outcomes', 'a JSON list', row.outcomes)
        : headDifference(row, outcomes, position);
    if (difference !== undefined) return difference;
    for (const outcome of outcomes ?? []) {
      stored.push(outcome);
      rowOf.set(outcome, row.last_entry);
    }
  }
  const remembered = lastOutcomes(stored, position.outcome_count);
  let index = 0;
  for (const expected of state.outcomes) {
    const actual = remembered[index++];
    if (isDeepStrictEqual(actual, JSON.parse(JSON.stringify(expected)))) continue;
    const key = actual === undefined ? '' : `last_entry=${rowOf.get(actual)}`;
    return { table: 'outcomes', key, column: 'outcomes', ...showPair(expected, actual) };
  }
  return undefined;
}

/** A row says of which revisions its outcomes are, and stands after the entry that has the last of them. */
function headDifference(
  row: OutcomesRow,
  outcomes: readonly RememberedOutcome[],
  position: PositionRow,
): RowDifference | undefined {
  const first = outcomes[0]?.revision;
  const last = outcomes.at(-1)?.revision;
  if (row.first_revision !== first) return differs(row, 'first_revision', first, row.first_revision);
  if (row.last_revision !== last) return differs(row, 'last_revision', last, row.last_revision);
  return row.last_entry > position.entry
    ? differs(row, 'last_entry', `at most ${position.entry}`, row.last_entry)
    : undefined;
}

function differs(row: OutcomesRow, column: string, expected: unknown, actual: unknown): RowDifference {
  return {
    table: 'outcomes',
    key: `last_entry=${row.last_entry}`,
    column,
    ...showPair(expected, actual),
  };
}

function parsed(text: string): readonly RememberedOutcome[] | undefined {
  try {
    const outcomes: unknown = JSON.parse(text);
    return Array.isArray(outcomes) ? (outcomes as readonly RememberedOutcome[]) : undefined;
  } catch {
    return undefined;
  }
}
