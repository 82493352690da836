/** Binds pending pods to nodes; the only part of the scheduler with effects. Runs in the process that holds the lease. */
import { keyText, type Command, type View } from '../../machines/index.ts';
import { needsScheduling, unschedulableMessage, type PodContext } from '../../machines/pod/index.ts';
import type { Clock, Timer } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { Change } from '../state/applied-entry.ts';
import type { CommandSink } from '../writer/command-sink.ts';
import { demandOf, type PodDemand } from './candidate.ts';
import { Cluster, signatureOf, type PodRecord } from './cluster.ts';
import { TemplatePlan, type NoPlacement, type Placement } from './plan.ts';

const ACTOR = 'system:scheduler';
/** Most pods planned in one pass, so that the first of many are bound while the rest wait. */
export const PASS_MAX_PODS = 1_000;
/** Pods that found no node are tried again after this long even if nothing that matters was seen to change: Kubernetes' five minutes. */
export const UNSCHEDULABLE_RETRY_MS = 5 * 60_000;

export interface SchedulerOptions {
  readonly view: View;
  readonly sink: CommandSink;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Planned {
  readonly command: Command;
  readonly pod: PodRecord;
  readonly demand: PodDemand;
  readonly node: string | undefined;
}

export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #cluster: Cluster;
  /** Pods to place, by key, in the order they came. */
  readonly #pending = new Map<string, PodRecord>();
  /** Pods that found no node, until something that matters changes. */
  readonly #unschedulable = new Map<string, PodRecord>();
  #busy = false;
  #scheduled = false;
  #stopped = false;
  #retry: Timer | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#cluster = new Cluster(options.view);
    for (const pod of options.view.list<PodContext>('Pod')) this.#consider(pod);
    this.#wake();
  }

  observe(change: Change): void {
    const makesRoom = this.#cluster.observe(change, this.#options.view);
    if (change.commit.kind === 'Pod') this.#observePod(change);
    if (makesRoom) this.#retryAll();
    this.#wake();
  }

  #observePod({ commit, before, after }: Change): void {
    const key = keyText(commit);
    const waits = this.#unschedulable.has(key);
    this.#pending.delete(key);
    this.#unschedulable.delete(key);
    if (after === undefined || !needsScheduling(after as PodRecord)) return;
    const { spec } = (after as PodRecord).context;
    // What the scheduler itself wrote of a pod that found no node is no reason to try it again.
    if (waits && (before as PodRecord | undefined)?.context.spec === spec)
      this.#unschedulable.set(key, after as PodRecord);
    else this.#pending.set(key, after as PodRecord);
  }

  stop(): void {
    this.#stopped = true;
    this.#retry?.cancel();
  }

  /** Pods waiting for a node. */
  get waiting(): number {
    return this.#pending.size + this.#unschedulable.size;
  }

  #consider(pod: PodRecord): void {
    const key = keyText(pod);
    this.#unschedulable.delete(key);
    if (needsScheduling(pod)) this.#pending.set(key, pod);
  }

  #retryAll(): void {
    for (const [key, pod] of this.#unschedulable) this.#pending.set(key, pod);
    this.#unschedulable.clear();
  }

  #wake(): void {
    if (this.#scheduled || this.#busy || this.#stopped || this.#pending.size === 0) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      void this.#pass();
    });
  }

  async #pass(): Promise<void> {
    if (this.#busy || this.#stopped) return;
    this.#busy = true;
    const planned = this.#plan();
    const outcomes = await this.#options.sink.submit(planned.map(({ command }) => command));
    for (const [index, { pod, demand, node }] of planned.entries()) {
      if (node !== undefined) this.#cluster.unplan(node, demand);
      const outcome = outcomes[index]?.outcome;
      if (outcome === 'refused' || outcome === 'not-decided') this.#again(pod);
    }
    this.#busy = false;
    if (this.#unschedulable.size > 0) this.#armRetry();
    this.#wake();
  }

  /** A command that was not accepted: the pod is weighed anew with what the cell looks like now. */
  #again(pod: PodRecord): void {
    const now = this.#options.view.get<PodContext>('Pod', pod.namespace, pod.name);
    if (now?.uid === pod.uid) this.#consider(now);
  }

  #plan(): readonly Planned[] {
    const plans = new Map<string, TemplatePlan>();
    const planned: Planned[] = [];
    for (const [key, pod] of this.#pending) {
      if (planned.length >= PASS_MAX_PODS) break;
      this.#pending.delete(key);
      const demand = demandOf(pod.context);
      const signature = signatureOf(pod);
      let plan = plans.get(signature);
      if (plan === undefined) plans.set(signature, (plan = new TemplatePlan(demand, this.#cluster.candidates)));
      const placement = plan.place();
      if ('node' in placement) planned.push({ command: this.#bind(pod, placement), pod, demand, node: placement.node });
      else {
        this.#unschedulable.set(key, pod);
        if (unschedulableMessage(pod) !== placement.message) {
          planned.push({ command: this.#markUnschedulable(pod, placement), pod, demand, node: undefined });
        }
      }
    }
    return planned;
  }

  #bind(pod: PodRecord, placement: Placement): Command {
    const { feasibleNodes, totalNodes } = placement;
    const reason = `${feasibleNodes} of ${totalNodes} nodes fit, ${placement.node} scored highest (${placement.score})`;
    return this.#command(pod, 'bind', placement, reason);
  }

  #markUnschedulable(pod: PodRecord, { message, ruledOut }: NoPlacement): Command {
    return this.#command(pod, 'markUnschedulable', { message, ruledOut }, 'no node fits');
  }

  #command(pod: PodRecord, verb: string, args: object, reason: string): Command {
    return {
      id: `scheduler/${pod.uid}/${verb}/${this.#options.view.revision}`,
      kind: 'Pod',
      namespace: pod.namespace,
      name: pod.name,
      verb,
      arguments: args,
      actor: ACTOR,
      seen: this.#options.view.revision,
      cause: pod.revision,
      correlation: pod.correlation,
      reason,
      preconditions: { uid: pod.uid },
    };
  }

  #armRetry(): void {
    this.#retry ??= this.#options.clock.after(UNSCHEDULABLE_RETRY_MS, () => {
      this.#retry = undefined;
      this.#retryAll();
      this.#wake();
    });
  }
}
