// A cell on a real nats-server whose control plane runs in the test: real writer and fold, log and read model in memory.
import { bootstrapCommands } from '../../machines/index.ts';
import { AnswerSender } from '../../src/bus/chunks.ts';
import { serveCommands } from '../../src/bus/command-service.ts';
import { CellClient } from '../../src/bus/cell-client.ts';
import { connectBus, type Bus } from '../../src/bus/connection.ts';
import { EventPublisher } from '../../src/bus/event-publisher.ts';
import { actorOf, permissionsOf, type BusRole } from '../../src/bus/permissions.ts';
import { serveQueries } from '../../src/bus/query-service.ts';
import type { NatsUser } from '../../src/bus/server-users.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { newSigningKey } from '../../src/foundation/signing-key.ts';
import { CheckpointSigner } from '../../src/history/checkpoint-signer.ts';
import { signingKeyOf } from '../../src/log/checkpoint.ts';
import { digestState, recordsOf } from '../../src/state/state-digest.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { historyAnswers } from '../../src/history/answers/index.ts';
import { MemoryPast } from '../../src/history/memory-past.ts';
import { pastView } from '../../src/history/past-view.ts';
import type { Moment } from '../../src/history/past.ts';
import { MemoryLog } from '../../src/log/memory-log.ts';
import { Fold } from '../../src/state/fold.ts';
import type { CommandSink } from '../../src/writer/command-sink.ts';
import { Writer } from '../../src/writer/writer.ts';
import { MemoryCheckpoints } from './memory-checkpoints.ts';
import { TestNatsServer } from './nats-server.ts';
import { decodeToken, stateQueries } from './state-queries.ts';

const CELL = 'test.cell';
/** Long enough on a loaded machine, short enough for a test that waits for it. */
const CLIENT_DEADLINE_MS = 5_000;

export const ROLES: readonly BusRole[] = [
  { role: 'control-plane' },
  { role: 'operator', actor: 'admin' },
  { role: 'gateway', actor: 'system:gateway' },
  { role: 'reader', actor: 'viewer' },
  { role: 'node', node: 'n1' },
  { role: 'node', node: 'n2' },
];

function userOf(role: BusRole): NatsUser {
  const { publish, subscribe } = permissionsOf(CELL, role);
  const actor = actorOf(role);
  return { name: actor, password: actor, publish: { allow: publish }, subscribe: { allow: subscribe } };
}

export class BusCell {
  readonly cell = CELL;
  readonly server: TestNatsServer;
  readonly fold = new Fold();
  readonly log = new MemoryLog({ cell: CELL, lineage: 'one', clock: systemClock, appendTimeoutMs: 1_000 });
  readonly writer: Writer;
  readonly past = new MemoryPast();
  readonly #buses: Bus[] = [];
  readonly #stop = new AbortController();
  #plane: Bus | undefined;

  private constructor(server: TestNatsServer) {
    this.server = server;
    const { fold, log } = this;
    fold.subscribe(this.past.observe);
    const shared = { clock: systemClock, identifiers: systemIdentifiers, logger: silentLogger };
    this.writer = new Writer({ log, fold, ...shared, name: 'test' });
  }

  /** A cell that takes commands and answers queries. */
  static async start(): Promise<BusCell> {
    const cell = await BusCell.withoutService();
    cell.serve();
    await cell.write();
    return cell;
  }

  /** Only the server and the control plane's connection. */
  static async withoutService(): Promise<BusCell> {
    const cell = new BusCell(await TestNatsServer.start(ROLES.map(userOf)));
    cell.#plane = await cell.connect({ role: 'control-plane' });
    return cell;
  }

  /** The control plane's connection. */
  get plane(): Bus {
    if (this.#plane === undefined) throw new Error('the cell was not started');
    return this.#plane;
  }

  /** Serves commands, queries and events; of another sink than the writer where given. Ends with the signal or the cell. */
  serve(sink: CommandSink = this.writer, signal: AbortSignal = this.#stop.signal): AnswerSender {
    const bus = this.plane;
    const answers = new AnswerSender(bus, systemClock, systemIdentifiers);
    serveCommands({ bus, sink, answers, logger: silentLogger }, signal);
    const queries = stateQueries(this.fold.state);
    const { log } = this;
    const signer = new CheckpointSigner({
      cell: CELL,
      fold: this.fold,
      store: new MemoryCheckpoints(),
      key: signingKeyOf(newSigningKey()),
      clock: systemClock,
      logger: silentLogger,
    });
    const source = {
      queries,
      waitFor: (revision: number) =>
        queries.revision() >= revision ? Promise.resolve() : Promise.reject(new Error(`not yet at ${revision}`)),
      parseFieldSelector: () => [],
      decodeContinue: decodeToken,
      log,
      pastAt: (moment: Moment) => pastView(this.past, moment, systemClock.now()),
      history: historyAnswers({ past: this.past, view: this.fold.state, now: () => systemClock.now() }),
      proof: {
        checkpoint: () => signer.now(),
        digest: () => digestState(this.fold.state, () => Promise.resolve()),
        records: (createdRevisions: readonly number[]) => recordsOf(this.fold.state, createdRevisions),
      },
      status: () => ({
        cell: CELL,
        lineage: 'one',
        entry: this.fold.state.position.entry,
        revision: this.fold.state.position.revision,
        process: 'test',
        writing: this.writer.isWriting,
        queued: this.writer.queueLength,
        checkpointKey: signer.publicKey,
      }),
    };
    serveQueries({ bus, source, answers, clock: systemClock, logger: silentLogger }, signal);
    return answers;
  }

  /** Becomes the writer and publishes events. */
  async write(): Promise<void> {
    const publisher = new EventPublisher({ bus: this.plane, clock: systemClock, identifiers: systemIdentifiers });
    this.fold.subscribe(publisher.publish);
    this.#stop.signal.addEventListener('abort', () => publisher.stop());
    await new Promise<void>((resolve, reject) => {
      this.writer.hold(this.#stop.signal, { onWriting: resolve }).catch(reject);
    });
    await this.writer.submit(bootstrapCommands().map((draft) => ({ ...draft, actor: 'system:bootstrap' })));
  }

  async connect(role: BusRole, password = actorOf(role)): Promise<Bus> {
    const actor = actorOf(role);
    const bus = await connectBus(
      { cell: CELL, actor, url: this.server.server.url, user: actor, password },
      { name: actor },
    );
    this.#buses.push(bus);
    return bus;
  }

  /** A client as the operator, or as another role. */
  async client(role: BusRole = { role: 'operator', actor: 'admin' }): Promise<CellClient> {
    const bus = await this.connect(role);
    return new CellClient({ bus, clock: systemClock, identifiers: systemIdentifiers, deadlineMs: CLIENT_DEADLINE_MS });
  }

  async dispose(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#buses.map((bus) => bus.close().catch(() => undefined)));
    await this.server.dispose();
  }
}
