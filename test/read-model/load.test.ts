// A state loaded from the read model is the state that was projected, to the byte of every part.
import * as fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import type { ObjectRecord } from '../../machines/index.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { loadReadModel, prepareReadModel, type StoredState } from '../../src/read-model/index.ts';
import { CellState } from '../../src/state/cell-state.ts';
import { OUTCOMES_PER_HORIZON_REVISION } from '../../src/state/outcomes.ts';
import { create, FoldedLog, patch, ProjectedCell, remove, temporaryFile, type TestCommand } from './projected-cell.ts';

const cells: ProjectedCell[] = [];
const start = async (): Promise<ProjectedCell> => {
  const cell = await ProjectedCell.start();
  cells.push(cell);
  return cell;
};
afterEach(async () => {
  for (const cell of cells.splice(0)) await cell.end();
});

function load(cell: ProjectedCell): StoredState {
  const stored = loadReadModel(cell.file);
  if (stored === undefined) throw new Error('something was projected');
  return stored;
}

function loadState(cell: ProjectedCell): { readonly state: CellState; readonly stateHash: string } {
  using stored = load(cell);
  return { state: CellState.from(stored), stateHash: stored.stateHash };
}

const byUid = (records: Iterable<ObjectRecord>) =>
  Object.fromEntries([...records].map((record) => [record.uid, JSON.stringify(sortedParts(record))]));

/** The order of parts is the column order; within a part it must be kept. */
function sortedParts(record: ObjectRecord): unknown {
  const { context, ...head } = record;
  const parts = Object.entries(context).filter(([, value]) => value !== undefined);
  return [byName(Object.entries(head)), byName(parts)];
}

const byName = (entries: readonly [string, unknown][]) => entries.toSorted(([a], [b]) => (a < b ? -1 : 1));

const name = fc.constantFrom('a', 'b', 'c', 'd');
const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('\ud800', '"\\\n', '10', '__proto__'));
const pairs = fc.dictionary(fc.constantFrom('x', 'y', '10', '9', 'z.z'), text);
const labels = fc.dictionary(fc.constantFrom('app', 'tier'), fc.constantFrom('a', 'b', ''));
const metadata = fc.record(
  { labels, annotations: pairs, finalizers: fc.constantFrom(['x/y'], []) },
  { requiredKeys: [] },
);
const command: fc.Arbitrary<TestCommand> = fc.oneof(
  fc.tuple(name, pairs, metadata).map(([of, data, more]) => create(of, { data }, more)),
  fc.tuple(name, pairs).map(([of, data]) => patch(of, { data })),
  fc.tuple(name, metadata).map(([of, more]) => patch(of, { metadata: more })),
  name.map((of) => patch(of, { data: null })),
  name.map(remove),
);
const entries = fc.array(fc.tuple(fc.array(command, { maxLength: 6 }), fc.boolean()), { maxLength: 12 });

describe('a loaded state', () => {
  test('is what was projected, whatever was done and however it was cut into transactions', async () => {
    await fc.assert(
      fc.asyncProperty(entries, async (log) => {
        const cell = await start();
        for (const [commands, wait] of log) {
          cell.entry(...commands);
          if (wait) await cell.projected();
        }
        await cell.projector.close();
        const { state, stateHash } = loadState(cell);
        expect(state.stateHash()).toBe(cell.state.stateHash());
        expect(stateHash).toBe(cell.state.stateHash());
        expect(byUid(state.list('ConfigMap'))).toEqual(byUid(cell.state.list('ConfigMap')));
        expect([...state.outcomes]).toEqual([...cell.state.outcomes]);
        expect([state.position, state.time]).toEqual([cell.state.position, cell.state.time]);
      }),
      { numRuns: 12 },
    );
  });

  test('goes on folding to the same hash as the one that was never stopped', async () => {
    const cell = await start();
    cell.accept(create('a', { data: { n: '1' } }));
    await cell.projected();
    const resumed = new FoldedLog(loadState(cell).state);
    for (const log of [cell, resumed]) log.accept({ id: 'the same', ...patch('a', { data: { n: '2' } }) });
    expect(resumed.state.stateHash()).toBe(cell.state.stateHash());
  });

  test('remembers exactly the outcomes that the horizon has not forgotten', async () => {
    const cell = await start();
    const manifest = { metadata: { name: 'cell' }, spec: { commandHorizon: 1000 } };
    const configuration = {
      kind: 'CellConfiguration',
      namespace: '',
      name: 'cell',
      verb: 'create',
      arguments: { manifest },
    };
    cell.accept(configuration);
    for (let batch = 0; batch < 15; batch++) {
      cell.accept(...Array.from({ length: 100 }, (_, n) => create(`c-${batch}-${n}`)));
      cell.entry({ id: 'again', attempt: batch + 1, ...create('c-0-0') });
      if (batch % 2 === 0) await cell.projected();
    }
    await cell.projected();
    const { state } = loadState(cell);
    expect(cell.state.forgottenThrough).toBeGreaterThan(0);
    expect(state.forgottenThrough).toBe(cell.state.forgottenThrough);
    expect([...state.outcomes]).toEqual([...cell.state.outcomes]);
    expect(state.stateHash()).toBe(cell.state.stateHash());
  });

  test.each([
    ['each', true],
    ['all in one transaction', false],
  ])('remembers no more than refusals and repeats may take, entries projected %s', async (_how, wait) => {
    const cell = await start();
    const manifest = { metadata: { name: 'cell' }, spec: { commandHorizon: 1000 } };
    cell.accept({ kind: 'CellConfiguration', namespace: '', name: 'cell', verb: 'create', arguments: { manifest } });
    for (let batch = 0; batch < 20; batch++) {
      cell.entry(create(`c-${batch}`), ...Array.from({ length: 250 }, () => remove('nobody')));
      if (wait) await cell.projected();
    }
    await cell.projected();
    const { state } = loadState(cell);
    expect(cell.state.outcomeCount).toBe(1000 * OUTCOMES_PER_HORIZON_REVISION);
    expect([...state.outcomes]).toHaveLength(cell.state.outcomeCount);
    expect(state.stateHash()).toBe(cell.state.stateHash());
  });
});

test('a read model into which nothing was projected holds no state', async () => {
  const { file, remove: removeFile } = temporaryFile();
  await prepareReadModel({ file, logger: silentLogger });
  expect(loadReadModel(file)).toBeUndefined();
  removeFile();
});
