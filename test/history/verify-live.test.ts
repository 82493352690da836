/** A deep verification names the first part of the writer's memory that is not what the log makes it. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ObjectRecord } from '../../machines/index.ts';
import type { LiveState } from '../../src/history/verify-live.ts';
import type { CellState } from '../../src/state/cell-state.ts';
import { Fold } from '../../src/state/fold.ts';
import { digestState, recordsOf, type StateDigest } from '../../src/state/state-digest.ts';
import { DeepCell } from '../support/deep-cell.ts';

let cell: DeepCell;
beforeAll(async () => {
  cell = await DeepCell.make();
});
beforeEach(() => cell.putBack());
afterAll(() => cell.end());

test('a part of an object is named', async () => {
  const live = withPod((record) => ({
    ...record,
    context: { ...record.context, spec: { nodeName: 'elsewhere' } } as ObjectRecord['context'],
  }));
  const { difference } = (await cell.verify({ live })).live;
  expect(difference).toMatchObject({ what: 'Pod/default/p-round-2', part: 'context.spec' });
  expect(difference?.actual).toBe('{"nodeName":"elsewhere"}');
});

test('a state is named', async () => {
  const { live } = await cell.verify({ live: withPod((record) => ({ ...record, value: 'pending' })) });
  expect(live.difference).toMatchObject({ part: 'value', actual: '"pending"' });
});

test('an object that is missing is named', async () => {
  const { live } = await cell.verify({ live: withPod(() => undefined) });
  expect(live.difference).toMatchObject({ what: 'Pod/default/p-round-2', actual: 'no such object' });
});

test('an object that nobody made is named', async () => {
  const { live } = await cell.verify({ live: withPod((record) => ({ ...record, createdRevision: 1_000_000 })) });
  expect(live.difference).toMatchObject({ what: 'Pod/default/p-round-2' });
});

test.each<[keyof StateDigest, unknown, string]>([
  ['stateHash', '0'.repeat(16), 'state hash'],
  ['outcomes', 'x', 'hash of the remembered outcomes'],
  ['outcomeCount', 1, 'remembered outcomes'],
  ['forgottenThrough', 7, 'revision through which outcomes are forgotten'],
])('its %s is named', async (field, value, what) => {
  const digest = async () => ({ ...(await digestState(cell.memory.state, () => Promise.resolve())), [field]: value });
  expect((await cell.verify({ live: { digest } })).live.difference).toMatchObject({ what });
});

test('that it stands still behind the log is named', async () => {
  const behind = new Fold();
  for (const stored of cell.log.slice(0, 3)) behind.apply(stored);
  const digest = () => digestState(behind.state, () => Promise.resolve());
  expect((await cell.verify({ live: { digest } })).live.difference).toMatchObject({ what: 'position', actual: '3' });
});

/** The writer's memory as it would be with another record of its pod, or none. */
function withPod(make: (record: ObjectRecord) => ObjectRecord | undefined): Partial<LiveState> {
  const touched = (record: ObjectRecord) => (record.kind === 'Pod' ? make(record) : record);
  const { position, forgottenThrough, outcomes, outcomeCount } = cell.memory.state;
  const altered = {
    position,
    forgottenThrough,
    outcomes,
    outcomeCount,
    stateHash: () => cell.memory.state.stateHash(),
    list: (kind: string) => [...cell.memory.state.list(kind)].flatMap((record) => touched(record) ?? []),
  } as unknown as CellState;
  return {
    digest: () => digestState(altered, () => Promise.resolve()),
    records: (objects) => Promise.resolve(recordsOf(altered, objects)),
  };
}
