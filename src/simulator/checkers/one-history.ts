/** No revision has two contents for anybody who acted on it: where a node is later, what it had seen before still stands, except in a new lineage. */
import type { WorkPosition } from '../../agent/control-plane-link.ts';
import type { Scene } from '../scene.ts';

export class OneHistoryChecker {
  readonly #truth: Scene['truth'];
  readonly #report: (what: string) => void;
  readonly #seen = new Map<string, WorkPosition>();

  constructor({ truth }: Scene, report: (what: string) => void) {
    this.#truth = truth;
    this.#report = report;
  }

  /** Its agent begins with what its disk has, which is some hundred milliseconds old. */
  restarted(node: string): void {
    this.#seen.delete(node);
  }

  /** Its agent says where it is. */
  heartbeat(node: string, position: WorkPosition | undefined): void {
    const before = this.#seen.get(node);
    if (position === undefined || before?.hash === position.hash) return;
    this.#seen.set(node, position);
    // A log that cannot be folded any more says nothing of what came before.
    if (before === undefined || before.lineage !== position.lineage || this.#truth.isBroken) return;
    const { lineage } = position;
    if (before.entry > position.entry) {
      return this.#report(
        `node ${node} went back from entry ${before.entry} to ${position.entry} of lineage ${lineage}`,
      );
    }
    let entry = this.#truth.entries.get(position.hash);
    while (entry !== undefined && entry.number > before.entry) entry = this.#truth.entries.get(entry.previous);
    if (entry?.hash === before.hash) return;
    const where = `entry ${before.entry} of lineage ${lineage} than stands before its entry ${position.entry}`;
    this.#report(`node ${node} acted on another ${where}`);
  }
}
