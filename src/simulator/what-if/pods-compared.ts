/** What became of every pod: base and end compared, and each pod that left paired with the one that took its place. */
import {
  boundNode,
  controllerOf,
  isEvicting,
  isLive,
  isNodeLost,
  isReachable,
  type NodeContext,
  type PodContext,
  type PodRecord,
  type View,
} from '../../../machines/index.ts';
import { formatTime } from '../../foundation/clock.ts';
import type { AffectedPod, MovedPod, PendingPod, PlacedPod, PodName, WhatIfAnswer } from './answer.ts';
import type { Departure } from './departures.ts';
import { PendingReasons } from './pending-reasons.ts';
import type { Step } from './scenario.ts';

/** The live pods before the first step, by uid. */
export type LivePods = ReadonlyMap<string, PodRecord>;

export function livePods(view: View): LivePods {
  const pods = [...view.list<PodContext>('Pod')].filter(isLive);
  return new Map(pods.toSorted(byName).map((pod) => [pod.uid, pod]));
}

export interface Compared {
  readonly before: LivePods;
  readonly view: View;
  readonly steps: readonly Step[];
  /** Pods that a drain left, by uid. */
  readonly held: ReadonlySet<string>;
  departureOf(uid: string): Departure | undefined;
}

type Pods = Pick<WhatIfAnswer, 'moved' | 'pending' | 'lost' | 'staying' | 'placed' | 'removed'>;

export function comparePods(compared: Compared): Pods {
  return new PodsCompared(compared).answer();
}

class PodsCompared {
  readonly #compared: Compared;
  readonly #after: LivePods;
  readonly #reasons: PendingReasons;
  /** What took its place, by the uid of the pod that left; and the other way round. */
  readonly #successors = new Map<string, PodRecord>();
  readonly #predecessors = new Map<string, PodRecord>();
  readonly #moved: MovedPod[] = [];
  readonly #pending: PendingPod[] = [];
  readonly #lost: AffectedPod[] = [];
  readonly #staying: AffectedPod[] = [];
  readonly #placed: PlacedPod[] = [];
  readonly #removed: AffectedPod[] = [];

  constructor(compared: Compared) {
    this.#compared = compared;
    this.#after = livePods(compared.view);
    this.#reasons = new PendingReasons(compared.view);
    this.#pair();
  }

