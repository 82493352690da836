/** Whatever is left of a log, what begins after its loss can be folded. */
import { expect, it } from 'vitest';
import { lineageAfterLoss } from '../../src/cell/lineage-after-loss.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { Fold } from '../../src/state/fold.ts';
import { Cell } from '../support/cell.ts';

const NOW = Date.UTC(2026, 0, 2);

function accept(payloads: readonly Uint8Array[], lineage: string): readonly Uint8Array[] {
  const { state } = foldOf(payloads);
  const after = lineageAfterLoss({ state, known: [], now: NOW, identifiers: systemIdentifiers, writer: 'test' });
  return [...payloads, after.firstEntry(lineage)];
}

function foldOf(payloads: readonly Uint8Array[]): Fold {
  const fold = new Fold();
  for (const [index, payload] of payloads.entries()) fold.apply({ number: index + 1, payload });
  return fold;
}

it('goes on above every revision that anybody can have seen', () => {
  const { position } = foldOf(accept(Cell.begin().payloads, '2-new')).state;
  expect(position).toMatchObject({ lineage: '2-new', revision: NOW * 1000 });
});

it('begins where nothing is left', () => {
  expect(foldOf(accept([], '2-new')).state.position).toMatchObject({ lineage: '2-new', entry: 1 });
});

it('begins behind the beginning of an earlier one', () => {
  const { payloads } = Cell.begin();
  const once = accept(payloads, '2-new');
  // The second loss took the first one's own entry, and one more.
  expect(foldOf(accept(once.slice(0, -2), '3-new')).state.position).toMatchObject({ lineage: '3-new' });
});
