/** The node introduces itself, is heard, and serves what is asked of its containers. */
import { describe, expect, it } from 'vitest';
import type { RegisterArguments } from '../../machines/node/index.ts';
import type { ExecRequest, ExecSession, LogChunk } from '../../src/agent/runtimes/container-runtime.ts';
import { container, eventually, program, startAgent, workPod } from '../support/agent-harness.ts';
import type { FakeControlPlane } from '../support/fake-control-plane.ts';

const registrations = ({ messages }: FakeControlPlane) => messages.flat().filter(({ verb }) => verb === 'register');

describe('a node', () => {
  it('registers its machine: its share of it, addresses and software', async () => {
    const { plane } = await startAgent({ agent: { capacityShare: 1 / 3, labels: { zone: 'a' } } });
    await eventually(() => expect(registrations(plane)).toHaveLength(1));
    const [command] = registrations(plane);
    expect(command).toMatchObject({ kind: 'Node', namespace: '', name: 'n1', verb: 'register' });
    const resources = { cpu: '10666m', memory: `${Math.floor((32 * 1024 ** 2) / 3)}Ki`, pods: '110' };
    expect(command?.arguments).toEqual({
      capacity: resources,
      allocatable: resources,
      nodeInfo: {
        operatingSystem: 'linux',
        architecture: 'amd64',
        osImage: 'hollow',
        kernelVersion: 'hollow',
        containerRuntimeVersion: 'hollow://1',
        kubeletVersion: 'periplus v0.0.0',
      },
      addresses: [
        { type: 'InternalIP', address: '192.0.2.1' },
        { type: 'Hostname', address: 'n1' },
      ],
      labels: { zone: 'a' },
    } satisfies RegisterArguments);
  });

  it('repeats its registration under the same id until it is accepted, and then no more', async () => {
    const { plane, clock } = await startAgent({ connected: false });
    let refusals = 2;
    plane.answer = async (commands) => {
      if (commands[0]?.verb === 'register' && refusals-- > 0) throw new Error('no answer');
      return commands.map((command) => plane.fold(command));
    };
    plane.connect();
    await clock.advance(20_000);
    const ids = registrations(plane).map(({ id }) => id);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
  });

  it('that was refused tries again with a higher attempt', async () => {
    const { plane, clock } = await startAgent({ connected: false });
    let refusals = 1;
    plane.answer = async (commands) =>
      refusals-- > 0
        ? [{ outcome: 'refused', revision: 1, refusal: { reason: 'Forbidden', message: 'no' } }]
        : commands.map((command) => plane.fold(command));
    plane.connect();
    await clock.advance(20_000);
    expect(registrations(plane).map(({ attempt }) => attempt)).toEqual([undefined, 2]);
  });

  it('registers again after a reconnect', async () => {
    const { plane, clock } = await startAgent();
    await eventually(() => expect(registrations(plane)).toHaveLength(1));
    plane.disconnect();
    await clock.advance(10_000);
    plane.connect();
    await clock.advance(10_000);
    expect(registrations(plane)).toHaveLength(2);
    expect(new Set(registrations(plane).map(({ id }) => id)).size).toBe(2);
  });

  it('is heard every 2 s while it is connected', async () => {
    const { plane, clock } = await startAgent();
    const before = plane.heartbeats;
    await clock.advance(10_000);
    expect(plane.heartbeats - before).toBe(5);
    plane.disconnect();
    await clock.advance(10_000);
    expect(plane.heartbeats - before).toBe(5);
  });

  it('tells once per pod of limits it cannot enforce', async () => {
    const harness = await startAgent();
    const { plane, runtime } = harness;
    const info = await runtime.info();
    runtime.before = async (method) =>
      method === 'info' ? { answer: { ...info, unenforceable: ['cpu'] } } : undefined;
    await harness.replaceAgent();
    const resources = { limits: { cpu: '500m', memory: '64Mi' }, requests: { cpu: '100m' } };
    const pod = workPod({ containers: [container({ resources }), container({ name: 'side', resources })] });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid, 'side')?.ready).toBe(true));
    const told = plane.of(pod.uid).notices.filter(({ reason }) => reason === 'LimitNotEnforced');
    expect(told.map(({ message }) => message)).toEqual([
      'This node cannot enforce the limit of cpu; the container runs without',
    ]);
    const made = runtime.calls.find(({ method }) => method === 'createContainer');
    expect(made?.args[0]).toMatchObject({
      cpuLimitMillis: 500,
      memoryLimitBytes: 64 * 1024 ** 2,
      cpuRequestMillis: 100,
    });
  });
});

const request = { follow: false, timestamps: false };

async function textOf(chunks: AsyncIterable<LogChunk> | undefined): Promise<string> {
  let text = '';
  for await (const { data } of chunks ?? []) text += Buffer.from(data).toString();
  return text;
}

