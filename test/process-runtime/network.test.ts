/** Where a pod of plain processes can be reached: by its own address as root, else by the port it was given; and by host ports. */
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { ContainerRuntime, RuntimeSandbox } from '../../src/agent/runtimes/container-runtime.ts';
import { RuntimeError } from '../../src/agent/runtimes/container-runtime.ts';
import { freeNetwork } from '../../src/agent/runtimes/process/network.ts';
import { eventually } from '../contract/container-runtime/harness.ts';
import { freePort } from '../support/ports.ts';
import {
  containerOf,
  createPod,
  createStage,
  exitOf,
  isRoot,
  isolations,
  outputOf,
  podIdentity,
  run,
  stdoutOf,
} from './stage.ts';

/** What a pod's holder forwards at once. */
const CONNECTIONS_MAX = 128;

const DEMO = 'periplus/demo:1';

const runDemo = (runtime: ContainerRuntime, pod: RuntimeSandbox) =>
  run(runtime, containerOf(pod, '', { image: DEMO, command: undefined }));

const pageAt = (address: string) =>
  eventually(async () => {
    const response = await fetch(`http://${address}/`);
    return response.text();
  });

describe.each(isolations)('isolation %s', (isolation) => {
  const stage = createStage(isolation);

  it('the demo serves a page that names its pod, and ends at once when asked', async () => {
    const runtime = stage.runtime();
    const pod = await createPod(runtime);
    const id = await runDemo(runtime, pod);
    const address = isolation === 'namespaces' ? `${pod.ip}:8080` : `127.0.0.1:${pod.assignedPort}`;
    expect(await pageAt(address)).toBe('<!doctype html>\n<title>Periplus</title>\n<p>Hello from pod web.</p>\n');
    await runtime.stopContainer(id, { graceSeconds: 30 });
    expect(await exitOf(runtime, id)).toMatchObject({ exitCode: 0 });
    expect(await stdoutOf(runtime, id)).toMatch(/^pod web serves on port \d+\n$/);
  });

  it('a host port leads to the pod, for many connections at once, until the pod is removed', async () => {
    const runtime = stage.runtime();
    const hostPort = await freePort();
    const pod = await createPod(runtime, [{ hostPort, containerPort: 8080, protocol: 'TCP', hostIP: '127.0.0.1' }]);
    const id = await runDemo(runtime, pod);
    await pageAt(`127.0.0.1:${hostPort}`);
    const pages = await Promise.all(Array.from({ length: 20 }, () => pageAt(`127.0.0.1:${hostPort}`)));
    expect(new Set(pages).size).toBe(1);
    await runtime.removeContainer(id);
    await runtime.removeSandbox(pod.id);
    await expect(fetch(`http://127.0.0.1:${hostPort}/`)).rejects.toThrow('fetch failed');
  });

  it('more connections to a host port than it forwards at once are closed', async () => {
    const runtime = stage.runtime();
    const hostPort = await freePort();
    const pod = await createPod(runtime, [{ hostPort, containerPort: 8080, protocol: 'TCP', hostIP: '127.0.0.1' }]);
    await runDemo(runtime, pod);
    await pageAt(`127.0.0.1:${hostPort}`);
    let closed = 0;
    const sockets = Array.from({ length: CONNECTIONS_MAX + 5 }, () =>
      connect(hostPort, '127.0.0.1')
        .on('error', () => {})
        .on('close', () => (closed += 1)),
    );
    await eventually(() => expect(closed).toBeGreaterThanOrEqual(5));
    for (const socket of sockets) socket.destroy();
    await eventually(() => pageAt(`127.0.0.1:${hostPort}`));
  });

  it('a host port that is taken is refused by name', async () => {
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const address = taken.address();
    const hostPort = typeof address === 'object' && address !== null ? address.port : 0;
    const attempt = createPod(stage.runtime(), [{ hostPort, containerPort: 80, protocol: 'TCP', hostIP: '127.0.0.1' }]);
    await expect(attempt).rejects.toMatchObject({
      code: 'refused',
      message: `host port ${hostPort}: Address already in use`,
    });
    taken.close();
  });
});

