/** Exactly once: what a repeat of a command is answered. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Outcome } from '../../machines/index.ts';
import { createMap, Harness } from './harness.ts';

let harness: Harness;
beforeEach(async () => {
  harness = new Harness();
  await harness.begin();
});
afterEach(() => harness.end());

const patch = (id: string, value: string) =>
  createMap('a', { id, verb: 'patch', arguments: { patch: { data: { key: value } } } });

const refused = (index: number) =>
  createMap('missing', { id: `refused/${index}`, verb: 'patch', arguments: { patch: {} } });

const settings = (commandHorizon: number) => ({
  ...createMap('cell'),
  id: `horizon/${commandHorizon}`,
  kind: 'CellConfiguration',
  namespace: '',
  verb: 'patch',
  arguments: { patch: { spec: { commandHorizon } } },
});

describe('a repeated command', () => {
  it('that was accepted gets the same answer and makes no commit', async () => {
    const first = await harness.send(createMap('a'));
    const revision = harness.fold.state.revision;
    expect(await harness.send(createMap('a'))).toEqual(first);
    expect(harness.fold.state.revision).toBe(revision);
  });

  it('within one batch is decided once', async () => {
    const [first, second] = await harness.writer.submit([createMap('a'), createMap('a')]);
    expect(first?.outcome).toBe('accepted');
    expect(second).toEqual(first);
  });

  it('that was refused is refused again, though it would be accepted now', async () => {
    const early = createMap('a', { namespace: 'later' });
    const answer = await harness.send(early);
    expect(answer.outcome).toBe('refused');
    const namespace = {
      ...createMap('later'),
      id: 'namespace',
      kind: 'Namespace',
      namespace: '',
      arguments: { manifest: { metadata: { name: 'later' } } },
    };
    expect((await harness.send(namespace)).outcome).toBe('accepted');
    expect(await harness.send(early)).toEqual(answer);
  });

  it('with a higher attempt is decided anew after a refusal, and then stays accepted', async () => {
    const early = createMap('a', { namespace: 'later' });
    await harness.send(early);
    await harness.send({
      ...createMap('later'),
      id: 'namespace',
      kind: 'Namespace',
      namespace: '',
      arguments: { manifest: { metadata: { name: 'later' } } },
    });
    const second = await harness.send({ ...early, attempt: 2 });
    expect(second.outcome).toBe('accepted');
    expect(await harness.send({ ...early, attempt: 3 })).toEqual(second);
    expect(await harness.send(early)).toEqual(second);
  });

  it('that changed nothing stays without effect, though it would change something now', async () => {
    await harness.send(createMap('a'));
    expect((await harness.send(patch('same', 'value'))).outcome).toBe('unchanged');
    expect((await harness.send(patch('other', 'changed'))).outcome).toBe('accepted');
    expect((await harness.send(patch('same', 'value'))).outcome).toBe('unchanged');
    const record = harness.fold.state.get('ConfigMap', 'default', 'a');
    expect(record?.context).toMatchObject({ data: { key: 'changed' } });
  });
});

const missing = (preconditions: object) => createMap('gone', { id: JSON.stringify(preconditions), preconditions });

describe('a premise', () => {
  it('is checked again where the command is decided', async () => {
    await harness.send(createMap('a'));
    const { uid = '', revision = 0 } = harness.fold.state.get('ConfigMap', 'default', 'a') ?? {};
    const outcomes = await harness.writer.submit([
      { ...patch('other-uid', '1'), preconditions: { uid: 'other' } },
      { ...patch('stale', '1'), preconditions: { revision: revision - 1 } },
      { ...patch('right', '1'), preconditions: { uid, revision } },
      // True when it was sent; the one before it in the batch has changed that.
      { ...patch('too-late', '2'), preconditions: { uid, revision } },
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['refused', 'refused', 'accepted', 'refused']);
    for (const index of [0, 1, 3]) expect(outcomes[index]).toMatchObject({ refusal: { reason: 'Conflict' } });
  });

  it('on an object that is gone does not hold, also where the verb could create it', async () => {
    expect(await harness.send(missing({ uid: 'once' }))).toMatchObject({ refusal: { reason: 'Conflict' } });
    expect(await harness.send(missing({ revision: 5 }))).toMatchObject({ refusal: { reason: 'Conflict' } });
    expect(await harness.send(missing({ revision: 0 }))).toMatchObject({ outcome: 'accepted' });
  });
});

describe('the horizon', () => {
  it('forgets outcomes below it, and a command that had seen no later revision is too old', async () => {
    const seen = harness.fold.state.revision;
    await harness.send(createMap('old', { seen }));
    await harness.send(settings(1_000));
    for (let sent = 0; sent < 1_100; sent += 100) {
      await harness.writer.submit(Array.from({ length: 100 }, (_, index) => createMap(`m${sent + index}`)));
    }
    expect(harness.fold.state.outcomeOf('create/old')).toBeUndefined();
    const outcome: Outcome = await harness.send(createMap('old', { seen }));
    expect(outcome).toMatchObject({ outcome: 'not-decided', why: 'TooOld' });
    expect(await harness.send(createMap('new', { seen: harness.fold.state.revision }))).toMatchObject({
      outcome: 'accepted',
    });
  });

  it('is one of revisions: a sender whose last revision is that of a forgotten refusal is too old, the next one is not', async () => {
    const early = createMap('early', { namespace: 'later', seen: harness.fold.state.revision });
    expect((await harness.send(early)).outcome).toBe('refused');
    await harness.send(settings(1_000));
    while (harness.fold.state.outcomeOf(early.id)) {
      const from = harness.fold.state.revision;
      await harness.writer.submit(Array.from({ length: 7 }, (_, index) => createMap(`m${from + index}`)));
    }
    const { forgottenThrough } = harness.fold.state;
    expect(await harness.send({ ...early, seen: forgottenThrough })).toMatchObject({ why: 'TooOld' });
    expect(await harness.send(early)).toMatchObject({ why: 'TooOld' });
    expect(await harness.send({ ...early, seen: forgottenThrough + 1 })).toMatchObject({ outcome: 'refused' });
  });

  it('overrun by refusals at one revision still takes commands of those who have seen it', async () => {
    await harness.send(settings(1_000));
    const { revision } = harness.fold.state;
    for (let sent = 0; sent < 2_200; sent += 200) {
      await harness.writer.submit(Array.from({ length: 200 }, (_, index) => refused(sent + index)));
    }
    expect(harness.fold.state.forgottenThrough).toBe(revision);
    expect(await harness.send(createMap('a', { seen: revision }))).toMatchObject({ outcome: 'accepted' });
  });

  it('bounds refusals too, which make no revisions', async () => {
    await harness.send(settings(1_000));
    for (let sent = 0; sent < 2_200; sent += 200) {
      await harness.writer.submit(Array.from({ length: 200 }, (_, index) => refused(sent + index)));
    }
    expect([...harness.fold.state.outcomes].length).toBeLessThanOrEqual(2_000);
    expect(harness.fold.state.forgottenThrough).toBeGreaterThan(0);
    expect(harness.refold().state.stateHash()).toBe(harness.fold.state.stateHash());
  });
});
