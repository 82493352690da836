/** Which pods go first when there are too many: Kubernetes' order (ActivePodsWithRanks). */
import { boundNode, isReady, readySince, type PodRecord } from '../pod/index.ts';

/** Kubernetes' annotation: pods of lower cost go first. */
const DELETION_COST = 'controller.kubernetes.io/pod-deletion-cost';

/** The pods to delete so that `count` fewer are left, the first to go first. */
export function chooseSurplus(live: readonly PodRecord[], count: number): readonly PodRecord[] {
  // Mostly there is none, and ranking thousands of pods takes milliseconds.
  if (count === 0) return [];
  const perNode = new Map<string, number>();
  for (const pod of live) {
    const node = boundNode(pod);
    if (node !== undefined) perNode.set(node, (perNode.get(node) ?? 0) + 1);
  }
  const worth = new Map(live.map((pod) => [pod, worthOf(pod, perNode)]));
  const compare = (left: PodRecord, right: PodRecord) => compareWorth(worth.get(left) ?? [], worth.get(right) ?? []);
  return live.toSorted(compare).slice(0, count);
}

/** Ascending: unassigned, pending, not ready, cheap, crowded node, young readiness, restarts, young. */
function worthOf(pod: PodRecord, perNode: ReadonlyMap<string, number>): readonly number[] {
  const { metadata, status } = pod.context;
  const node = boundNode(pod);
  const ready = isReady(pod);
  const restarts = Math.max(0, ...(status.containerStatuses ?? []).map(({ restartCount }) => restartCount));
  return [
    node === undefined ? 0 : 1,
    status.phase === 'Pending' ? 0 : 1,
    ready ? 1 : 0,
    deletionCost(metadata.annotations?.[DELETION_COST]),
    node === undefined ? 0 : -(perNode.get(node) ?? 0),
    ready ? -(readySince(pod) ?? 0) : 0,
    -restarts,
    -pod.createdRevision,
  ];
}

/** 0 where absent or not a whole number, as Kubernetes reads it. */
function deletionCost(text: string | undefined): number {
  return text !== undefined && /^(0|-?[1-9]\d*)$/.test(text) ? Number(text) : 0;
}

function compareWorth(left: readonly number[], right: readonly number[]): number {
  for (const [index, value] of left.entries()) {
    const difference = value - (right[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
