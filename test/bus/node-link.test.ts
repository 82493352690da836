// The agent's link over a real bus: work, heartbeats, logs and exec, with slow readers and peers that vanish.
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { ExecInput, NodeServices, WorkList, WorkPosition } from '../../src/agent/control-plane-link.ts';
import type { ExecRequest, LogChunk, LogRequest } from '../../src/agent/runtimes/container-runtime.ts';
import { NodeGateway } from '../../src/bus/node-gateway.ts';
import { NodeLink } from '../../src/bus/node-link.ts';
import {
  NodeNotConnectedError,
  openExec,
  openLogs,
  SessionRefusedError,
  type SessionClientOptions,
} from '../../src/bus/session-client.ts';
import { SESSION_SILENCE_MS, SESSION_WINDOW_BYTES, SessionBrokenError, SessionEnd } from '../../src/bus/session.ts';
import { Requester } from '../../src/bus/requester.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { BusCell } from '../support/bus-cell.ts';
import { ManualClock } from '../support/manual-clock.ts';

let cell: BusCell;
let link: NodeLink;
let client: SessionClientOptions;

beforeAll(async () => {
  cell = await BusCell.start();
  const bus = await cell.connect({ role: 'operator', actor: 'admin' });
  const requester = new Requester(bus, systemClock, 'test');
  client = { bus, requester, clock: systemClock, identifiers: systemIdentifiers };
});
afterAll(() => cell.dispose());
beforeEach(async () => {
  const bus = await cell.connect({ role: 'node', node: 'n1' });
  link = new NodeLink({ bus, node: 'n1', clock: systemClock, logger: silentLogger });
  onTestFinished(() => link.close());
});

const POSITION: WorkPosition = { lineage: 'one', entry: 3, revision: 7, hash: 'h' };
const TARGET = { node: 'n1', uid: 'u1', container: 'app' };
const LOGS: LogRequest = { follow: false, timestamps: false };

function workOf(pods: number, bytes: number): WorkList {
  const pod = (index: number) => ({ uid: `u${index}`, name: 'x'.repeat(bytes) }) as WorkList['pods'][number];
  const list = Array.from({ length: pods }, (_, index) => pod(index));
  return { position: POSITION, sequence: 1, term: 1, full: true, pods: list, removed: [] };
}

/** The control plane's side for one test. */
function gateway(handlers: Partial<ConstructorParameters<typeof NodeGateway>[0]>): NodeGateway {
  const stop = new AbortController();
  onTestFinished(() => stop.abort());
  return new NodeGateway(
    { bus: cell.plane, identifiers: systemIdentifiers, onHeartbeat() {}, onWorkRequest() {}, ...handlers },
    stop.signal,
  );
}

function serve(services: Partial<NodeServices>): Promise<void> {
  link.serve({
    // oxlint-disable-next-line require-yield -- A log that says nothing.
    async *logs() {},
    exec: () => Promise.resolve(0),
    ...services,
  });
  return (link as unknown as { connected(): boolean }).connected() ? flush() : Promise.resolve();
}

/** What the node has subscribed to is known to the server. */
async function flush(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  await link.requestWork().catch(() => undefined);
}

async function readAll(output: AsyncIterable<LogChunk>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const { data } of output) chunks.push(data);
  return Buffer.concat(chunks).toString();
}

describe('work', () => {
  test('comes when it is asked for, larger than a message too', async () => {
    const large = workOf(30, 100 * 1024);
    const control = gateway({ onWorkRequest: (node) => control.publishWork(node, large) });
    const received = new Promise<WorkList>((resolve) => link.onWork(resolve));
    expect(await received).toEqual(large);
  });

  test('is asked for until somebody answers', async () => {
    link.onWork(() => undefined);
    await flush();
    // Nobody has answered so far, and nothing else makes the agent ask.
    await new Promise<void>((resolve) => gateway({ onWorkRequest: () => resolve() }));
  });

  test('that nobody can give is said to be missing', async () => {
    await expect(link.requestWork()).rejects.toThrow('nobody answers');
  });

  test('that lost a part is asked for again', async () => {
    const lists = [workOf(1, 10)];
    let asked = 0;
    const control = gateway({
      onWorkRequest: (node) => {
        asked++;
        if (asked === 1) {
          // The second half of a list whose first half was lost.
          const broken = new TextEncoder().encode('half');
          void import('nats').then(({ headers }) => {
            const half = headers();
            half.set('Periplus-Transfer', 'x');
            half.set('Periplus-Chunk', '1');
            cell.plane.connection.publish(cell.plane.subjects.work(node), broken, { headers: half });
          });
        } else control.publishWork(node, lists[0] as WorkList);
      },
    });
    const received = new Promise<WorkList>((resolve) => link.onWork(resolve));
    expect(await received).toEqual(lists[0]);
    expect(asked).toBe(2);
  });
});

describe('a heartbeat', () => {
  test('tells who is alive and how far it is', async () => {
    const heard: (readonly [string, WorkPosition | undefined])[] = [];
    gateway({ onHeartbeat: (node, position) => void heard.push([node, position]) });
    await cell.plane.connection.flush();
    link.heartbeat(undefined);
    link.heartbeat(POSITION);
    await expect
      .poll(() => heard)
      .toEqual([
        ['n1', undefined],
        ['n1', POSITION],
      ]);
  });
});

