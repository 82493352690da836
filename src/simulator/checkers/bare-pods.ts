/** A pod that nobody would replace is never moved: not evicted, not bound to another node, not deleted by a program that has no business with it. */
import { boundNode, controllerOf, keyText, type PodRecord } from '../../../machines/index.ts';
import type { AppliedEntry, Change } from '../../state/applied-entry.ts';

/** Programs that may take a bare pod away: with its namespace, its owner or its node. */
const MAY_DELETE = [
  'system:controller:namespace',
  'system:controller:garbage-collector',
  'system:controller:node-lifecycle',
  'system:controller:replication',
];

export function barePodsStay(report: (what: string) => void) {
  return ({ changes }: AppliedEntry): void => {
    for (const change of changes) if (change.commit.kind === 'Pod') check(change);
  };

  function check({ commit, before, after }: Change): void {
    const was = before as PodRecord | undefined;
    const is = after as PodRecord | undefined;
    if (was === undefined) return;
    const [left, node] = [boundNode(was), is && boundNode(is)];
    if (left !== undefined && node !== undefined && left !== node)
      report(`${keyText(commit)} was moved from ${left} to ${node}`);
    if (controllerOf(was.context.metadata) !== undefined) return;
    const isEvicted = commit.events.some(({ type }) => type === 'PodEvicted');
    if (isEvicted) report(`${keyText(commit)} has no controller and was evicted`);
    const isForeign =
      commit.verb === 'delete' && commit.actor.startsWith('system:') && !MAY_DELETE.includes(commit.actor);
    if (isForeign) report(`${keyText(commit)} has no controller and was deleted by ${commit.actor}`);
  }
}
