/** Virtual time: everything that is due, in order, and nothing happens but by firing the next of it. */
import { nextTurn } from '../foundation/turn.ts';
import type { Timer } from '../foundation/clock.ts';

interface Due {
  readonly atMs: number;
  /** Breaks ties: what was asked for first comes first. */
  readonly order: number;
  callback: (() => void) | undefined;
}

/** Where virtual time begins, Unix milliseconds: 2026-01-01T00:00:00Z. */
export const SIMULATION_START_MS = 1_767_225_600_000;

/** Called-off timers are swept out of the heap once they outnumber the others by far. */
const SWEEP_MIN = 1_000;

export class Timeline {
  #heap: Due[] = [];
  #order = 0;
  #nowMs = 0;
  #steps = 0;
  #calledOff = 0;

  /** Milliseconds since the beginning. */
  get nowMs(): number {
    return this.#nowMs;
  }

  /** How much has been fired. */
  get steps(): number {
    return this.#steps;
  }

  after(delayMs: number, callback: () => void): Timer {
    const due: Due = { atMs: this.#nowMs + Math.max(0, delayMs), order: this.#order++, callback };
    this.#push(due);
    return {
      cancel: () => {
        if (due.callback === undefined) return;
        due.callback = undefined;
        if (++this.#calledOff > Math.max(SWEEP_MIN, this.#heap.length / 2)) this.#sweep();
      },
    };
  }

  /** Fires the next and lets whatever it set off run; false when nothing is due until then. */
  async step(untilMs = Infinity): Promise<boolean> {
    let next = this.#heap[0];
    while (next !== undefined && next.callback === undefined) {
      this.#pop();
      this.#calledOff--;
      next = this.#heap[0];
    }
    if (next === undefined || next.atMs > untilMs) {
      this.#nowMs = Math.max(this.#nowMs, Math.min(untilMs, next?.atMs ?? this.#nowMs));
      return false;
    }
    this.#pop();
    this.#nowMs = Math.max(this.#nowMs, next.atMs);
    this.#steps++;
    const { callback } = next;
    next.callback = undefined;
    callback?.();
    await nextTurn();
    return true;
  }

  #sweep(): void {
    this.#heap = this.#heap.filter(({ callback }) => callback !== undefined).toSorted(compare);
    this.#calledOff = 0;
  }

  #push(due: Due): void {
    const heap = this.#heap;
    let index = heap.length;
    heap.push(due);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      const above = heap[parent] as Due;
      if (compare(above, due) <= 0) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = due;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && compare(heap[child + 1] as Due, heap[child] as Due) < 0) child++;
      if (compare(heap[child] as Due, last) >= 0) break;
      heap[index] = heap[child] as Due;
      index = child;
    }
    heap[index] = last;
  }
}

function compare(left: Due, right: Due): number {
  return left.atMs - right.atMs || left.order - right.order;
}