describe('logs', () => {
  test('arrive whole and in order', async () => {
    const lines = Array.from({ length: 2_000 }, (_, index) => `line ${index} ${'x'.repeat(500)}\n`);
    await serve({
      async *logs() {
        for (const line of lines) yield { stream: 'stdout', data: Buffer.from(line) };
      },
    });
    expect(await readAll(openLogs(client, TARGET, LOGS))).toBe(lines.join(''));
  });

  test('are read no faster than they are taken, and again when they are', async () => {
    let produced = 0;
    let stopped = false;
    await serve({
      async *logs(_target, _request, signal) {
        signal.addEventListener('abort', () => (stopped = true));
        for (;;) {
          produced += 64 * 1024;
          yield { stream: 'stdout', data: new Uint8Array(64 * 1024) };
        }
      },
    });
    const output = openLogs(client, TARGET, { ...LOGS, follow: true })[Symbol.asyncIterator]();
    await output.next();
    await expect.poll(() => produced).toBeGreaterThanOrEqual(SESSION_WINDOW_BYTES);
    const held = produced;
    expect(held).toBeLessThanOrEqual(SESSION_WINDOW_BYTES + 2 * 64 * 1024);
    for (let read = 0; read < 20; read++) await output.next();
    await expect.poll(() => produced).toBeGreaterThan(held);
    await output.return?.();
    await expect.poll(() => stopped).toBe(true);
  });

  test('that the node refuses say why', async () => {
    await serve({
      // oxlint-disable-next-line require-yield -- It fails first.
      async *logs() {
        throw new Error('container "app" is waiting to start');
      },
    });
    const refused = readAll(openLogs(client, TARGET, LOGS));
    await expect(refused).rejects.toBeInstanceOf(SessionRefusedError);
    await expect(refused).rejects.toThrow('waiting to start');
  });

  test('of a node that is not connected say so at once', async () => {
    await expect(readAll(openLogs(client, { ...TARGET, node: 'n2' }, LOGS))).rejects.toBeInstanceOf(
      NodeNotConnectedError,
    );
  });
});

/** Says its input back, in capitals, and ends with the number of resizes it saw. */
async function echo(_target: unknown, _request: ExecRequest, { input, output, resizes }: ExecInput): Promise<number> {
  let seen = 0;
  void (async () => {
    for await (const _ of resizes) seen++;
  })();
  for await (const data of input) {
    await output({ stream: 'stdout', data: Buffer.from(Buffer.from(data).toString().toUpperCase()) });
  }
  await output({ stream: 'stderr', data: Buffer.from('bye') });
  return seen;
}

describe('exec', () => {
  test('passes input, output, sizes and the exit code', async () => {
    await serve({ exec: echo });
    const exec = openExec(client, TARGET, { command: ['sh'], stdin: true, tty: true });
    exec.resize({ columns: 80, rows: 24 });
    exec.resize({ columns: 100, rows: 30 });
    await exec.write(Buffer.from('hello '));
    await exec.write(Buffer.from('there'));
    exec.endInput();
    const said = { stdout: '', stderr: '' };
    for await (const { stream, data } of exec.output) said[stream] += Buffer.from(data).toString();
    expect(said).toEqual({ stdout: 'HELLO THERE', stderr: 'bye' });
    expect(await exec.exitCode).toBe(2);
  });

  test('moves megabytes both ways', async () => {
    await serve({ exec: echo });
    const exec = openExec(client, TARGET, { command: ['cat'], stdin: true, tty: false });
    const sent = 'a'.repeat(3 * 1024 * 1024);
    void exec.write(Buffer.from(sent)).then(() => exec.endInput());
    let bytes = 0;
    for await (const { stream, data } of exec.output) if (stream === 'stdout') bytes += data.byteLength;
    expect(bytes).toBe(sent.length);
  });

  test('that its client leaves is ended on the node', async () => {
    let ended = false;
    await serve({
      exec: (_target, _request, _session, signal) =>
        new Promise((resolve) =>
          signal.addEventListener('abort', () => {
            ended = true;
            resolve(137);
          }),
        ),
    });
    const exec = openExec(client, TARGET, { command: ['sleep'], stdin: false, tty: false });
    exec.close();
    await expect(exec.exitCode).rejects.toBeInstanceOf(SessionBrokenError);
    await expect.poll(() => ended).toBe(true);
  });

  test('opened with garbage stops nothing', async () => {
    await serve({ exec: () => Promise.resolve(5) });
    const { bus } = client;
    for (const payload of ['', '{', '{"session":1}', new Uint8Array(1024 * 1024)]) {
      bus.connection.publish(bus.subjects.openSession('n1', 'exec'), payload);
      bus.connection.publish(bus.subjects.sessionInput('n1', 'none'), payload);
    }
    expect(await openExec(client, TARGET, { command: ['x'], stdin: false, tty: false }).exitCode).toBe(5);
  });
});

function end(clock: ManualClock) {
  const broken: Error[] = [];
  const sent: Uint8Array[] = [];
  const session = new SessionEnd({
    clock,
    publish: (frame) => void sent.push(frame),
    receive: () => undefined,
    onBroken: (error) => void broken.push(error),
  });
  return { session, broken, sent };
}

describe('a session', () => {
  test('whose other side is silent for too long ends', async () => {
    const clock = new ManualClock();
    const { broken, sent } = end(clock);
    await clock.advance(SESSION_SILENCE_MS - 1);
    expect(broken).toEqual([]);
    expect(sent.length).toBeGreaterThan(1);
    await clock.advance(2 * SESSION_SILENCE_MS);
    expect(broken).toHaveLength(1);
    expect(broken[0]).toBeInstanceOf(SessionBrokenError);
  });

  test('that lost a frame ends rather than going on with a hole', () => {
    const other = end(new ManualClock());
    other.session.send('begun');
    other.session.send('alive');
    const { session, broken } = end(new ManualClock());
    session.take(other.sent[1] as Uint8Array);
    expect(broken).toHaveLength(1);
    expect(session.closed).toBe(true);
  });
});
