/** A controller never has two live pods in one slot, never creates one too many, and never deletes one too few. */
import { controllerOf, isLive, keyText, type ObjectRecord, type PodRecord } from '../../../machines/index.ts';
import type { AppliedEntry, Change } from '../../state/applied-entry.ts';
import type { CellState } from '../../state/cell-state.ts';

const CONTROLLER = 'system:controller:replication';

type Wanted = ObjectRecord & { readonly context: { readonly spec: { readonly replicas: number } } };

export class ReplicasChecker {
  readonly #report: (what: string) => void;
  /** Live pods by controller's uid: by pod's uid, its slot. */
  #live = new Map<string, Map<string, number | undefined>>();
  #wanted = new Map<string, number>();

  constructor(report: (what: string) => void) {
    this.#report = report;
  }

  applied({ changes }: AppliedEntry): void {
    for (const change of changes) {
      if (change.commit.kind === 'ReplicationController') this.#note(change.before, change.after);
      else if (change.commit.kind === 'Pod') this.#pod(change);
    }
  }

  rewound(state: CellState): void {
    this.#live = new Map();
    this.#wanted = new Map();
    for (const record of state.list('ReplicationController')) this.#note(undefined, record);
    for (const pod of state.list('Pod')) this.#move(undefined, pod as PodRecord);
  }

  #note(before: ObjectRecord | undefined, after: ObjectRecord | undefined): void {
    if (after) this.#wanted.set(after.uid, (after as Wanted).context.spec.replicas);
    else if (before) this.#wanted.delete(before.uid);
  }

  #pod({ commit, before, after }: Change): void {
    const was = before as PodRecord | undefined;
    const is = after as PodRecord | undefined;
    this.#move(was, is);
    if (commit.actor !== CONTROLLER) return;
    const owner = controllerOf((is ?? was)?.context.metadata ?? ({} as never))?.uid ?? '';
    const live = this.#live.get(owner)?.size ?? 0;
    const wanted = this.#wanted.get(owner);
    if (wanted === undefined) return;
    if (commit.verb === 'create' && live > wanted) {
      this.#report(`${keyText(commit)} was created as the ${live}th of ${wanted} replicas`);
    }
    const isSurplus = commit.verb === 'delete' && commit.reason?.startsWith('surplus');
    if (isSurplus && live < wanted) {
      this.#report(`${keyText(commit)} was deleted as surplus, which leaves ${live} of ${wanted} replicas`);
    }
  }

  #move(before: PodRecord | undefined, after: PodRecord | undefined): void {
    const had = before && ownerOf(before);
    const has = after && ownerOf(after);
    if (before && had !== undefined) this.#live.get(had)?.delete(before.uid);
    if (after === undefined || has === undefined) return;
    let pods = this.#live.get(has);
    if (pods === undefined) this.#live.set(has, (pods = new Map()));
    const { slot } = after.context;
    if (slot !== undefined && had !== has && [...pods.values()].includes(slot)) {
      this.#report(`${keyText(after)} is a second live pod in slot ${slot} of its controller`);
    }
    pods.set(after.uid, slot);
  }
}

/** Uid of the controller a pod counts for. */
function ownerOf(pod: PodRecord): string | undefined {
  return isLive(pod) ? controllerOf(pod.context.metadata)?.uid : undefined;
}
