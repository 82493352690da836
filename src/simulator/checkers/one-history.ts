/** No revision has two contents for anybody who acted on it: where a node is later, what it had seen before still stands, except in a new lineage. */
import type { WorkPosition } from '../../agent/control-plane-link.ts';
import type { Scene } from '../scene.ts';

export function oneHistory({ truth }: Scene, report: (what: string) => void) {
  const seen = new Map<string, WorkPosition>();
  return (node: string, position: WorkPosition | undefined): void => {
    if (position === undefined) return;
    const before = seen.get(node);
    if (before?.hash === position.hash) return;
    seen.set(node, position);
    if (before === undefined || before.lineage !== position.lineage) return;
    if (before.entry > position.entry) {
      return report(
        `node ${node} went back from entry ${before.entry} to ${position.entry} of lineage ${position.lineage}`,
      );
    }
    let entry = truth.entries.get(position.hash);
    while (entry !== undefined && entry.number > before.entry) entry = truth.entries.get(entry.previous);
    if (entry?.hash === before.hash) return;
    report(
      `node ${node} acted on another entry ${before.entry} of lineage ${position.lineage} than stands before its entry ${position.entry}`,
    );
  };
}
