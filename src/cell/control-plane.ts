/** One control plane of a cell as a process: folds the log, projects it, and while it has the lease writes it and acts for the cell. */
import type { KeyObject } from 'node:crypto';
import { hostname } from 'node:os';
import { AnswerSender } from '../bus/chunks.ts';
import { serveCommands } from '../bus/command-service.ts';
import type { Bus } from '../bus/connection.ts';
import { EventPublisher } from '../bus/event-publisher.ts';
import { openLease } from '../bus/lease.ts';
import { NodeGateway } from '../bus/node-gateway.ts';
import { serveQueries } from '../bus/query-service.ts';
import { bootstrapCommands } from '../../machines/index.ts';
import type { Clock } from '../foundation/clock.ts';
import { systemIdentifiers } from '../foundation/identifiers.ts';
import type { Logger } from '../foundation/logger.ts';
import { LogDamageError, type Position } from '../log/entry.ts';
import { historyAnswers } from '../history/answers/index.ts';
import { pastView } from '../history/past-view.ts';
import type { EventLog } from '../log/event-log.ts';
import { decodeContinue, parseFieldSelector } from '../read-model/index.ts';
import { CheckpointSigner } from '../history/checkpoint-signer.ts';
import type { CheckpointStore } from '../log/checkpoint.ts';
import { Fold } from '../state/fold.ts';
import { digestState, recordsOf, type StateDigest } from '../state/state-digest.ts';
import { runLeadership } from '../writer/leadership.ts';
import { WRITER_LIMITS } from '../writer/limits.ts';
import { Writer } from '../writer/writer.ts';
import { checkChain } from './chain-check.ts';
import { NodeWork } from './node-work.ts';
import { openReadModel, type OpenReadModel } from './open-read-model.ts';
import { scheduleSnapshots, type SnapshotTaker } from './snapshots-schedule.ts';
import { startTerm } from './term.ts';

export interface ControlPlaneOptions {
  /** `control-plane`, `standby`: names the process in entries and status. */
  readonly name: string;
  readonly bus: Bus;
  readonly log: EventLog;
  readonly readModelFile: string;
  /** Where snapshots are and who takes them; none where absent. */
  readonly snapshots?: { readonly directory: string; readonly taker: SnapshotTaker };
  readonly checkpoints: CheckpointStore;
  /** Signs checkpoints. */
  readonly checkpointKey: KeyObject;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Runs until the signal is aborted. Rejects with LogDamageError when the log is wrong, or with what broke the read model. */
export async function runControlPlane(options: ControlPlaneOptions, signal: AbortSignal): Promise<void> {
  const { log, clock, logger } = options;
  const broken = new AbortController();
  const running = AbortSignal.any([signal, broken.signal]);
  const checkedUntilMs = clock.monotonic() + CHECK_BEFORE_WRITING_MAX_MS;
  const readModel = await openReadModel({
    file: options.readModelFile,
    snapshots: options.snapshots?.directory,
    log,
    clock,
    logger,
    onFailure: (error) => broken.abort(error),
  });
  const plane = new ControlPlane(options, readModel, (error) => broken.abort(error));
  try {
    await startCheck(readModel.state.position, checkedUntilMs, options, running, (error) => broken.abort(error));
    await plane.run(running);
    if (broken.signal.aborted && !signal.aborted) throw broken.signal.reason;
  } finally {
    await readModel.close();
  }
}

/**
 * A log of days is checked within this, counted from the start; a longer one on the side, since a start should not wait for all
 * of it. A cell so large that its state alone takes as long to load has such a log.
 */
const CHECK_BEFORE_WRITING_MAX_MS = 1_000;

/** Checks what the kept state stands on: what is found is told of, at the latest some time after the start. */
async function startCheck(
  kept: Position,
  waitUntilMs: number,
  { log, clock, logger }: ControlPlaneOptions,
  signal: AbortSignal,
  onFound: (error: unknown) => void,
): Promise<void> {
  if (kept.entry === 0) return;
  const enough = new AbortController();
  const inBackground = () => clock.monotonic() >= waitUntilMs;
  const checking = checkChain(log, kept, { clock, readBackMs: WRITER_LIMITS.readBackMs, signal, inBackground }).catch(
    (error: unknown) => {
      if (error instanceof LogDamageError) onFound(error);
      else logger.warn('the log before the kept state could not be checked', { error });
    },
  );
  const waitMs = Math.max(waitUntilMs - clock.monotonic(), 0);
  await Promise.race([checking, clock.sleep(waitMs, enough.signal).catch(() => undefined)]);
  enough.abort();
}

class ControlPlane {
  readonly #options: ControlPlaneOptions;
  readonly #readModel: OpenReadModel;
  readonly #fold: Fold;
  readonly #writer: Writer;
  readonly #answers: AnswerSender;
  readonly #stop: (error: unknown) => void;
  #digesting: Promise<StateDigest> | undefined;