describe('without a network of its own', () => {
  const stage = createStage('none');

  it('a pod keeps its port over its restarts, and no other agent gives it to another', async () => {
    const runtimes = [stage.runtime(), stage.runtime({ node: 'node-2' })];
    // One seed for all: they would all begin at one port.
    const pod = podIdentity();
    const ports = await Promise.all(
      [0, 1, 2, 3].flatMap((attempt) =>
        runtimes.map(async (runtime) => {
          const sandbox = await runtime.createSandbox({ pod, attempt, hostname: 'web', hostPorts: [] });
          return sandbox.assignedPort;
        }),
      ),
    );
    expect(new Set(ports).size).toBe(8);
    const found = (await stage.runtime().inventory()).sandboxes.map(({ assignedPort }) => assignedPort);
    expect(ports).toEqual(expect.arrayContaining(found));
  });

  it('every container of a pod is told the port, unless it has its own', async () => {
    const runtime = stage.runtime();
    const pod = await createPod(runtime);
    expect(await outputOf(runtime, containerOf(pod, 'echo $PORT'))).toBe(`${pod.assignedPort}\n`);
    expect(await outputOf(runtime, containerOf(pod, 'echo $PORT', { env: { PORT: '99' } }))).toBe('99\n');
  });
});

describe.runIf(isRoot)('with a network of its own', () => {
  const stage = createStage('namespaces');

  it('pods of all agents of a cell have different addresses, and reach each other', async () => {
    const runtimes = [stage.runtime(), stage.runtime({ node: 'node-2' })];
    const pods = await Promise.all([0, 1, 0, 1].map((which) => createPod(runtimes[which] ?? stage.runtime())));
    expect(new Set(pods.map(({ ip }) => ip)).size).toBe(4);
    const [server, client] = pods;
    if (server === undefined || client === undefined || runtimes[1] === undefined) throw new Error('no pods');
    await runDemo(stage.runtime(), server);
    const script = `fetch('http://${server.ip}:8080').then((r) => r.text()).then(console.log)`;
    const spec = containerOf(client, '', { command: [process.execPath, '-e', script] });
    await eventually(async () => {
      const attempt = { ...spec, name: `client-${podIdentity().uid.slice(0, 8)}` };
      expect(await outputOf(runtimes[1] ?? stage.runtime(), attempt)).toContain('Hello from pod web');
    });
  });

  it('two pods may listen on one port', async () => {
    const runtime = stage.runtime();
    const pods = await Promise.all([createPod(runtime), createPod(runtime)]);
    for (const pod of pods) await runDemo(runtime, pod);
    for (const pod of pods) expect(await pageAt(`${pod.ip}:8080`)).toContain('Hello');
  });
});

const route = (destination: string, mask: string) => `eth0\t${destination}\t0\t1\t0\t0\t0\t${mask}\t0\t0\t0`;

describe('the network of a cell', () => {
  const HEADER = 'Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT';

  it('is one that no route of the machine touches, whatever its default route', () => {
    const free = freeNetwork('sea', [HEADER, route('00000000', '00000000')].join('\n'));
    expect(free).toMatch(/^10\.\d+\.\d+$/);
    const [, second, third] = free.split('.').map(Number);
    const inside = Buffer.from([0, third ?? 0, second ?? 0, 10])
      .toString('hex')
      .toUpperCase();
    const taken = freeNetwork('sea', [HEADER, route(inside, '00FFFFFF')].join('\n'));
    expect(taken).not.toBe(free);
    expect(taken).toMatch(/^10\.\d+\.\d+$/);
  });

  it('is refused where all of 10.0.0.0/8 is routed', () => {
    expect(() => freeNetwork('sea', [HEADER, route('0000000A', '000000FF')].join('\n'))).toThrow(RuntimeError);
  });
});
