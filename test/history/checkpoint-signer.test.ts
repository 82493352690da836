/** The writer signs a checkpoint every so many entries and on request, of nothing but what is folded, and goes on where it cannot keep one. */
import { beforeEach, describe, expect, test } from 'vitest';
import { silentLogger } from '../../src/foundation/logger.ts';
import { newSigningKey } from '../../src/foundation/signing-key.ts';
import { CheckpointSigner, REQUESTED_KEPT_EVERY_MS, RETRY_AFTER_ENTRIES } from '../../src/history/checkpoint-signer.ts';
import { checkCheckpoint, signingKeyOf } from '../../src/log/checkpoint.ts';
import { FoldedLog } from '../read-model/projected-cell.ts';
import { ManualClock, settle } from '../support/manual-clock.ts';
import { MemoryCheckpoints } from '../support/memory-checkpoints.ts';

const EVERY = 5;
const key = signingKeyOf(newSigningKey());

let log: FoldedLog;
let store: MemoryCheckpoints;
let clock: ManualClock;
let end: AbortController;

beforeEach(() => {
  log = new FoldedLog();
  store = new MemoryCheckpoints();
  clock = new ManualClock();
  end = new AbortController();
  log.accept({
    kind: 'CellConfiguration',
    namespace: '',
    name: 'cell',
    verb: 'create',
    arguments: { manifest: { metadata: { name: 'cell' }, spec: { checkpointEntries: EVERY } } },
  });
});

function start(): CheckpointSigner {
  const signer = new CheckpointSigner({ cell: 'cell-a', fold: log.fold, store, key, clock, logger: silentLogger });
  signer.run(end.signal);
  return signer;
}

/** Entries without commits, each given the time to be signed. */
async function entries(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    log.entry();
    await settle();
  }
}

const kept = (): readonly number[] => store.kept.map(({ entry }) => entry);

test('one every so many entries, counted from the last that is kept, and each is what was folded', async () => {
  const signer = start();
  await entries(2 * EVERY + 2);
  expect(kept()).toEqual([EVERY, 2 * EVERY]);
  expect(signer.latest?.entry).toBe(2 * EVERY);
  for (const checkpoint of store.kept) expect(checkCheckpoint(checkpoint).outcome).toBe('valid');
  end.abort();
  await entries(EVERY);
  expect(kept()).toHaveLength(2);
});

test('another process with the same store goes on counting', async () => {
  start();
  await entries(EVERY - 1);
  end.abort();
  end = new AbortController();
  await entries(2);
  start();
  await settle();
  expect(kept()).toEqual([EVERY]);
  await entries(EVERY - 3);
  expect(kept()).toEqual([EVERY]);
  await entries(1);
  expect(kept()).toEqual([EVERY, 2 * EVERY]);
});

describe('on request', () => {
  test('one of now, with the state as it is, and the same again while nothing is written', async () => {
    const signer = start();
    await settle();
    const checkpoint = await signer.now();
    const { lineage, entry, revision, hash } = log.state.position;
    expect(checkpoint).toMatchObject({ cell: 'cell-a', lineage, entry, revision, hash, state: log.state.stateHash() });
    expect(await signer.now()).toBe(checkpoint);
    expect(store.kept).toEqual([checkpoint]);
  });

  test('no more are kept than one in a while, however often somebody asks', async () => {
    const signer = start();
    await settle();
    const asked = [];
    for (let index = 0; index < 3; index++) {
      asked.push(await signer.now());
      await entries(1);
    }
    expect(asked.map(({ entry }) => entry)).toEqual([1, 2, 3]);
    expect(kept()).toEqual([1]);
    await clock.advance(REQUESTED_KEPT_EVERY_MS);
    await signer.now();
    expect(kept()).toEqual([1, 4]);
  });

  test('a store that cannot be asked is told of', async () => {
    const signer = start();
    await settle();
    store.trouble = new Error('away');
    await expect(signer.now()).rejects.toThrow('away');
  });
});

test('where one cannot be kept, it is tried again some entries later', async () => {
  start();
  await entries(EVERY - 2);
  store.trouble = new Error('away');
  await entries(1);
  expect(kept()).toEqual([]);
  await entries(RETRY_AFTER_ENTRIES - 1);
  expect(kept()).toEqual([]);
  await entries(1);
  expect(kept()).toEqual([EVERY + RETRY_AFTER_ENTRIES]);
});