const logs = (plane: FakeControlPlane, target: { uid: string; container?: string; previous?: boolean }) =>
  textOf(plane.services?.logs({ previous: false, ...target }, request, new AbortController().signal));

describe('logs', () => {
  it('are those of the only container, or of the one named; of this run, or the one before', async () => {
    const { plane, engine } = await startAgent();
    const pod = workPod({ containers: [program({ OUTPUT: 'hello' })] });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    expect(await logs(plane, { uid: pod.uid })).toBe('hello');
    expect(await logs(plane, { uid: pod.uid, container: 'app' })).toBe('hello');
    await engine.stopContainer(`${pod.uid}/app/0`, { graceSeconds: 0 });
    await eventually(() => expect(plane.level(pod.uid)?.attempt).toBe(1));
    expect(await logs(plane, { uid: pod.uid, previous: true })).toBe('hello');
  });

  it("that cannot be had say why, in Kubernetes' words", async () => {
    const { plane, runtime } = await startAgent();
    const pod = workPod({ containers: [container(), container({ name: 'side' })] });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid, 'side')?.ready).toBe(true));
    runtime.before = (method) => (method === 'createSandbox' ? new Promise(() => {}) : undefined);
    const waiting = workPod();
    plane.put(waiting);
    const { uid, name } = pod;
    const refusals = [
      [{ uid: 'nobody' }, 'NotFound', 'pod nobody is not on node n1'],
      [{ uid }, 'BadRequest', `a container name must be specified for pod ${name}, choose one of: [app side]`],
      [{ uid, container: 'x' }, 'BadRequest', `container x is not valid for pod ${name}`],
      [
        { uid, container: 'app', previous: true },
        'BadRequest',
        `previous terminated container "app" in pod "${name}" not found`,
      ],
      [
        { uid: waiting.uid },
        'BadRequest',
        `container "app" in pod "${waiting.name}" is waiting to start: ContainerCreating`,
      ],
    ] as const;
    for (const [target, reason, message] of refusals) {
      await expect(logs(plane, target)).rejects.toMatchObject({ name: 'NodeServiceError', reason, message });
    }
  });
});

/** A process that echoes its input and ends with 7 when it is closed. */
function echo(): ExecSession & { readonly sizes: unknown[]; readonly closed: () => boolean } {
  const chunks: LogChunk[] = [];
  const sizes: unknown[] = [];
  let closed = false;
  let ended = Promise.withResolvers<void>();
  return {
    sizes,
    closed: () => closed,
    output: (async function* () {
      await ended.promise;
      yield* chunks;
    })(),
    write: async (data) => void chunks.push({ stream: 'stdout', data }),
    endInput: () => ended.resolve(),
    resize: async (size) => void sizes.push(size),
    exitCode: Promise.resolve(7),
    close: () => {
      closed = true;
      ended.resolve();
    },
  };
}

async function* sequence<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

describe('exec', () => {
  const command: ExecRequest = { command: ['cat'], stdin: true, tty: false };

  it('connects input, sizes and output, and ends with the exit code', async () => {
    const { plane, runtime } = await startAgent();
    const process = echo();
    runtime.exec = async () => process;
    const pod = workPod();
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    let output = '';
    const code = await plane.services?.exec(
      { uid: pod.uid },
      command,
      {
        output: ({ data }) => void (output += Buffer.from(data).toString()),
        input: sequence(Buffer.from('one '), Buffer.from('two')),
        resizes: sequence({ columns: 80, rows: 24 }),
      },
      new AbortController().signal,
    );
    expect([code, output, process.sizes]).toEqual([7, 'one two', [{ columns: 80, rows: 24 }]]);
  });

  it('is dropped when whoever asked is gone', async () => {
    const { plane, runtime } = await startAgent();
    const process = echo();
    runtime.exec = async () => process;
    const pod = workPod();
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    const controller = new AbortController();
    const never = { [Symbol.asyncIterator]: () => ({ next: () => new Promise<never>(() => {}) }) };
    const session = { output: () => {}, input: never, resizes: never };
    const running = plane.services?.exec({ uid: pod.uid }, command, session, controller.signal);
    controller.abort();
    await running;
    expect(process.closed()).toBe(true);
  });

  it('needs a container that runs', async () => {
    const { plane } = await startAgent();
    const pod = workPod({ restartPolicy: 'Never', containers: [program({ RUN_MS: 0 })] });
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.state).toHaveProperty('terminated'));
    const session = { output: () => {}, input: sequence<Uint8Array>(), resizes: sequence<never>() };
    const signal = new AbortController().signal;
    await expect(plane.services?.exec({ uid: pod.uid }, command, session, signal)).rejects.toThrow(
      'container not found ("app")',
    );
  });
});
