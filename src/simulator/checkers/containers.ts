/** What runs on the engines: no pod's container twice, nothing that was not committed to that node, and no more restarts in the log than were made. */
import { boundNode, type PodRecord } from '../../../machines/index.ts';
import type { AppliedEntry } from '../../state/applied-entry.ts';
import type { CellState } from '../../state/cell-state.ts';
import type { Engine, RunningContainer } from '../engine.ts';
import type { Scene } from '../scene.ts';

export class ContainersChecker {
  readonly #scene: Scene;
  readonly #report: (what: string) => void;
  /** Nodes each pod was ever bound to, by uid. */
  readonly #committed = new Map<string, string>();
  /** Pods whose binding was lost: bound elsewhere, they run in both places until the first node hears of it. */
  readonly #unbound = new Set<string>();

  constructor(scene: Scene, report: (what: string) => void) {
    this.#scene = scene;
    this.#report = report;
  }

  applied({ changes }: AppliedEntry): void {
    for (const { commit, after } of changes) {
      if (commit.kind !== 'Pod' || after === undefined) continue;
      const pod = after as PodRecord;
      const node = boundNode(pod);
      if (node !== undefined) this.#committed.set(pod.uid, node);
      if (commit.verb === 'report') this.#checkRestarts(pod);
    }
  }

  rewound(state: CellState): void {
    const nodes = new Map([...state.list('Pod')].map((pod) => [pod.uid, boundNode(pod as PodRecord)]));
    for (const [uid, node] of this.#committed) if (nodes.get(uid) !== node) this.#unbound.add(uid);
  }

  started({ node }: Engine, { id, pod }: RunningContainer): void {
    const committed = this.#committed.get(pod.uid);
    // What a writer beyond a broken entry bound nobody else can fold, and it runs until its node hears of the next lineage.
    const { truth, operator } = this.#scene;
    if (truth.isBroken || (committed === undefined && operator.lossesAccepted > 0)) return;
    if (committed !== node) {
      this.#report(
        `container ${id} was started on ${node}, but its pod was ${committed === undefined ? 'never bound' : `bound to ${committed}`}`,
      );
    }
    if (this.#unbound.has(pod.uid)) return;
    const own = nameOf(id);
    for (const { engine } of this.#scene.nodes) {
      for (const other of engine.running.values()) {
        if (other.pod.uid !== pod.uid || (other.id === id && engine.node === node) || nameOf(other.id) !== own)
          continue;
        this.#report(`container ${id} was started on ${node} while ${other.id} ran on ${engine.node}`);
      }
    }
  }

  #checkRestarts({ uid, name, context }: PodRecord): void {
    for (const { name: container, restartCount } of context.status.containerStatuses ?? []) {
      const made = Math.max(
        0,
        ...this.#scene.nodes.map(({ engine }) => engine.attempts.get(`${uid}/${container}`) ?? 0),
      );
      if (restartCount > made)
        this.#report(
          `the log counts ${restartCount} restarts of container ${container} of pod ${name}, but ${made} were made`,
        );
    }
  }
}

/** Pod and container of an id, without its attempt. */
function nameOf(id: string): string {
  return id.slice(0, id.lastIndexOf('/'));
}
