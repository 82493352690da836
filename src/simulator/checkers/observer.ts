/** Nobody is evicted because the observer stood still: a node is judged silent only after it had trouble of its own, or its messages had. */
import { keyText } from '../../../machines/index.ts';
import type { AppliedEntry } from '../../state/applied-entry.ts';
import type { Scene } from '../scene.ts';

/** A judgement may be decided so much later than its cause, where appends hang: longer than any command waits, milliseconds. */
const JUDGED_WITHIN_MS = 60_000;

export function observerEvictsNothing({ timeline, nodes, planes }: Scene, report: (what: string) => void) {
  return ({ changes }: AppliedEntry): void => {
    for (const { commit, before } of changes) {
      for (const { type } of commit.events) {
        if (type === 'NodeBecameUnreachable') judge(commit.name, `node ${commit.name} was declared unreachable`);
        if (type === 'PodEvicted') judge(nodeOf(before), `${keyText(commit)} was evicted`);
      }
    }
  };

  function judge(name: string, what: string): void {
    const node = nodes.find((candidate) => candidate.name === name);
    const wires = planes.map(({ wire }) => wire.troubledUntilMs);
    const troubled = Math.max(node?.troubledUntilMs ?? 0, ...wires);
    const calmMs = timeline.nowMs - troubled;
    if (calmMs > JUDGED_WITHIN_MS)
      report(`${what}, though nothing was wrong with its node for ${Math.round(calmMs / 1000)} s`);
  }
}

function nodeOf(pod: { readonly context: object } | undefined): string {
  return (pod?.context as { readonly spec?: { readonly nodeName?: string } } | undefined)?.spec?.nodeName ?? '';
}