  answer(): Pods {
    for (const pod of this.#compared.before.values()) this.#judgeBefore(pod);
    for (const pod of this.#after.values()) this.#judgeAfter(pod);
    return {
      moved: this.#moved,
      pending: this.#pending,
      lost: this.#lost,
      staying: this.#staying,
      placed: this.#placed,
      removed: this.#removed,
    };
  }

  /** By the controller's slot, which is what a replacement fills; pods without one by their controller, in the order of names. */
  #pair(): void {
    const { before } = this.#compared;
    const left = [...before.values()].filter(({ uid }) => !this.#after.has(uid));
    const came = [...this.#after.values()].filter(({ uid }) => !before.has(uid));
    for (const placeOf of [slotOf, ownerOf]) {
      const vacant = Map.groupBy(
        left.filter(({ uid }) => !this.#successors.has(uid)),
        placeOf,
      );
      for (const pod of came.filter(({ uid }) => !this.#predecessors.has(uid))) {
        const place = placeOf(pod);
        const predecessor = place === undefined ? undefined : vacant.get(place)?.shift();
        if (predecessor === undefined) continue;
        this.#successors.set(predecessor.uid, pod);
        this.#predecessors.set(pod.uid, predecessor);
      }
    }
  }

  #judgeBefore(pod: PodRecord): void {
    if (this.#after.has(pod.uid)) return;
    const { why, step } = this.#compared.departureOf(pod.uid) ?? { why: 'gone', step: 0 };
    const from = boundNode(pod);
    const successor = this.#successors.get(pod.uid);
    if (successor !== undefined) {
      const to = boundNode(successor);
      const where = { ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
      this.#moved.push({ ...nameOf(pod), ...where, replacedBy: successor.name, why, step });
      return;
    }
    const affected = { ...nameOf(pod), ...(from === undefined ? {} : { node: from }), step };
    if (this.#wasAskedFor(step)) this.#removed.push({ ...affected, why });
    else if (ownerOf(pod) !== undefined && this.#areObjectsChangedAfter(step))
      this.#removed.push({ ...affected, why: `${why}, and a later step left no place for another` });
    else this.#lost.push({ ...affected, why: `${why}, and nothing replaces it` });
  }

  /** What a step about objects takes away is what it was meant to do; what a step about nodes takes away is lost. */
  #wasAskedFor(step: number): boolean {
    const action = this.#compared.steps[step - 1]?.do;
    return action !== 'drain' && action !== 'lose' && action !== 'removeNodes';
  }

  /** Whether the controller that would have replaced the pod, or did, may have been told by then that it is one too many. */
  #areObjectsChangedAfter(step: number): boolean {
    return this.#compared.steps
      .slice(step)
      .some(({ do: action }) => action === 'scale' || action === 'apply' || action === 'delete');
  }

  #judgeAfter(pod: PodRecord): void {
    const was = this.#compared.before.get(pod.uid);
    const node = boundNode(pod);
    if (node === undefined) return this.#judgePending(pod, was !== undefined);
    if (isNodeLost(pod) || this.#isSilent(node)) return this.#judgeUnreachable(pod, node);
    if (this.#compared.held.has(pod.uid)) {
      const why =
        'no controller would replace it: the drain leaves it unless it has "force: true", which deletes it for good';
      this.#staying.push({ ...nameOf(pod), node, why });
    } else if ((was === undefined && !this.#predecessors.has(pod.uid)) || (was && boundNode(was) === undefined)) {
      this.#placed.push({ ...nameOf(pod), node, ...controllerName(pod), isNew: was === undefined });
    }
  }

  #judgePending(pod: PodRecord, already: boolean): void {
    const { message, ruledOut } = this.#reasons.of(pod);
    const replaces = this.#predecessors.get(pod.uid)?.name;
    const more = replaces === undefined ? {} : { replaces };
    this.#pending.push({ ...nameOf(pod), why: message, ruledOut, ...controllerName(pod), already, ...more });
  }

  /** Where a pod was on a silent node before the first step, that is told as well: it is of no use there. */
  #judgeUnreachable(pod: PodRecord, node: string): void {
    const { departureOf } = this.#compared;
    const { why, step } = departureOf(pod.uid) ?? { why: `node ${node} is unreachable`, step: this.#lostBy(node) };
    const affected = { ...nameOf(pod), node, step };
    if (controllerOf(pod.context.metadata) === undefined)
      this.#lost.push({ ...affected, why: `${why}, and no controller would replace it` });
    else this.#staying.push({ ...affected, why: `${why}; ${this.#whyNotEvicted(pod, node)}` });
  }

  /** The step that lost a node; 0 where it was silent before. */
  #lostBy(node: string): number {
    return this.#compared.steps.findIndex((step) => step.do === 'lose' && step.nodes.includes(node)) + 1;
  }

  #whyNotEvicted(pod: PodRecord, node: string): string {
    const record = this.#compared.view.get<NodeContext>('Node', '', node);
    if (record !== undefined && !isEvicting(record))
      return 'more than half of the nodes fell silent at once, so nothing is evicted';
    const evictAt = pod.context.nodeLoss?.evictAt;
    return evictAt === undefined
      ? 'it tolerates that for ever'
      : `it tolerates that until ${formatTime(evictAt)}, beyond the time that was played`;
  }

  #isSilent(node: string): boolean {
    const record = this.#compared.view.get<NodeContext>('Node', '', node);
    return record !== undefined && !isReachable(record);
  }
}

function slotOf(pod: PodRecord): string | undefined {
  const { slot } = pod.context;
  const owner = ownerOf(pod);
  return slot === undefined || owner === undefined ? undefined : `${owner}/${slot}`;
}

function ownerOf({ context }: PodRecord): string | undefined {
  return controllerOf(context.metadata)?.uid;
}

function controllerName({ context }: PodRecord): { readonly controller?: string } {
  const owner = controllerOf(context.metadata);
  return owner === undefined ? {} : { controller: `${owner.kind} ${owner.name}` };
}

function nameOf({ namespace, name }: PodRecord): PodName {
  return { namespace, name };
}

function byName(one: PodRecord, other: PodRecord): number {
  const [left, right] = [`${one.namespace}/${one.name}`, `${other.namespace}/${other.name}`];
  return left < right ? -1 : left > right ? 1 : 0;
}
