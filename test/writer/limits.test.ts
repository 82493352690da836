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

/** Makes the ConfigMap `a` larger. */
function grow(id: number, size: number) {
  const patch = { data: { [id]: 'x'.repeat(size) } };
  return createMap('a', { id: `grow/${id}`, verb: 'patch', arguments: { patch } });
}

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

  it('refuses a patch that grows an object above the limit, however small the patch', async () => {
    await begin({ limits: { objectMaxBytes: 4_000 } });
    await harness.send(createMap('a'));
    // Fewer than lead to a whole image, whose size would be noticed anyway.
    const outcomes = await harness.writer.submit([0, 1, 2, 3, 4].map((id) => grow(id, 900)));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['accepted', 'accepted', 'accepted', 'accepted', 'refused']);
    expect(outcomes.at(-1)).toMatchObject({ refusal: { reason: 'RequestEntityTooLarge' } });
    const shrink = createMap('a', { id: 'shrink', verb: 'patch', arguments: { patch: { data: { 0: null } } } });
    expect((await harness.send(shrink)).outcome).toBe('accepted');
    expect((await harness.send(grow(20, 800))).outcome).toBe('accepted');
    expect(harness.refold().state.stateHash()).toBe(harness.fold.state.stateHash());
  });

  it('lets an object go whatever its size', async () => {
    await begin({ limits: { objectMaxBytes: 4_000 } });
    const manifest = { metadata: { name: 'a', finalizers: ['x/y'] }, data: {} };
    await harness.send(createMap('a', { arguments: { manifest } }));
    // Until there is no room even for the time of its deletion.
    for (let id = 0; (await harness.send(grow(id, id === 0 ? 3_400 : 5))).outcome === 'accepted'; id++);
    expect(await harness.send(grow(1_000, 0))).toMatchObject({ refusal: { reason: 'RequestEntityTooLarge' } });
    expect(await harness.send(createMap('a', { id: 'delete', verb: 'delete', arguments: {} }))).toMatchObject({
      outcome: 'accepted',
    });
  });

  it('keeps what it says of a manifest of garbage short enough for an entry, and goes on', async () => {
    await begin();
    const garbage = Object.fromEntries(Array.from({ length: 60_000 }, (_, index) => [`unknown-${index}`, 1]));
    const manifest = { metadata: { name: 'a' }, ...garbage };
    const [refused, small] = await harness.writer.submit([
      createMap('a', { arguments: { manifest } }),
      createMap('small'),
    ]);
    expect(refused).toMatchObject({ outcome: 'refused', refusal: { reason: 'BadRequest' } });
    expect(JSON.stringify(refused).length).toBeLessThan(3_000);
    expect(JSON.stringify(refused)).toContain('unknown field \\"unknown-0\\"');
    expect(small).toMatchObject({ outcome: 'accepted' });
    const data = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`not a key ${index}`, 'x']));
    const invalid = await harness.send(createMap('b', { arguments: { manifest: { metadata: { name: 'b' }, data } } }));
    expect(invalid).toMatchObject({ outcome: 'refused', refusal: { reason: 'Invalid' } });
    expect(JSON.stringify(invalid).length).toBeLessThan(32_000);
    expect(Math.max(...harness.log.payloads.map(({ length }) => length))).toBeLessThan(100_000);
    expect(harness.refold().state.stateHash()).toBe(harness.fold.state.stateHash());
  });

  it('counts bytes, not characters', async () => {
    await begin({ limits: { objectMaxBytes: 1_500 } });
    const manifest = { metadata: { name: 'a' }, data: { key: '\u20ac'.repeat(500) } };
    const [outcome] = await harness.writer.submit([createMap('a', { arguments: { manifest } })]);
    expect(outcome).toMatchObject({ outcome: 'not-decided', why: 'TooLarge' });
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

  it('answers "expired" to what it had taken when it took too long to find out that nothing of it was written', async () => {
    const clock = new ManualClock();
    await begin({ clock, limits: { commandMaxAgeMs: 1_000 } });
    harness.log.script('lost-unknown');
    harness.log.beforeAppend = async () => {
      harness.log.beforeAppend = undefined;
      await clock.advance(2_000);
    };
    const entries = harness.log.payloads.length;
    expect(await harness.send(createMap('a'))).toMatchObject({ outcome: 'not-decided', why: 'Expired' });
    expect(
      harness
        .entries()
        .slice(entries)
        .map(({ commits }) => commits.length),
    ).toEqual([0]);
  });

  it('answers what waits and is too old also while an outcome is unknown', async () => {
    const clock = new ManualClock();
    await begin({ clock, limits: { commandMaxAgeMs: 1_000 } });
    harness.log.script('lost-unknown', 'lost-unknown');
    let waiting: Promise<Outcome> | undefined;
    const attempts = harness.log.attempts.length;
    harness.log.beforeAppend = async () => {
      const tried = harness.log.attempts.length - attempts;
      if (tried === 0) waiting = harness.send(createMap('waiting'));
      if (tried === 1) await clock.advance(2_000);
    };
    const first = harness.send(createMap('first'));
    while (harness.log.attempts.length < attempts + 2) await clock.advance(1);
    await clock.advance(100);
    expect(await waiting).toMatchObject({ outcome: 'not-decided', why: 'Expired' });
    expect(await first).toMatchObject({ outcome: 'not-decided', why: 'Expired' });
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
