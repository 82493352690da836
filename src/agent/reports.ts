/** Tells the control plane what this node sees: one message in flight, whatever waits meanwhile merged, each report until it is answered. */
import type { CommandDraft, NotDecidedReason, Outcome } from '../../machines/index.ts';
import type { ReportArguments } from '../../machines/pod/index.ts';
import type { Clock, Timer } from '../foundation/clock.ts';
import type { Identifiers } from '../foundation/identifiers.ts';
import type { Logger } from '../foundation/logger.ts';
import type { ControlPlaneLink, WorkPod } from './control-plane-link.ts';
import type { PodUpdate, WaitingReport } from './report-merge.ts';
import { estimateBytes, mergeUpdate, newWaitingReport } from './report-merge.ts';

/** What one entry of the log holds; a longer message would only be cut up again. */
export const REPORTS_PER_MESSAGE_MAX = 256;

/** Far below what the bus carries (8 MB), for an estimate may be off by a factor. */
export const MESSAGE_BYTES_MAX = 1_000_000;

/** A writer that changes over is back within some hundred milliseconds; one that stays away is asked no more than this often. */
export const RETRY_INITIAL_MS = 100;
export const RETRY_MAXIMUM_MS = 5_000;

export interface ReportsOptions {
  readonly node: string;
  readonly link: Pick<ControlPlaneLink, 'connected' | 'send'>;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly logger: Logger;
  /** The highest revision this node has seen; undefined before its first work list. */
  seen?(): number | undefined;
  /** The cell has forgotten what it knew at that revision: a newer work list is needed. */
  onTooOld?(): void;
}

interface Sent {
  readonly draft: CommandDraft;
  readonly waiting: WaitingReport;
}

export class Reports {
  readonly #options: ReportsOptions;
  /** Tells this process's reports from those of the one before, whose outcomes are remembered under their ids. */
  readonly #incarnation: string;
  #sequence = 0;
  readonly #waiting = new Map<string, WaitingReport>();
  /** In flight, or to be repeated under the same ids. */
  #sent: Sent[] = [];
  readonly #numbers = new Map<string, Map<string, number>>();
  #busy = false;
  #scheduled = false;
  #closed = false;
  /** Told when nothing waits any more. */
  #flushed: (() => void) | undefined;
  #retryMs = RETRY_INITIAL_MS;
  #retry: Timer | undefined;

  constructor(options: ReportsOptions) {
    this.#options = options;
    this.#incarnation = options.identifiers.uuid().slice(0, 8);
  }

  /** Adds to what waits to be told of a pod. */
  submit(work: WorkPod, update: PodUpdate): void {
    let waiting = this.#waiting.get(work.uid);
    if (waiting === undefined) this.#waiting.set(work.uid, (waiting = newWaitingReport(work)));
    mergeUpdate(waiting, work, update);
    this.#schedule();
  }

  /** Whether the control plane has folded a number above all that was sent for a container: its level has to be told again. */
  isBehind(work: WorkPod): boolean {
    const numbers = this.#numbers.get(work.uid);
    if (numbers === undefined) return false;
    return Object.entries(work.containers).some(([name, folded]) => folded.number > (numbers.get(name) ?? Infinity));
  }

  /** Whether something about a pod is still to be told. */
  isPending(uid: string): boolean {
    return this.#waiting.has(uid) || this.#sent.some(({ waiting }) => waiting.work.uid === uid);
  }

  /** The pod is gone from the cell: nobody wants to hear of it. */
  forget(uid: string): void {
    this.#waiting.delete(uid);
    this.#numbers.delete(uid);
  }

  /** The bus is back: try now rather than when the wait is over. */
  kick(): void {
    this.#retry?.cancel();
    this.#retry = undefined;
    this.#retryMs = RETRY_INITIAL_MS;
    this.#schedule();
  }

  /** Resolves once all is told, or nobody listens for so long. */
  async flush(limitMs: number): Promise<void> {
    const { clock } = this.#options;
    const flushed = Promise.withResolvers<void>();
    this.#flushed = flushed.resolve;
    const timer = clock.after(limitMs, flushed.resolve);
    this.kick();
    await flushed.promise;
    timer.cancel();
  }

  close(): void {
    this.#closed = true;
    this.#retry?.cancel();
  }

