/** A bug in one kind's decider is one command's trouble, not the cell's. */
import { afterEach, expect, it, vi } from 'vitest';
import { kinds } from '../../machines/index.ts';
import { createMap, Harness } from './harness.ts';

const harness = new Harness();
afterEach(async () => {
  vi.restoreAllMocks();
  await harness.end();
});

it('a decider that raises refuses its command and leaves the others alone', async () => {
  await harness.begin();
  const verb = kinds.get('ConfigMap')?.verbs['create'];
  if (verb === undefined) throw new Error('a ConfigMap can be created');
  const decide = vi.spyOn(verb, 'decide');
  decide.mockImplementationOnce(() => {
    throw new RangeError('Invalid time value');
  });
  const [poison, next] = await harness.writer.submit([createMap('poison'), createMap('next')]);
  expect(poison).toMatchObject({ outcome: 'refused', refusal: { reason: 'InternalError' } });
  expect(next).toMatchObject({ outcome: 'accepted' });
  expect(harness.writer.isWriting).toBe(true);
  expect(harness.refold().state.stateHash()).toBe(harness.fold.state.stateHash());
});
