/** The taints that follow from a node's own state. Nobody else sets taints in this version, so they are computed, never edited. */
import { timestamp } from '../metadata.ts';
import type { NodeSpec, Taint } from './manifest.ts';

export const UNREACHABLE_TAINT = 'node.kubernetes.io/unreachable';
export const UNSCHEDULABLE_TAINT = 'node.kubernetes.io/unschedulable';

/** Whether the spec carries the taints of a silent node. */
export function hasUnreachableTaint(spec: NodeSpec): boolean {
  return (spec.taints ?? []).some((taint) => taint.key === UNREACHABLE_TAINT);
}

/** The spec with exactly the taints its state calls for; those that were there keep their time. */
export function withTaints(
  spec: NodeSpec,
  state: { readonly unreachable: boolean; readonly before: readonly Taint[]; readonly now: number },
): NodeSpec {
  const timeAdded = timestamp(state.now);
  const wanted: Taint[] = [];
  if (spec.unschedulable === true) wanted.push({ key: UNSCHEDULABLE_TAINT, effect: 'NoSchedule', timeAdded });
  if (state.unreachable) {
    wanted.push({ key: UNREACHABLE_TAINT, effect: 'NoSchedule', timeAdded });
    wanted.push({ key: UNREACHABLE_TAINT, effect: 'NoExecute', timeAdded });
  }
  const { taints: _replaced, ...rest } = spec;
  if (wanted.length === 0) return rest;
  const taints = wanted.map(
    (taint) => state.before.find((old) => old.key === taint.key && old.effect === taint.effect) ?? taint,
  );
  return { ...rest, taints };
}
