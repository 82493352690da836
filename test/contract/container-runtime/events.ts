/** Contract: whoever listens is told to list first, and then of everything that starts, ends and goes. */
import { expect, it } from 'vitest';
import type { ContainerRuntime, RuntimeEvent } from '../../../src/agent/runtimes/container-runtime.ts';
import type { Harness } from './harness.ts';
import { eventually } from './harness.ts';

/** Listens in the background until stopped. */
function listen(runtime: ContainerRuntime) {
  const seen: RuntimeEvent[] = [];
  const controller = new AbortController();
  const ended = (async () => {
    for await (const event of runtime.events(controller.signal)) seen.push(event);
  })();
  return {
    seen,
    /** Types of the events of one container, repeats left out: a runtime may send an event twice. */
    typesOf: (id: string) => [...new Set(seen.flatMap((e) => (e.type !== 'resync' && e.id === id ? [e.type] : [])))],
    stop: () => {
      controller.abort();
      return ended;
    },
  };
}

export function describeEvents(harness: Harness): void {
  const { runtime } = harness;

  it('the first event is resync, and aborting ends the stream quietly', async () => {
    const listener = listen(runtime());
    await eventually(() => expect(listener.seen[0]).toEqual({ type: 'resync' }));
    await listener.stop();
  });

  it('a container that starts, ends and is removed says so in that order, with its pod', async () => {
    const listener = listen(runtime());
    await eventually(() => expect(listener.seen[0]?.type).toBe('resync'));
    const { id, pod } = await harness.run();
    await eventually(() => expect(listener.typesOf(id)).toEqual(['started']));
    await runtime().stopContainer(id, { graceSeconds: 5 });
    await eventually(() => expect(listener.typesOf(id)).toEqual(['started', 'exited']));
    await runtime().removeContainer(id);
    await eventually(() => expect(listener.typesOf(id)).toEqual(['started', 'exited', 'removed']));
    expect(listener.seen).toContainEqual({ type: 'exited', id, pod });
    await listener.stop();
  });

  it('a sandbox that is removed says so', async () => {
    const listener = listen(runtime());
    await eventually(() => expect(listener.seen[0]?.type).toBe('resync'));
    const sandbox = await runtime().createSandbox(harness.sandboxSpec());
    await runtime().removeSandbox(sandbox.id);
    await eventually(() => expect(listener.typesOf(sandbox.id)).toContain('removed'));
    await listener.stop();
  });

  it('two listeners of one runtime both hear everything', async () => {
    const listeners = [listen(runtime()), listen(runtime())];
    for (const listener of listeners) await eventually(() => expect(listener.seen[0]?.type).toBe('resync'));
    const { id } = await harness.run();
    for (const listener of listeners) await eventually(() => expect(listener.typesOf(id)).toEqual(['started']));
    for (const listener of listeners) await listener.stop();
  });

  it('events of another node are not heard', async () => {
    const other = await harness.another({ node: 'node-3' });
    const listener = listen(other);
    await eventually(() => expect(listener.seen[0]?.type).toBe('resync'));
    const foreign = await harness.run();
    const sandbox = await other.createSandbox(harness.sandboxSpec());
    await eventually(() => expect(listener.typesOf(sandbox.id)).toContain('started'));
    expect(listener.typesOf(foreign.id)).toEqual([]);
    await listener.stop();
  });
}
