/** What the process runtime keeps when something dies: the agent, a shim, the process that holds a pod. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ContainerRuntime, RuntimeEvent } from '../../src/agent/runtimes/container-runtime.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { eventually } from '../contract/container-runtime/harness.ts';
import { containerOf, createPod, createStage, exitOf, isolations, processesWith, run, stdoutOf } from './stage.ts';

/** Quicker than a person sees; the kernel tells of it, nothing is polled. */
const NOTICED_WITHIN_MS = 200;

const shimOf = async (what: string) =>
  Number((await processesWith(`\0${what}`)).find((line) => line.includes('.pl'))?.split(' ')[0]);

function listen(runtime: ContainerRuntime) {
  const seen: (RuntimeEvent & { readonly at: number })[] = [];
  const controller = new AbortController();
  void (async () => {
    for await (const event of runtime.events(controller.signal)) seen.push({ ...event, at: systemClock.now() });
  })();
  return { seen, stop: () => controller.abort() };
}

describe.each(isolations)('isolation %s', (isolation) => {
  const stage = createStage(isolation);

  it('containers outlive a killed agent, and the next one knows what ended meanwhile', async () => {
    const { cell, node } = stage.owner;
    const program = join(import.meta.dirname, 'agent-to-kill.ts');
    const agent = spawn(process.execPath, [program, cell, node, stage.dataDirectory, isolation], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(agent.stdout, 'data');
    const { living, ending } = JSON.parse(String(line));
    agent.kill('SIGKILL');
    await once(agent, 'close');

    const runtime = stage.runtime();
    const exit = await exitOf(runtime, ending);
    expect(exit).toMatchObject({ exitCode: 7, oomKilled: false });
    expect(await stdoutOf(runtime, ending)).toBe('last words\n');
    const before = await runtime.inspectContainer(living);
    expect(before?.state).toBe('running');
    const ticks = (await stdoutOf(runtime, living)).length;
    await eventually(async () => expect((await stdoutOf(runtime, living)).length).toBeGreaterThan(ticks));
    await runtime.stopContainer(living, { graceSeconds: 5 });
    expect((await exitOf(runtime, living)).exitCode).toBe(5);
    expect((await runtime.inventory()).sandboxes[0]?.running).toBe(true);
  });

  it('the end of a container is told at once', async () => {
    const runtime = stage.runtime();
    const listener = listen(runtime);
    const id = await run(runtime, containerOf(await createPod(runtime), 'sleep 0.5; exit 4'));
    const { finishedAt } = await exitOf(runtime, id);
    const told = await eventually(() => {
      const event = listener.seen.find((one) => one.type === 'exited' && one.id === id);
      if (event === undefined) throw new Error('not told yet');
      return event;
    });
    expect(told.at - finishedAt).toBeLessThan(NOTICED_WITHIN_MS);
    listener.stop();
  });

  it.each(['own', 'adopted'])('a killed shim takes its container with it, and that is told (%s)', async (whose) => {
    const first = stage.runtime();
    const runtime = whose === 'own' ? first : stage.runtime();
    const pod = await createPod(first);
    const marker = `marked-${pod.pod.uid}`;
    const spec = containerOf(pod, 'trap "" TERM; sleep 1000 & while :; do sleep 0.1; done', {
      env: { MARKER: marker },
    });
    const id = await run(first, spec);
    if (whose === 'adopted') expect((await runtime.inspectContainer(id))?.state).toBe('running');
    const listener = listen(runtime);
    process.kill(
      await shimOf(`cell=${stage.owner.cell} node=node-1 pod=${pod.pod.uid} container=${spec.name}`),
      'SIGKILL',
    );
    await eventually(() => expect(listener.seen).toContainEqual(expect.objectContaining({ type: 'exited', id })));
    expect(await exitOf(runtime, id)).toMatchObject({ exitCode: 137, signal: 9, oomKilled: false });
    await eventually(async () => expect(await processesWith(marker)).toEqual([]));
    listener.stop();
  });

  it('a pod whose holder was killed no longer runs, and that is told', async () => {
    const runtime = stage.runtime();
    const listener = listen(runtime);
    const pod = await createPod(runtime);
    await eventually(() =>
      expect(listener.seen).toContainEqual(expect.objectContaining({ type: 'started', id: pod.id })),
    );
    process.kill(await shimOf(`cell=${stage.owner.cell} node=node-1 pod=${pod.pod.uid}\0`), 'SIGKILL');
    await eventually(() =>
      expect(listener.seen).toContainEqual(expect.objectContaining({ type: 'exited', id: pod.id })),
    );
    const again = await runtime.createSandbox({ pod: pod.pod, attempt: 0, hostname: 'web', hostPorts: [] });
    expect(again.running).toBe(false);
    const next = await runtime.createSandbox({ pod: pod.pod, attempt: 1, hostname: 'web', hostPorts: [] });
    expect(next.running).toBe(true);
    listener.stop();
  });

  it('a command run inside ends with the container', async () => {
    const runtime = stage.runtime();
    const id = await run(runtime, containerOf(await createPod(runtime), 'while :; do sleep 0.1; done'));
    const session = await runtime.exec(id, {
      command: ['sh', '-c', 'echo inside; exec sleep 1000'],
      stdin: false,
      tty: false,
    });
    await session.output[Symbol.asyncIterator]().next();
    await runtime.stopContainer(id, { graceSeconds: 0 });
    expect(await session.exitCode).toBe(137);
  });
});
