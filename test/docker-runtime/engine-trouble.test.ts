/** An engine that hangs, dies or goes away makes calls fail as unavailable within their time; events come back by themselves. */
import { afterEach, describe, expect, it } from 'vitest';
import type { ServerResponse } from 'node:http';
import type { ContainerRuntime, RuntimeEvent } from '../../src/agent/runtimes/container-runtime.ts';
import { STARTS_IN_FLIGHT_MAX, createDockerRuntime } from '../../src/agent/runtimes/docker/index.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { eventually } from '../contract/container-runtime/harness.ts';
import { collect } from '../contract/container-runtime/streams.ts';
import { answerJson, startFakeEngine } from '../support/fake-engine.ts';
import type { FakeEngine, FakeRequest } from '../support/fake-engine.ts';
import { podIdentity } from './stage.ts';

const TIMEOUTS = { readMs: 80, changeMs: 80, stopMs: 80, pullSilenceMs: 80 };
const owner = { cell: 'fake', node: 'node-1' };
const pod = podIdentity();
const labels = {
  'periplus.cell': 'fake',
  'periplus.node': 'node-1',
  'periplus.pod.uid': pod.uid,
  'periplus.pod.name': pod.name,
  'periplus.pod.namespace': pod.namespace,
  'periplus.container': 'app',
  'periplus.attempt': '0',
};

const cleanups: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

async function fakeEngine(answer: (request: FakeRequest) => void): Promise<FakeEngine> {
  const engine = await startFakeEngine(answer);
  cleanups.push(() => engine.remove());
  return engine;
}

function runtimeOn(socketPath: string, timeouts = {}): ContainerRuntime {
  const runtime = createDockerRuntime({ ...owner, clock: systemClock, logger: silentLogger, socketPath, timeouts });
  cleanups.push(() => runtime.close());
  return runtime;
}

const unavailable = expect.objectContaining({ name: 'RuntimeError', code: 'unavailable' });

const CALLS: [string, (runtime: ContainerRuntime) => Promise<unknown>][] = [
  ['info', (runtime) => runtime.info()],
  ['inventory', (runtime) => runtime.inventory()],
  ['ensureImage without pull', (runtime) => runtime.ensureImage({ image: 'a', pull: false, credentials: [] })],
  ['ensureImage with pull', (runtime) => runtime.ensureImage({ image: 'a', pull: true, credentials: [] })],
  ['createSandbox', (runtime) => runtime.createSandbox({ pod, attempt: 0, hostname: 'web', hostPorts: [] })],
  ['removeSandbox', (runtime) => runtime.removeSandbox('4711')],
  ['startContainer', (runtime) => runtime.startContainer('4711')],
  ['stopContainer', (runtime) => runtime.stopContainer('4711', { graceSeconds: 0 })],
  ['removeContainer', (runtime) => runtime.removeContainer('4711')],
  ['inspectContainer', (runtime) => runtime.inspectContainer('4711')],
  ['exec', (runtime) => runtime.exec('4711', { command: ['true'], stdin: false, tty: false })],
];

describe('an engine in trouble', () => {
  it.each(CALLS)('that never answers fails %s as unavailable in time', async (_name, call) => {
    const engine = await fakeEngine(() => {});
    await expect(call(runtimeOn(engine.socketPath, TIMEOUTS))).rejects.toEqual(unavailable);
  });

  it.each(CALLS)('that dies in the middle of its answer fails %s as unavailable', async (_name, call) => {
    const engine = await fakeEngine(({ response }) => {
      response.writeHead(200, { 'Content-Type': 'application/json', 'Content-Length': '1000' });
      response.write('{"Id":');
      response.socket?.end();
    });
    await expect(call(runtimeOn(engine.socketPath, TIMEOUTS))).rejects.toEqual(unavailable);
  });

  it.each(CALLS)('that is not there fails %s as unavailable at once', async (_name, call) => {
    await expect(call(runtimeOn('/nowhere/docker.sock'))).rejects.toEqual(unavailable);
  });

  it('that hangs after a stop was asked for is given the grace, and then no longer', async () => {
    const engine = await fakeEngine(({ path, response }) => {
      if (path === '/containers/4711/json') answerJson(response, 200, { Config: { Labels: labels } });
    });
    const runtime = runtimeOn(engine.socketPath, TIMEOUTS);
    const startedAt = systemClock.monotonic();
    await expect(runtime.stopContainer('4711', { graceSeconds: 1 })).rejects.toEqual(unavailable);
    expect(systemClock.monotonic() - startedAt).toBeGreaterThanOrEqual(1000);
  });

  it('that fails a call with 500 and then no longer answers is unavailable; one that answers has refused', async () => {
    let dying = true;
    const engine = await fakeEngine(({ path, response }) => {
      if (path === '/containers/4711/json') answerJson(response, 200, { Config: { Labels: labels } });
      else if (path === '/containers/4711/start') answerJson(response, 500, { message: 'transport is closing' });
      else if (path === '/_ping' && !dying) response.end('OK');
    });
    const runtime = runtimeOn(engine.socketPath, TIMEOUTS);
    await expect(runtime.startContainer('4711')).rejects.toEqual(unavailable);
    dying = false;
    await expect(runtime.startContainer('4711')).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining('transport is closing'),
    });
  });

  it('that hangs does not hold up the closing of a runtime, nor the end of an aborted log', async () => {
    const engine = await fakeEngine(({ path, response }) => {
      if (path === '/containers/4711/json') answerJson(response, 200, { Config: { Labels: labels } });
    });
    const runtime = runtimeOn(engine.socketPath);
    const controller = new AbortController();
    const request = { follow: true, timestamps: false };
    const reading = collect(runtime.logs('4711', request, controller.signal));
    const startedAt = systemClock.monotonic();
    controller.abort();
    expect(await reading).toEqual({ stdout: '', stderr: '' });
    await runtime.close();
    expect(systemClock.monotonic() - startedAt).toBeLessThan(1000);
  });

  it('whose pull falls silent is unavailable, and one that goes on slowly is not', async () => {
    let lines = 0;
    const engine = await fakeEngine(({ path, response }) => {
      if (path === '/images/a/json') answerJson(response, 200, { Id: 'sha256:1' });
      if (path !== '/images/create') return;
      response.writeHead(200);
      const progress = () => {
        response.write('{"status":"Downloading"}\n');
        lines -= 1;
        if (lines > 0) systemClock.after(TIMEOUTS.pullSilenceMs / 2, progress);
        else if (lines === 0) response.end();
      };
      progress();
    });
    const runtime = runtimeOn(engine.socketPath, TIMEOUTS);
    await expect(runtime.ensureImage({ image: 'a', pull: true, credentials: [] })).rejects.toEqual(unavailable);
    lines = 5;
    expect(await runtime.ensureImage({ image: 'a', pull: true, credentials: [] })).toMatchObject({ pulled: true });
  });
});

