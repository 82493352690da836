/** Keeps as many pods alive as a ReplicationController wants: never one too many, never one too few for longer than a pass. */
import type { ObjectKey } from '../identity.ts';
import type { CommandDraft, Observe, Reconciler, ReconcileInput, ReconcileResult } from '../kind.ts';
import { equalJson } from '../merge-patch.ts';
import { controllerOf, isBeingDeleted } from '../metadata.ts';
import { boundNode, isNodeLost, type PodRecord } from '../pod/index.ts';
import type { ObjectRecord, View } from '../view.ts';
import { adopt, createReplica, deleteFinished, deleteSurplus, release, reportStatus } from './drafts.ts';
import type { ReplicationControllerContext } from './manifest.ts';
import { canAdopt, countReplicas, gather, type ControllerRecord, type Replicas } from './replicas.ts';
import { chooseSurplus } from './surplus.ts';
import { replicaNames, vacancies } from './vacancies.ts';

/** Pods created or deleted in one pass: Kubernetes' BurstReplicas. */
export const REPLICATION_BURST = 500;
/** The rest waits no longer than until the pass's answers are in; a millisecond is the least the loop can wait. */
const NEXT_PASS_MS = 1;
/**
 * A pod that ended sooner after its creation keeps its place until then, so that a template which no node can run does not
 * fill the log: at most one replacement per slot in two seconds (creation times have whole seconds).
 */
export const MINIMUM_LIFE_MS = 2000;

const observeController: Observe = (_before, after) => (after === undefined ? [] : [keyOf(after)]);

function keyOf({ kind, namespace, name }: ObjectKey): ObjectKey {
  return { kind, namespace, name };
}

/** A pod concerns the controller it has, the one it had, and, while it has none, those that match it. */
const observePod: Observe = (before, after, view) => {
  const keys: ObjectKey[] = [];
  const has = ownerOf(after);
  const had = ownerOf(before);
  if (has !== undefined) keys.push(has);
  if (had !== undefined && had.name !== has?.name) keys.push(had);
  if (after !== undefined && controllerOf(after.context.metadata) === undefined) keys.push(...adopters(after, view));
  return keys;
};

function ownerOf(pod: ObjectRecord | undefined): ObjectKey | undefined {
  const owner = pod && controllerOf(pod.context.metadata);
  if (pod === undefined || owner?.kind !== 'ReplicationController') return undefined;
  return { kind: owner.kind, namespace: pod.namespace, name: owner.name };
}

function* adopters(pod: ObjectRecord, view: View): Generator<ObjectKey> {
  for (const controller of view.list<ReplicationControllerContext>('ReplicationController', pod.namespace)) {
    if (canAdopt(controller, pod as PodRecord)) yield keyOf(controller);
  }
}

export const replication: Reconciler = {
  name: 'replication',
  observes: { ReplicationController: observeController, Pod: observePod },
  reconcile,
};

function reconcile(input: ReconcileInput): ReconcileResult {
  const { key, view, now } = input;
  const controller = view.get<ReplicationControllerContext>(key.kind, key.namespace, key.name);
  if (controller === undefined) return { commands: [] };
  const replicas = gather(view, controller);
  const managed: Pass = isBeingDeleted(controller.context.metadata)
    ? { commands: [] }
    : manage(input, controller, replicas);
  const { status, nextAvailableMs } = countReplicas(controller, replicas.live, now);
  const report = equalJson(status, controller.context.status)
    ? []
    : [reportStatus(controller, status, latestOf(controller, replicas))];
  const waits = [managed.requeueAfterMs, nextAvailableMs].filter((wait) => wait !== undefined);
  return {
    commands: [...managed.commands, ...report],
    ...(waits.length > 0 ? { requeueAfterMs: Math.min(...waits) } : {}),
  };
}

interface Pass {
  readonly commands: readonly CommandDraft[];
  readonly requeueAfterMs?: number;
}

function latestOf(controller: ControllerRecord, replicas: Replicas): ControllerRecord | PodRecord {
  let latest: ControllerRecord | PodRecord = controller;
  for (const pods of [replicas.live, replicas.finished, replicas.leaving])
    for (const pod of pods) if (pod.revision > latest.revision) latest = pod;
  return latest;
}

function manage(input: ReconcileInput, controller: ControllerRecord, replicas: Replicas): Pass {
  const { live, finished, mismatched, orphans } = replicas;
  const young = finished.filter((pod) => remainingLifeMs(pod, input.now) > 0);
  const ended = finished.filter((pod) => remainingLifeMs(pod, input.now) <= 0);
  const claims = [
    ...mismatched.map((pod) => release(controller, pod)),
    ...orphans.map((pod) => adopt(controller, pod)),
    ...ended.map(deleteFinished),
  ];
  const wanted = controller.context.spec.replicas;
  const missing = wanted - live.length - orphans.length - young.length;
  const surplus = live.length - wanted;
  const changes =
    missing > 0
      ? createMissing(input, controller, replicas, young, Math.min(missing, REPLICATION_BURST))
      : chooseSurplus(live, Math.min(Math.max(surplus, 0), REPLICATION_BURST)).map((pod) =>
          deleteSurplus(controller, pod, { revision: input.view.revision, live: live.length }),
        );
  const waits = young.map((pod) => remainingLifeMs(pod, input.now));
  if (Math.max(missing, surplus) > REPLICATION_BURST) waits.push(NEXT_PASS_MS);
  return { commands: [...claims, ...changes], ...(waits.length > 0 ? { requeueAfterMs: Math.min(...waits) } : {}) };
}

function remainingLifeMs(pod: PodRecord, now: number): number {
  return Date.parse(pod.context.metadata.creationTimestamp) + MINIMUM_LIFE_MS - now;
}

function createMissing(
  input: ReconcileInput,
  controller: ControllerRecord,
  replicas: Replicas,
  young: readonly PodRecord[],
  count: number,
): readonly CommandDraft[] {
  const open = vacancies(replicas, young, count, input.view.revision);
  const names = replicaNames(input, controller);
  const have = replicas.live.length + replicas.orphans.length;
  // Of a pod that is gone without a trace, its going brought this up.
  const cause = input.cause ?? controller;
  return open.map((vacancy) => {
    const { left } = vacancy;
    const missing = `${controller.context.spec.replicas} wanted, ${have} live`;
    const reason = left === undefined ? missing : `in place of pod ${left.name}, ${tellLeaving(left)}`;
    return createReplica(controller, vacancy, { name: names(vacancy), reason, cause });
  });
}

function tellLeaving(pod: PodRecord): string {
  if (!isBeingDeleted(pod.context.metadata)) return `which is ${pod.context.status.phase}`;
  return isNodeLost(pod) ? `lost with node ${boundNode(pod)}` : 'being deleted';
}
