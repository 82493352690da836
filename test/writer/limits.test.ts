/** Every limit of the writer is hit here. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../../machines/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { createMap, Harness } from './harness.ts';

let harness: Harness;
afterEach(() => harness.end());

async function begin(options: ConstructorParameters<typeof Harness>[0] = {}): Promise<Harness> {
  harness = new Harness(options);
  await harness.begin();
  return harness;
}

const maps = (count: number, size = 1) =>
  Array.from({ length: count }, (_, index) =>
    createMap(`m${index}`, {
      arguments: { manifest: { metadata: { name: `m${index}` }, data: { key: 'x'.repeat(size) } } },
    }),
  );

describe('the writer', () => {
  it('puts at most 256 commits into an entry', async () => {
    await begin();
    await harness.writer.submit(maps(600));
    expect(
      harness
        .entries()
        .slice(-3)
        .map(({ commits }) => commits.length),
    ).toEqual([256, 256, 88]);
  });

  it('puts at most 2 MB into an entry', async () => {
    await begin();
    const outcomes = await harness.writer.submit(maps(5, 900_000));
    expect(outcomes.every(({ outcome }) => outcome === 'accepted')).toBe(true);
    expect(harness.log.payloads.slice(2).map((payload) => payload.length <= 2 * 1024 * 1024)).toEqual([
      true,
      true,
      true,
    ]);
  });

  it('refuses an object above 1.5 MB without harming the others', async () => {
    await begin();
    const [huge, small] = await harness.writer.submit([maps(1, 1_600_000)[0] ?? createMap('none'), createMap('small')]);
    expect(huge).toMatchObject({ outcome: 'not-decided', why: 'TooLarge' });
    expect(small).toMatchObject({ outcome: 'accepted' });
  });

  it('refuses a change that grows an object above the limit', async () => {
    await begin({ limits: { objectMaxBytes: 1_000 } });
    const [outcome] = await harness.writer.submit(maps(1, 900));
    expect(outcome).toMatchObject({ outcome: 'refused', refusal: { reason: 'RequestEntityTooLarge' } });
  });

  it('answers "queue full" at once above the queue\'s count', async () => {
    await begin({ limits: { queueMaxCommands: 10 } });
    const outcomes = await harness.writer.submit(maps(12));
    expect(outcomes.filter((outcome) => outcome.outcome === 'not-decided').map(({ why }) => why)).toEqual([
      'QueueFull',
      'QueueFull',
    ]);
  });

  it('answers "queue full" at once above the queue\'s bytes', async () => {
    await begin({ limits: { queueMaxBytes: 2_500 } });
    const outcomes = await harness.writer.submit(maps(3, 1_000));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'not-decided']);
  });

  it('answers "expired" to a command that waited too long', async () => {
    const clock = new ManualClock();
    await begin({ clock, limits: { commandMaxAgeMs: 1_000 } });
    let waiting: Promise<readonly Outcome[]> = Promise.resolve([]);
    harness.log.beforeAppend = async () => {
      harness.log.beforeAppend = undefined;
      waiting = harness.writer.submit([createMap('waiting')]);
      await clock.advance(2_000);
    };
    expect(await harness.writer.submit([createMap('first')])).toMatchObject([{ outcome: 'accepted' }]);
    expect(await waiting).toMatchObject([{ outcome: 'not-decided', why: 'Expired' }]);
  });

  it('refuses an id that is empty or too long', async () => {
    await begin();
    expect(await harness.send(createMap('a', { id: '' }))).toMatchObject({ outcome: 'not-decided', why: 'Malformed' });
    expect(await harness.send(createMap('a', { id: 'x'.repeat(129) }))).toMatchObject({
      outcome: 'not-decided',
      why: 'Malformed',
    });
  });

  it('takes nothing once its term is over', async () => {
    await begin();
    await harness.end();
    expect(await harness.send(createMap('a'))).toMatchObject({ outcome: 'not-decided', why: 'NotTheWriter' });
  });
});