describe('starts', () => {
  it('at most four are in flight, over all runtimes of the engine, and reads are not held up', async () => {
    const held: ServerResponse[] = [];
    let started = 0;
    const engine = await fakeEngine(({ path, response }) => {
      if (path.endsWith('/start')) held.push(response);
      if (path.endsWith('/json')) answerJson(response, 200, { Config: { Labels: labels } });
      if (path === '/info') answerJson(response, 200, {});
    });
    const runtimes = [runtimeOn(engine.socketPath), runtimeOn(engine.socketPath)];
    const starting = Array.from({ length: 10 }, async (_, index) => {
      await runtimes[index % 2]?.startContainer(`container-${index}`);
      started += 1;
    });
    for (let released = 0; released < 10; released++) {
      const expected = Math.min(STARTS_IN_FLIGHT_MAX, 10 - released);
      await eventually(() => expect(held).toHaveLength(expected));
      expect(STARTS_IN_FLIGHT_MAX).toBe(4);
      // A read that was asked for now is answered now: had a fifth start been let through, it would have arrived before.
      await runtimes[0]?.info();
      expect(held).toHaveLength(expected);
      held.shift()?.writeHead(204).end();
      await eventually(() => expect(started).toBe(released + 1));
    }
    await Promise.all(starting);
  });
});

/** A line of the engine's events. */
const event = (action: string, timeNano: number) =>
  `${JSON.stringify({ Action: action, Actor: { ID: '4711', Attributes: labels }, timeNano })}\n`;

/** Collects what a runtime says happened until the test ends. */
function listen(runtime: ContainerRuntime): RuntimeEvent['type'][] {
  const seen: RuntimeEvent['type'][] = [];
  const controller = new AbortController();
  const listening = (async () => {
    for await (const { type } of runtime.events(controller.signal)) seen.push(type);
  })();
  cleanups.push(async () => {
    controller.abort();
    await listening;
  });
  return seen;
}

describe('events of an engine that goes away', () => {
  it('are followed again after a reconnect: resync, then what was missed, each once', async () => {
    const streams: ServerResponse[] = [];
    const since: (string | null)[] = [];
    const engine = await fakeEngine(({ path, query, response }) => {
      if (path !== '/events') return;
      response.writeHead(200).flushHeaders();
      streams.push(response);
      since.push(query.get('since'));
    });
    const seen = listen(runtimeOn(engine.socketPath));
    await eventually(() => expect(seen).toEqual(['resync']));
    streams[0]?.write(event('start', 5_000_000_000));
    await eventually(() => expect(seen).toEqual(['resync', 'started']));
    await engine.stop();
    await engine.listen();
    await eventually(() => expect(seen).toEqual(['resync', 'started', 'resync']));
    expect(since).toEqual([null, '4.000000000']);
    streams[1]?.write(event('start', 5_000_000_000) + event('die', 6_000_000_000));
    await eventually(() => expect(seen).toEqual(['resync', 'started', 'resync', 'exited']));
  });

  it('a line that is broken off, or is no JSON, leads to a reconnect and nothing else', async () => {
    const streams: ServerResponse[] = [];
    const engine = await fakeEngine(({ path, response }) => {
      if (path !== '/events') return;
      response.writeHead(200).flushHeaders();
      streams.push(response);
    });
    const seen = listen(runtimeOn(engine.socketPath));
    await eventually(() => expect(seen).toEqual(['resync']));
    streams[0]?.end('{"Action":"sta');
    await eventually(() => expect(seen).toEqual(['resync', 'resync']));
    streams[1]?.write('garbage\n');
    await eventually(() => expect(seen).toEqual(['resync', 'resync', 'resync']));
    streams[2]?.write(event('start', 1));
    await eventually(() => expect(seen.at(-1)).toBe('started'));
  });

  it('begin once the engine appears', async () => {
    const engine = await fakeEngine(({ path, response }) => {
      if (path === '/events') response.writeHead(200).flushHeaders();
    });
    await engine.stop();
    const runtime = runtimeOn(engine.socketPath);
    const seen = listen(runtime);
    await expect(runtime.info()).rejects.toEqual(unavailable);
    expect(seen).toEqual([]);
    await engine.listen();
    await eventually(() => expect(seen).toEqual(['resync']));
  });
});