  constructor(options: ControlPlaneOptions, readModel: OpenReadModel, stop: (error: unknown) => void) {
    const { bus, log, clock, logger, name } = options;
    this.#options = options;
    this.#readModel = readModel;
    this.#stop = stop;
    this.#fold = new Fold(readModel.state);
    this.#fold.subscribe((applied) => readModel.projector.project(applied));
    this.#fold.subscribe((applied) => readModel.history.recorder.observe(applied));
    const identifiers = systemIdentifiers;
    this.#writer = new Writer({ log, fold: this.#fold, clock, identifiers, logger, name: `${name}-${process.pid}` });
    this.#answers = new AnswerSender(bus, clock, identifiers);
  }

  async run(signal: AbortSignal): Promise<void> {
    const { bus, log, clock, logger, name, readModelFile } = this.#options;
    const lease = await openLease({
      connection: bus.connection,
      cell: bus.cell,
      // The same after a restart, so that a killed process need not wait for its own lease; its supervisor runs one of a name.
      holder: `${name} of ${hostname()}:${readModelFile}`,
      clock,
    });
    await runLeadership(
      {
        log,
        fold: this.#fold,
        writer: this.#writer,
        lease,
        clock,
        logger,
        onTerm: (term) => this.#beginTerm(term),
      },
      signal,
    );
  }

  /** Everything that only the writer does; it ends with the signal. */
  #beginTerm(signal: AbortSignal): void {
    const { bus, clock, logger } = this.#options;
    const fold = this.#fold;
    logger.info('this process is the writer', { position: fold.state.position });
    const { nodeHealth } = startTerm(
      { fold, sink: this.#writer, clock, logger, connected: () => bus.connected() },
      signal,
    );
    this.#serveNodes(signal, (node) => nodeHealth.heard(node));
    const forget = bus.onStatus((status) => {
      nodeHealth.restart();
      if (status === 'connected') this.#writer.confirm();
    });
    const publisher = new EventPublisher({ bus, clock, identifiers: systemIdentifiers });
    const unsubscribe = fold.subscribe(publisher.publish);
    signal.addEventListener('abort', () => {
      forget();
      unsubscribe();
      publisher.stop();
    });
    serveCommands({ bus, sink: this.#writer, answers: this.#answers, logger }, signal);
    const { checkpoints: store, checkpointKey: key } = this.#options;
    const signer = new CheckpointSigner({ cell: bus.cell, fold, store, key, clock, logger });
    signer.run(signal);
    const { snapshots } = this.#options;
    if (snapshots) scheduleSnapshots({ fold, taker: snapshots.taker, clock, logger }, signal);
    this.#serveQueries(signer, signal);
    void this.#writer.submit(bootstrapCommands().map((draft) => ({ ...draft, actor: 'system:bootstrap' })));
  }

  #serveNodes(signal: AbortSignal, heard: (node: string) => void): void {
    const { log, clock, logger, bus } = this.#options;
    const gateway = new NodeGateway(
      {
        bus,
        identifiers: systemIdentifiers,
        onHeartbeat: (node, position) => work.heartbeat(node, position),
        onWorkRequest: (node) => work.requested(node),
      },
      signal,
    );
    const work = new NodeWork({
      fold: this.#fold,
      log,
      clock,
      logger,
      heard,
      publish: (node, list) => gateway.publishWork(node, list),
      onLoss: this.#stop,
    });
    // What was published meanwhile is lost, and an agent that stayed connected does not know it.
    const forget = bus.onStatus((status) => {
      if (status === 'connected') work.publishAll();
    });
    signal.addEventListener('abort', () => {
      work.stop();
      forget();
    });
  }

  #serveQueries(signer: CheckpointSigner, signal: AbortSignal): void {
    const { bus, log, clock, logger, name } = this.#options;
    const { queries, projector, history } = this.#readModel;
    serveQueries(
      {
        bus,
        answers: this.#answers,
        clock,
        logger,
        source: {
          queries,
          waitFor: (revision, timeoutMs) => projector.waitFor(revision, timeoutMs),
          waitForPast: (revision, timeoutMs) => history.reach(revision, timeoutMs),
          parseFieldSelector,
          decodeContinue,
          log,
          pastAt: (moment) => pastView(history.past, moment, clock.now()),
          history: historyAnswers({ past: history.past, view: this.#fold.state, now: () => clock.now() }),
          proof: {
            checkpoint: () => signer.now(),
            digest: () => this.#digest(),
            records: (createdRevisions) => recordsOf(this.#fold.state, createdRevisions),
          },
          status: () => {
            const { position } = this.#fold.state;
            return {
              cell: bus.cell,
              lineage: position.lineage,
              entry: position.entry,
              revision: position.revision,
              process: name,
              writing: this.#writer.isWriting,
              queued: this.#writer.queueLength,
              checkpointKey: signer.publicKey,
              ...(signer.latest ? { checkpoint: { entry: signer.latest.entry, time: signer.latest.time } } : {}),
              ...(projector.trouble ? { trouble: projector.trouble.message } : {}),
            };
          },
        },
      },
      signal,
    );
  }

  /** One at a time: it takes as long as hashing all objects. */
  #digest(): Promise<StateDigest> {
    this.#digesting ??= digestState(this.#fold.state, () => this.#options.clock.sleep(0)).finally(() => {
      this.#digesting = undefined;
    });
    return this.#digesting;
  }
}
