/** A container that ended for want of memory is told apart from one that once had such a child; the engine's flag cannot. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { ContainerExit, ContainerRuntime, RuntimeSandbox } from '../../src/agent/runtimes/container-runtime.ts';
import { OUT_OF_MEMORY_WINDOW_MS, createOutOfMemoryJudge } from '../../src/agent/runtimes/docker/out-of-memory.ts';
import { eventually } from '../contract/container-runtime/harness.ts';
import { readUntil } from '../contract/container-runtime/streams.ts';
import { docker } from '../support/docker.ts';
import { containerOf, createPod, createStage, run } from './stage.ts';

const MEMORY_LIMIT_BYTES = 16 * 1024 * 1024;
/** Keeps what it reads until a line ends, which never happens. */
const HOG = 'tail /dev/zero';
const AFTER_THE_WINDOW_SECONDS = OUT_OF_MEMORY_WINDOW_MS / 1000 + 0.5;

/** What the engine itself says of it. */
const flagOf = async (id: string) => (await docker.getContainer(id).inspect()).State.OOMKilled;

describe('on a real engine', () => {
  const stage = createStage();
  let runtime: ContainerRuntime;
  let sandbox: RuntimeSandbox;

  beforeAll(async () => {
    runtime = stage.runtime();
    sandbox = await createPod(runtime);
  });

  const runLimited = (script: string) =>
    run(runtime, containerOf(sandbox, script, { memoryLimitBytes: MEMORY_LIMIT_BYTES }));

  const exitOf = (id: string, observer = runtime): Promise<ContainerExit | undefined> =>
    eventually(async () => {
      const container = await observer.inspectContainer(id);
      expect(container?.state).toBe('exited');
      return container?.exit;
    });

  it('a program over its memory limit is killed, and its exit says so', async () => {
    const id = await runLimited(`exec ${HOG}`);
    expect(await exitOf(id)).toMatchObject({ exitCode: 137, signal: 9, oomKilled: true });
  });

  it('an exit long after a child was killed for memory is not for memory, whatever the flag says', async () => {
    const id = await runLimited(`${HOG}; sleep ${AFTER_THE_WINDOW_SECONDS}; exit 0`);
    expect(await exitOf(id)).toMatchObject({ exitCode: 0, oomKilled: false });
    expect(await flagOf(id)).toBe(true);
  });

  it('a kill long after a child was killed for memory is not for memory', async () => {
    const id = await runLimited(`${HOG}; sleep ${AFTER_THE_WINDOW_SECONDS}; echo later; while :; do sleep 0.1; done`);
    const request = { follow: true, timestamps: false };
    await readUntil(runtime.logs(id, request, new AbortController().signal), 'later');
    await runtime.stopContainer(id, { graceSeconds: 0 });
    expect(await exitOf(id)).toMatchObject({ exitCode: 137, oomKilled: false });
    expect(await flagOf(id)).toBe(true);
  });

  it('an exit that no agent heard is judged by the flag and the exit code', async () => {
    const killed = await runLimited(`exec ${HOG}`);
    const survived = await runLimited(`${HOG}; exit 3`);
    await exitOf(killed);
    await exitOf(survived);
    const successor = stage.runtime();
    expect(await exitOf(killed, successor)).toMatchObject({ oomKilled: true });
    expect(await flagOf(survived)).toBe(true);
    expect(await exitOf(survived, successor)).toMatchObject({ exitCode: 3, oomKilled: false });
  });
});

describe('by the times of the events', () => {
  it('an exit within the window after the kill is for memory, a later one is not', () => {
    const judge = createOutOfMemoryJudge();
    judge.noteOutOfMemory('quick', 1000);
    judge.noteExit('quick', 1000 + OUT_OF_MEMORY_WINDOW_MS);
    judge.noteOutOfMemory('slow', 1000);
    judge.noteExit('slow', 1001 + OUT_OF_MEMORY_WINDOW_MS);
    judge.noteExit('plain', 5000);
    expect(['quick', 'slow', 'plain', 'unheard'].map((id) => judge.verdict(id))).toEqual([
      true,
      false,
      false,
      undefined,
    ]);
  });

  it('what is gone is forgotten', () => {
    const judge = createOutOfMemoryJudge();
    for (const id of ['removed', 'listed', 'missed']) judge.noteExit(id, 1);
    judge.forget('removed');
    judge.retain(new Set(['listed']));
    expect(['removed', 'listed', 'missed'].map((id) => judge.verdict(id))).toEqual([undefined, false, undefined]);
  });
});
