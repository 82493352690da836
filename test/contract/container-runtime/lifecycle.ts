/** Contract: a container is created once, started, ends, and is found again by whoever asks. */
import { expect, it } from 'vitest';
import { RuntimeError } from '../../../src/agent/runtimes/container-runtime.ts';
import type { Harness } from './harness.ts';
import { eventually } from './harness.ts';

export function describeLifecycle(harness: Harness): void {
  const { capabilities, runtime, sandboxSpec, containerSpec } = harness;

  it('a runtime describes its machine', async () => {
    const info = await runtime().info();
    expect(info.cpuMillis).toBeGreaterThanOrEqual(1000);
    expect(info.memoryBytes).toBeGreaterThan(0);
    expect(info.architecture).not.toBe('');
    expect(info.runtimeVersion).not.toBe('');
  });

  it('a created sandbox runs', async () => {
    const spec = sandboxSpec();
    const sandbox = await runtime().createSandbox(spec);
    expect(sandbox).toMatchObject({ pod: spec.pod, attempt: 0, running: true });
    expect((await runtime().inventory()).sandboxes).toContainEqual(sandbox);
  });

  it('a container is created, then running, then gone', async () => {
    const spec = containerSpec();
    const container = await runtime().createContainer(spec);
    expect(container).toMatchObject({
      pod: spec.pod,
      sandboxId: spec.sandboxId,
      name: spec.name,
      attempt: 0,
      image: capabilities.image,
      state: 'created',
    });
    expect(await runtime().inspectContainer(container.id)).toEqual(container);
    await runtime().startContainer(container.id);
    await eventually(async () => {
      const running = await runtime().inspectContainer(container.id);
      expect(running?.state).toBe('running');
      expect(running?.startedAt).toBeGreaterThan(0);
    });
    await runtime().removeContainer(container.id);
    expect(await runtime().inspectContainer(container.id)).toBeUndefined();
  });

  it('creating a container twice gives the same container', async () => {
    const spec = containerSpec();
    const first = await runtime().createContainer(spec);
    expect(await runtime().createContainer(spec)).toEqual(first);
  });

  it('two concurrent creations of one container make one container', async () => {
    const spec = containerSpec();
    const [one, other] = await Promise.all([runtime().createContainer(spec), runtime().createContainer(spec)]);
    expect(other?.id).toBe(one?.id);
    const { containers } = await runtime().inventory();
    expect(containers.filter(({ name }) => name === spec.name)).toHaveLength(1);
  });

  it('two concurrent creations of one sandbox make one sandbox', async () => {
    const spec = sandboxSpec();
    const [one, other] = await Promise.all([runtime().createSandbox(spec), runtime().createSandbox(spec)]);
    expect(other?.id).toBe(one?.id);
    const { sandboxes } = await runtime().inventory();
    expect(sandboxes.filter(({ pod }) => pod.uid === spec.pod.uid)).toHaveLength(1);
  });

  it('the next attempt of a container is another container', async () => {
    const spec = containerSpec();
    const first = await runtime().createContainer(spec);
    const second = await runtime().createContainer({ ...spec, attempt: 1 });
    expect(second.id).not.toBe(first.id);
    expect(second.attempt).toBe(1);
  });

  it('creating what already runs returns it running', async () => {
    const spec = containerSpec();
    const { id } = await runtime().createContainer(spec);
    await runtime().startContainer(id);
    await eventually(async () => expect((await runtime().createContainer(spec)).state).toBe('running'));
  });

  it('starting what runs changes nothing', async () => {
    const { id } = await harness.run();
    const before = await eventually(async () => {
      const container = await runtime().inspectContainer(id);
      expect(container?.state).toBe('running');
      return container;
    });
    await runtime().startContainer(id);
    expect(await runtime().inspectContainer(id)).toEqual(before);
  });

  if (capabilities.adoption)
    it('a new runtime object finds everything that an earlier one made', async () => {
      const { id } = await harness.run();
      await eventually(async () => expect((await runtime().inspectContainer(id))?.state).toBe('running'));
      const successor = await harness.another();
      const before = await runtime().inventory();
      const after = await successor.inventory();
      expect(after.containers).toContainEqual(await runtime().inspectContainer(id));
      expect(byId(after.sandboxes)).toEqual(byId(before.sandboxes));
      expect(byId(after.containers)).toEqual(byId(before.containers));
      await successor.removeContainer(id);
      expect(await runtime().inspectContainer(id)).toBeUndefined();
    });

  it('removing what is gone succeeds', async () => {
    const { id } = await harness.run();
    await runtime().removeContainer(id);
    await runtime().removeContainer(id);
    const sandbox = await runtime().createSandbox(sandboxSpec());
    await runtime().removeSandbox(sandbox.id);
    await runtime().removeSandbox(sandbox.id);
    expect((await runtime().inventory()).sandboxes.map((left) => left.id)).not.toContain(sandbox.id);
  });

  it('starting, stopping or entering what is gone is refused as gone', async () => {
    const { id } = await runtime().createContainer(containerSpec());
    await runtime().removeContainer(id);
    const gone = expect.objectContaining({ name: 'RuntimeError', code: 'gone' });
    await expect(runtime().startContainer(id)).rejects.toEqual(gone);
    await expect(runtime().stopContainer(id, { graceSeconds: 1 })).rejects.toEqual(gone);
    await expect(runtime().exec(id, { command: ['true'], stdin: false, tty: false })).rejects.toEqual(gone);
  });

  it('a container in a sandbox that is gone is refused as gone', async () => {
    const sandbox = await runtime().createSandbox(sandboxSpec());
    await runtime().removeSandbox(sandbox.id);
    const attempt = runtime().createContainer(containerSpec({ pod: sandbox.pod, sandboxId: sandbox.id }));
    await expect(attempt).rejects.toSatisfy((error) => error instanceof RuntimeError && error.code === 'gone');
  });

  it('an image that is there is present without a pull', async () => {
    const outcome = await runtime().ensureImage({ image: capabilities.image, pull: false, credentials: [] });
    expect(outcome).toMatchObject({ outcome: 'present', pulled: false });
  });

  if (capabilities.absentImage !== undefined)
    it('an image that is not there is absent without a pull', async () => {
      const image = capabilities.absentImage ?? '';
      expect(await runtime().ensureImage({ image, pull: false, credentials: [] })).toEqual({ outcome: 'absent' });
    });

  if (capabilities.absentImage !== undefined)
    it('a container of an image that is not there is refused', async () => {
      const spec = containerSpec({ image: capabilities.absentImage ?? '', command: undefined });
      await expect(runtime().createContainer(spec)).rejects.toMatchObject({ name: 'RuntimeError', code: 'refused' });
    });

  it('a malformed image reference is invalid, not missing', async () => {
    const outcome = await runtime().ensureImage({ image: 'Not A:Reference::', pull: false, credentials: [] });
    expect(outcome.outcome).toBe('invalid');
  });
}

function byId<T extends { readonly id: string }>(items: readonly T[]): T[] {
  return items.toSorted((left, right) => left.id.localeCompare(right.id));
}
