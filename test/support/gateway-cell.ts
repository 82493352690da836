// A cell whose Kubernetes API answers over real HTTPS, in the test's process.
import { mkdtempSync, rmSync } from 'node:fs';
import { request, type RequestOptions } from 'node:https';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CellClient } from '../../src/bus/cell-client.ts';
import { CommandClient } from '../../src/bus/command-client.ts';
import { Requester } from '../../src/bus/requester.ts';
import { systemClock, type Clock } from '../../src/foundation/clock.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { startGateway, type RunningGateway } from '../../src/gateway/index.ts';
import type { KeyPair } from '../../src/gateway/identity/certificates.ts';
import { readPair } from '../../src/gateway/identity/gateway-files.ts';
import { Fold } from '../../src/state/fold.ts';
import { BusCell } from './bus-cell.ts';
import { waitFor } from './wait-for.ts';

/** Long enough on a loaded machine. */
const EVENTS_MS = 10_000;

/** A field of an answer, by its path: `items.0.metadata.name`. */
export function at(json: unknown, path: string): unknown {
  let value = json;
  for (const part of path.split('.')) value = (value as Readonly<Record<string, unknown>> | undefined)?.[part];
  return value;
}

export interface Asked {
  readonly method?: string;
  /** Sent as JSON unless it is text or bytes. */
  readonly body?: unknown;
  readonly type?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The admin's where absent; nobody's where null. */
  readonly client?: KeyPair | null;
}

export interface Answered {
  readonly code: number;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
  /** Undefined where the answer is no JSON. */
  readonly json: unknown;
}

export class GatewayCell {
  readonly cell: BusCell;
  readonly directory = mkdtempSync(join(tmpdir(), 'periplus-gateway-'));
  readonly #clock: Clock;
  #gateway: RunningGateway | undefined;
  #client: CellClient | undefined;

  private constructor(cell: BusCell, clock: Clock) {
    this.cell = cell;
    this.#clock = clock;
  }

  /** The gateway's clock may be another, where a test would have to wait for long. */
  static async start(clock: Clock = systemClock): Promise<GatewayCell> {
    const started = new GatewayCell(await BusCell.start(), clock);
    await started.startGateway();
    return started;
  }

  get gateway(): RunningGateway {
    if (this.#gateway === undefined) throw new Error('the gateway was not started');
    return this.#gateway;
  }

  /** One that begins where the log is now, as after a start from a read model; ends the one before it. */
  async restartGateway(): Promise<void> {
    await this.gateway.close();
    await this.startGateway();
  }

  async startGateway(): Promise<void> {
    const bus = await this.cell.connect({ role: 'gateway', actor: 'system:gateway' });
    const shared = { bus, clock: systemClock, identifiers: systemIdentifiers };
    const client = new CellClient({ ...shared, deadlineMs: 5_000 });
    const requester = new Requester(bus, systemClock, systemIdentifiers.uuid());
    this.#client = client;
    this.#gateway = await startGateway({
      ...shared,
      clock: this.#clock,
      state: await this.#folded(),
      log: this.cell.log,
      client,
      submitter: new CommandClient({ bus, requester, clock: systemClock, deadlineMs: 5_000 }),
      directory: this.directory,
      port: 0,
      version: 'test',
      logger: silentLogger,
    });
  }

  async #folded() {
    const { state } = this.cell.fold;
    const fold = new Fold();
    const stop = new AbortController();
    for await (const batch of this.cell.log.read(1, stop.signal)) {
      for (const stored of batch) fold.apply(stored);
      if (fold.state.position.entry >= state.position.entry) break;
    }
    stop.abort();
    return fold.state;
  }

  get admin(): KeyPair {
    return readPair(this.directory, 'admin') as KeyPair;
  }

  get authority(): KeyPair {
    return readPair(this.directory, 'ca') as KeyPair;
  }

  #options({
    method = 'GET',
    client = this.admin,
    type = 'application/json',
    headers = {},
    body,
  }: Asked): RequestOptions {
    return {
      method,
      ca: this.authority.certificate,
      agent: false,
      ...(client === null ? {} : { cert: client.certificate, key: client.key }),
      headers: { ...(body === undefined ? {} : { 'Content-Type': type }), ...headers },
    };
  }

  /** Asks, and resolves with the whole answer. */
  async ask(path: string, asked: Asked = {}): Promise<Answered> {
    const response = await this.open(path, asked);
    const chunks: Uint8Array[] = [];
    for await (const chunk of response as AsyncIterable<Uint8Array>) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const isJson = (response.headers['content-type'] ?? '').startsWith('application/json');
    return {
      code: response.statusCode ?? 0,
      headers: response.headers,
      text,
      json: isJson && text.trim() !== '' && !text.includes('}\n{') ? JSON.parse(text) : undefined,
    };
  }

  /** Asks, and resolves with an answer whose body is still coming. */
  open(path: string, asked: Asked = {}): Promise<IncomingMessage> {
    const { body } = asked;
    const bytes = body === undefined ? undefined : bytesOf(body);
    return new Promise((resolve, reject) => {
      const sent = request(`${this.gateway.endpoint.url}${path}`, this.#options(asked), resolve);
      sent.on('error', reject);
      // Node itself says the length for some methods only.
      if (bytes !== undefined) sent.setHeader('Content-Length', bytes.byteLength);
      sent.end(bytes);
    });
  }

  /** A watch whose events are gathered. */
  async watch(path: string): Promise<Watching> {
    return new Watching(await this.open(path));
  }

  /** Creates a ConfigMap and resolves with what came of it. */
  configMap(name: string, data: Readonly<Record<string, string>> = {}, labels?: Readonly<Record<string, string>>) {
    const metadata = { name, ...(labels ? { labels } : {}) };
    return this.ask('/api/v1/namespaces/default/configmaps', { method: 'POST', body: { metadata, data } });
  }

  async dispose(): Promise<void> {
    await this.gateway.close();
    await this.#client?.close();
    await this.cell.dispose();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

interface WatchedEvent {
  readonly type: string;
  readonly object: { readonly metadata: { readonly name?: string; readonly resourceVersion: string } };
}

export class Watching {
  readonly events: WatchedEvent[] = [];
  readonly response: IncomingMessage;
  ended = false;
  #rest = '';

  constructor(response: IncomingMessage) {
    this.response = response;
    response.on('data', (chunk: Uint8Array) => {
      const lines = (this.#rest + Buffer.from(chunk).toString()).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) this.events.push(JSON.parse(line) as WatchedEvent);
    });
    response.on('close', () => (this.ended = true));
    response.on('error', () => (this.ended = true));
  }

  /** `ADDED one` for each event so far. */
  get told(): readonly string[] {
    return this.events.map(({ type, object }) => `${type} ${object.metadata.name ?? ''}`.trim());
  }

  async until(count: number): Promise<readonly string[]> {
    await waitFor(
      `${count} events`,
      () => {
        if (this.events.length < count) throw new Error(`came: ${this.told.join(', ')}`);
      },
      { timeoutMs: EVENTS_MS },
    );
    return this.told;
  }

  stop(): void {
    this.response.destroy();
  }
}
