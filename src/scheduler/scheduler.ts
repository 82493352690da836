/** Binds pending pods to nodes; the only part of the scheduler with effects. Runs in the process that holds the lease. */
import type { Command, Outcome, View } from '../../machines/index.ts';
import {
  UNSCHEDULED,
  UNSCHEDULED_INDEX,
  unschedulableMessage,
  type BindArguments,
  type MarkUnschedulableArguments,
  type PodContext,
} from '../../machines/pod/index.ts';
import type { Clock, Timer } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { Change } from '../state/applied-entry.ts';
import type { CommandSink } from '../writer/command-sink.ts';
import { Cluster } from './cluster.ts';
import { demandOf, signatureOf, type PodDemand } from './demand.ts';
import { TemplatePlan, type NoPlacement, type Placement } from './plan.ts';
import { SchedulingQueue, type WaitingPod } from './scheduling-queue.ts';

const ACTOR = 'system:scheduler';
/** Most commands of one pass, about four entries, so that the first of many pods are bound while the rest wait. */
export const PASS_MAX_COMMANDS = 1_000;
/** Pods that found no node are tried again after this long even if nothing that matters was seen to change: Kubernetes' five minutes. */
export const UNSCHEDULABLE_RETRY_MS = 5 * 60_000;

export interface SchedulerOptions {
  readonly view: View;
  readonly sink: CommandSink;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Planned {
  readonly waiting: WaitingPod;
  readonly demand: PodDemand;
  readonly placement: Placement | NoPlacement;
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #cluster: Cluster;
  readonly #queue: SchedulingQueue;
  #passing = false;
  #woken = false;
  #stopped = false;
  #retry: Timer | undefined;

  /** Begins with all pods that wait, the oldest first. */
  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#cluster = new Cluster(options.view);
    this.#queue = new SchedulingQueue(options.clock, () => this.#wake());
    const waiting = [...options.view.indexed<PodContext>('Pod', UNSCHEDULED_INDEX, UNSCHEDULED)];
    for (const pod of waiting.toSorted((a, b) => a.createdRevision - b.createdRevision)) this.#queue.add(pod);
    this.#wake();
  }

  observe(change: Change): void {
    const { revision, correlation } = change.commit;
    if (this.#cluster.observe(change, this.#options.view)) this.#queue.retryUnschedulable({ revision, correlation });
    if (change.commit.kind === 'Pod') this.#queue.observe(change);
    this.#wake();
  }

  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
    this.#queue.stop();
  }

  /** After the current step, so that everything an entry changed is weighed together. */
  #wake(): void {
    if (this.#woken || this.#passing || this.#stopped || !this.#queue.hasActive) return;
    this.#woken = true;
    queueMicrotask(() => {
      this.#woken = false;
      if (!this.#passing && !this.#stopped) void this.#pass();
    });
  }

  async #pass(): Promise<void> {
    const { sink } = this.#options;
    this.#passing = true;
    const planned = this.#plan();
    const outcomes = planned.length === 0 ? [] : await sink.submit(planned.map((plan) => this.#command(plan)));
    this.#passing = false;
    if (this.#stopped) return;
    this.#settle(planned, outcomes);
    if (this.#queue.hasUnschedulable) this.#armRetry();
    this.#wake();
  }

  #plan(): readonly Planned[] {
    const plans = new Map<string, TemplatePlan>();
    const planned: Planned[] = [];
    while (planned.length < PASS_MAX_COMMANDS) {
      const waiting = this.#queue.take();
      if (waiting === undefined) break;
      const demand = demandOf(waiting.pod.context);
      const signature = signatureOf(demand);
      let plan = plans.get(signature);
      if (plan === undefined) plans.set(signature, (plan = new TemplatePlan(demand, this.#cluster.candidates)));
      const placement = plan.place();
      if (placement.candidate === undefined) this.#queue.setAside(waiting);
      const isKnown = placement.candidate === undefined && unschedulableMessage(waiting.pod) === placement.message;
      if (!isKnown) planned.push({ waiting, demand, placement });
    }
    return planned;
  }

  /** What was planned has come true and was counted in by its change, or has not and must be given back. */
  #settle(planned: readonly Planned[], outcomes: readonly Outcome[]): void {
    const { view, logger } = this.#options;
    let gaveBack = false;
    for (const [index, { waiting, demand, placement }] of planned.entries()) {
      placement.candidate?.release(demand);
      const outcome = outcomes[index];
      if (outcome?.outcome === 'accepted' || outcome?.outcome === 'unchanged') continue;
      gaveBack ||= placement.candidate !== undefined;
      const { namespace, name, uid } = waiting.pod;
      logger.debug('a command about a pod was not accepted: weighing it again', { namespace, name, outcome });
      const now = view.get<PodContext>('Pod', namespace, name);
      if (now?.uid === uid) this.#queue.rest(waiting, now);
    }
    if (gaveBack) this.#queue.retryUnschedulable();
  }

  #command({ waiting: { pod, cause }, placement }: Planned): Command {
    const { revision } = this.#options.view;
    const what = placement.candidate === undefined ? markUnschedulable(placement) : bind(placement);
    return {
      ...what,
      id: `scheduler/${pod.uid}/${what.verb}/${revision}`,
      kind: 'Pod',
      namespace: pod.namespace,
      name: pod.name,
      actor: ACTOR,
      seen: revision,
      cause: cause.revision,
      correlation: cause.correlation,
      preconditions: { uid: pod.uid },
    };
  }

  #armRetry(): void {
    this.#retry ??= this.#options.clock.after(UNSCHEDULABLE_RETRY_MS, () => {
      this.#retry = undefined;
      this.#queue.retryUnschedulable();
      this.#wake();
    });
  }
}

type What = Pick<Command, 'verb' | 'arguments' | 'reason'>;

function bind({ candidate: { name: node }, without, ...why }: Placement): What {
  const { score, feasibleNodes, totalNodes } = why;
  const choice: BindArguments = { node, ...why };
  const unnamed = totalNodes - feasibleNodes - without.length;
  const others = [...without, ...(unnamed > 0 ? [`${unnamed} more do not fit`] : [])];
  const fit = [`${feasibleNodes} of ${totalNodes} nodes fit`, ...others].join(', ');
  const reason = feasibleNodes > 1 ? `${fit}; ${node} scored highest (${score})` : fit;
  return { verb: 'bind', arguments: choice, reason };
}

function markUnschedulable({ message, ruledOut }: NoPlacement): What {
  const judgement: MarkUnschedulableArguments = { message, ruledOut };
  return { verb: 'markUnschedulable', arguments: judgement };
}
