/** Pods that wait for a node: to be placed now, found unschedulable, or resting because a command about them was not accepted. */
import { keyText } from '../../machines/index.ts';
import { needsScheduling, type PodRecord } from '../../machines/pod/index.ts';
import type { Clock, Timer } from '../foundation/clock.ts';
import { doublingWaitMs, type DoublingLimits } from '../foundation/doubling.ts';
import type { Change } from '../state/applied-entry.ts';

/** A refusal means that somebody was quicker, so the first wait is short; the longest is Kubernetes' of a pod, ten seconds. */
export const POD_BACK_OFF: DoublingLimits = { minimumMs: 10, maximumMs: 10_000 };

/** The change that led to something, and the first one of its chain. */
export interface Cause {
  readonly revision: number;
  readonly correlation: number;
}

export interface WaitingPod {
  pod: PodRecord;
  /** What brought it up: its own change, or the one that made room. */
  cause: Cause;
  /** Commands about it that were not accepted, in a row. */
  readonly failures: number;
}

export class SchedulingQueue {
  readonly #clock: Clock;
  readonly #onActive: () => void;
  /** To be placed, by key, in the order they came. */
  readonly #active = new Map<string, WaitingPod>();
  readonly #unschedulable = new Map<string, WaitingPod>();
  readonly #resting = new Map<string, { readonly waiting: WaitingPod; readonly timer: Timer }>();

  /** `onActive` is called when a pod has rested enough. */
  constructor(clock: Clock, onActive: () => void) {
    this.#clock = clock;
    this.#onActive = onActive;
  }

  get hasActive(): boolean {
    return this.#active.size > 0;
  }

  get hasUnschedulable(): boolean {
    return this.#unschedulable.size > 0;
  }

  add(pod: PodRecord): void {
    const { revision, correlation } = pod;
    this.#active.set(keyText(pod), { pod, cause: { revision, correlation }, failures: 0 });
  }

  /** Takes note of a pod's change. */
  observe({ commit, after }: Change): void {
    const key = keyText(commit);
    const pod = after as PodRecord | undefined;
    if (pod === undefined || !needsScheduling(pod)) return this.#forget(key);
    const waiting = this.#active.get(key) ?? this.#unschedulable.get(key) ?? this.#resting.get(key)?.waiting;
    if (waiting === undefined) return this.add(pod);
    // Only the spec says where it may go; what the scheduler itself wrote of it is no reason to try again.
    const sameSpec = waiting.pod.context.spec === pod.context.spec;
    waiting.pod = pod;
    if (!sameSpec && this.#unschedulable.delete(key)) this.add(pod);
  }

  /** The next pod to place; it is with the caller now. */
  take(): WaitingPod | undefined {
    for (const [key, waiting] of this.#active) {
      this.#active.delete(key);
      return waiting;
    }
    return undefined;
  }

  /** No node will do, until something that matters changes. */
  setAside(waiting: WaitingPod): void {
    this.#unschedulable.set(keyText(waiting.pod), waiting);
  }

  /** A command about a pod was not accepted: it is weighed anew, as it is now, after a rest. */
  rest({ failures, cause }: WaitingPod, pod: PodRecord): void {
    const key = keyText(pod);
    this.#forget(key);
    if (!needsScheduling(pod)) return;
    const waiting: WaitingPod = { pod, cause, failures: failures + 1 };
    const timer = this.#clock.after(doublingWaitMs(waiting.failures, POD_BACK_OFF), () => {
      this.#resting.delete(key);
      this.#active.set(key, waiting);
      this.#onActive();
    });
    this.#resting.set(key, { waiting, timer });
  }

  /** Something changed that may make room; without a cause, only time went by. */
  retryUnschedulable(cause?: Cause): void {
    for (const [key, waiting] of this.#unschedulable) {
      if (cause) waiting.cause = cause;
      this.#active.set(key, waiting);
    }
    this.#unschedulable.clear();
  }

  stop(): void {
    for (const { timer } of this.#resting.values()) timer.cancel();
    this.#resting.clear();
    this.#active.clear();
    this.#unschedulable.clear();
  }

  #forget(key: string): void {
    this.#active.delete(key);
    this.#unschedulable.delete(key);
    this.#resting.get(key)?.timer.cancel();
    this.#resting.delete(key);
  }
}