  /** After the current step, so that all reports made in it leave together. */
  #schedule(): void {
    if (this.#scheduled || this.#busy || this.#closed || this.#retry !== undefined) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      if (!this.#busy && this.#retry === undefined) void this.#run();
    });
  }

  async #run(): Promise<void> {
    const { link } = this.#options;
    this.#busy = true;
    while (!this.#closed && link.connected()) {
      this.#fill();
      if (this.#sent.length === 0) break;
      if (!(await this.#exchange())) {
        this.#retryLater();
        break;
      }
      this.#retryMs = RETRY_INITIAL_MS;
    }
    this.#busy = false;
    if (this.#sent.length === 0 && this.#waiting.size === 0) this.#flushed?.();
  }

  /** Whether all that was sent is settled. */
  async #exchange(): Promise<boolean> {
    const batch = this.#sent;
    let outcomes: readonly Outcome[];
    try {
      outcomes = await this.#options.link.send(batch.map(({ draft }) => draft));
    } catch (error) {
      this.#options.logger.debug('reports were not answered and will be sent again', { error, reports: batch.length });
      return false;
    }
    if (outcomes.length !== batch.length) throw new Error(`${batch.length} commands had ${outcomes.length} outcomes`);
    this.#sent = batch.filter((sent, i) => !this.#settle(sent, outcomes[i] as Outcome));
    const isTooOld = outcomes.some((outcome) => outcome.outcome === 'not-decided' && outcome.why === 'TooOld');
    if (isTooOld) this.#options.onTooOld?.();
    return this.#sent.length === 0 && !isTooOld;
  }

  /** False when the report has to be sent again as it is. */
  #settle(sent: Sent, outcome: Outcome): boolean {
    switch (outcome.outcome) {
      case 'accepted':
      case 'unchanged':
        return true;
      case 'refused':
        this.#options.logger.info('a report was refused', { command: sent.draft.id, refusal: outcome.refusal });
        return true;
      case 'not-decided':
        return this.#settleUndecided(sent, outcome.why);
      default:
        return outcome satisfies never;
    }
  }

  #settleUndecided(sent: Sent, why: NotDecidedReason): boolean {
    switch (why) {
      case 'NotTheWriter':
      case 'QueueFull':
      case 'Expired':
        return false;
      case 'TooOld':
        // Whether it was decided is not known, and does not matter: it is a level, told again under a new id.
        this.#putBack(sent.waiting);
        return true;
      case 'Malformed':
      case 'TooLarge':
        this.#options.logger.error('a report can never be decided and was dropped', { command: sent.draft, why });
        return true;
      default:
        return why satisfies never;
    }
  }

  /** What was told meanwhile is later, and wins. */
  #putBack(older: WaitingReport): void {
    const later = this.#waiting.get(older.work.uid);
    this.#waiting.set(older.work.uid, older);
    if (later === undefined) return;
    const { sandbox, notices, cleanedUp } = later;
    const containers = [...later.containers.values()];
    mergeUpdate(older, later.work, { ...(sandbox && { sandbox }), containers, notices, cleanedUp });
  }

  #fill(): void {
    let bytes = this.#sent.reduce((sum, { waiting }) => sum + estimateBytes(waiting), 0);
    for (const [uid, waiting] of this.#waiting) {
      bytes += estimateBytes(waiting);
      if (this.#sent.length >= REPORTS_PER_MESSAGE_MAX || (bytes > MESSAGE_BYTES_MAX && this.#sent.length > 0)) return;
      this.#waiting.delete(uid);
      this.#sent.push({ waiting, draft: this.#draft(waiting) });
    }
  }

  #draft({ work, sandbox, containers, notices, cleanedUp }: WaitingReport): CommandDraft {
    this.#sequence += 1;
    const seen = this.#options.seen?.();
    const report: ReportArguments = {
      node: this.#options.node,
      ...(sandbox && { sandbox }),
      containers: [...containers.values()].map((level) => ({ ...level, number: this.#nextNumber(work, level.name) })),
      ...(notices.length > 0 && { notices }),
      ...(cleanedUp && { cleanedUp }),
    };
    return {
      id: `${work.uid}/${this.#incarnation}-${this.#sequence}`,
      kind: 'Pod',
      namespace: work.namespace,
      name: work.name,
      verb: 'report',
      arguments: report,
      ...(seen !== undefined && { seen }),
      cause: work.revision,
      correlation: work.correlation,
      preconditions: { uid: work.uid },
    };
  }

  /** Above all that was sent and folded. A process's first one is the hour, above what the process before may still have under way. */
  #nextNumber(work: WorkPod, container: string): number {
    let numbers = this.#numbers.get(work.uid);
    if (numbers === undefined) this.#numbers.set(work.uid, (numbers = new Map()));
    const last = numbers.get(container) ?? this.#options.clock.now();
    const number = Math.max(last, work.containers[container]?.number ?? 0) + 1;
    numbers.set(container, number);
    return number;
  }

  #retryLater(): void {
    if (this.#closed) return;
    this.#retry = this.#options.clock.after(
      this.#retryMs,
      () => {
        this.#retry = undefined;
        this.#schedule();
      },
      { background: true },
    );
    this.#retryMs = Math.min(this.#retryMs * 2, RETRY_MAXIMUM_MS);
  }
}
