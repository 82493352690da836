/** The agent's file is whole or not used at all. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import type { SavedState } from '../../src/agent/local-state.ts';
import { LocalState, QUIET_MS, WRITE_INTERVAL_MAX_MS } from '../../src/agent/local-state.ts';
import { diskText, WORK_FILE } from '../../src/agent/storage.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { eventually, workPod } from '../support/agent-harness.ts';
import { ManualClock } from '../support/manual-clock.ts';

async function setUp() {
  const directory = join(await mkdtemp(join(tmpdir(), 'periplus-local-state-')), 'agent-n1');
  const states: LocalState[] = [];
  onTestFinished(async () => {
    // A write that is under way would make the directory again.
    await Promise.all(states.map((state) => state.flush()));
    await rm(join(directory, '..'), { recursive: true });
  });
  const clock = new ManualClock();
  const saved: SavedState = {
    mark: { position: { lineage: 'a', entry: 3, revision: 9, hash: 'h' }, term: 1, sequence: 2 },
    formerLineages: ['z'],
    pods: [workPod()],
    attempts: { 'uid-1': { sandboxes: 1, containers: { app: 0 } } },
  };
  const path = join(directory, WORK_FILE);
  let writes = 0;
  const make = () => {
    const state = new LocalState({
      file: diskText(path),
      clock,
      logger: silentLogger,
      snapshot: () => {
        writes += 1;
        return saved;
      },
    });
    states.push(state);
    return state;
  };
  return { clock, saved, make, path, writes: () => writes };
}

it('what was written is read again', async () => {
  const { make, saved } = await setUp();
  expect(await make().load()).toBeUndefined();
  await make().flush();
  expect(await make().load()).toMatchObject(saved);
});

it.each([
  ['cut off', (text: string) => text.slice(0, -20)],
  ['with one byte changed', (text: string) => text.replace('"entry":3', '"entry":4')],
  ['empty', () => ''],
  ['of something else', () => 'hello\nworld'],
])('a file %s is not used', async (_, damage) => {
  const { make, path } = await setUp();
  await make().flush();
  await writeFile(path, damage(await readFile(path, 'utf8')));
  expect(await make().load()).toBeUndefined();
});

it('a half-written next file does not harm the one before', async () => {
  const { make, path, saved } = await setUp();
  await make().flush();
  await writeFile(`${path}.new`, '{"hal');
  expect(await make().load()).toMatchObject(saved);
});

it('a burst of changes is written once, after it', async () => {
  const { make, clock, writes } = await setUp();
  const state = make();
  for (let i = 0; i < 10; i++) {
    state.changed();
    await clock.advance(QUIET_MS - 1);
    if (clock.monotonic() > WRITE_INTERVAL_MAX_MS - QUIET_MS) break;
  }
  expect(writes()).toBe(0);
  await clock.advance(QUIET_MS);
  await eventually(() => expect(writes()).toBe(1));
});

it('changes that never pause are written all the same', async () => {
  const { make, clock, writes } = await setUp();
  const state = make();
  for (let ms = 0; ms < WRITE_INTERVAL_MAX_MS * 2; ms += 100) {
    state.changed();
    await clock.advance(100);
  }
  await eventually(() => expect(writes()).toBeGreaterThanOrEqual(1));
  expect(writes()).toBeLessThanOrEqual(3);
});

it('a directory that cannot be written stops nobody', async () => {
  const { make, path } = await setUp();
  await make().flush();
  const state = new LocalState({
    file: diskText(join(path, 'below-a-file')),
    clock: new ManualClock(),
    logger: silentLogger,
    snapshot: () => ({ formerLineages: [], pods: [], attempts: {} }),
  });
  await state.flush();
  expect(await state.load()).toBeUndefined();
});
