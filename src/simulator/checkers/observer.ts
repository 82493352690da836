/** Nobody is evicted because the observer stood still, before the hour, or because most nodes fell silent at once: a node is judged by its own trouble. */
import { isRegistered, keyText, type NodeContext, type PodContext } from '../../../machines/index.ts';
import type { AppliedEntry } from '../../state/applied-entry.ts';
import type { Scene } from '../scene.ts';

/** A judgement may be decided so much later than its cause, where appends hang: longer than any command waits, milliseconds. */
const JUDGED_WITHIN_MS = 60_000;

/** Fewer nodes that fall silent in one moment are judged one by one. */
const TOGETHER_MIN = 3;

interface Judgement {
  readonly evictionsSuspended: boolean;
}

export function observerEvictsNothing({ timeline, nodes, planes, truth }: Scene, report: (what: string) => void) {
  return ({ entry, changes }: AppliedEntry): void => {
    for (const { commit, before } of changes) {
      for (const { type, data } of commit.events) {
        if (type === 'NodeBecameUnreachable') {
          judge(commit.name, `node ${commit.name} was declared unreachable`);
          if (!(data as Judgement).evictionsSuspended) judgeAlone(commit.name);
        }
        if (type !== 'PodEvicted') continue;
        judge(nodeOf(before), `${keyText(commit)} was evicted`);
        const evictAt = (before?.context as PodContext | undefined)?.nodeLoss?.evictAt ?? 0;
        if (entry.time < evictAt) report(`${keyText(commit)} was evicted ${evictAt - entry.time} ms before the hour`);
      }
    }
  };

  /** Most nodes were cut off in one moment, and nothing had been wrong with any of them before. */
  function judgeAlone(name: string): void {
    const cut = nodes.find((candidate) => candidate.name === name)?.cut;
    if (cut === undefined) return;
    const known = nodes.filter((other) => isKnown(other.name));
    const together = known.filter((other) => other.cut?.sinceMs === cut.sinceMs && other.cut.calmMs > JUDGED_WITHIN_MS);
    if (cut.calmMs <= JUDGED_WITHIN_MS || together.length < TOGETHER_MIN || together.length <= known.length / 2) return;
    report(`node ${name} fell silent together with most nodes, and its pods may be evicted`);
  }

  /** Of one that somebody deleted nothing is judged. */
  function isKnown(name: string): boolean {
    const node = truth.state.get<NodeContext>('Node', '', name);
    return node !== undefined && isRegistered(node);
  }

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
