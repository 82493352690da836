/** The commands a ReplicationController has sent, each with its premise, its cause and a reason for people. */
import type { CommandDraft, ReconcileInput } from '../kind.ts';
import type { OwnerReference } from '../metadata.ts';
import type { PodRecord } from '../pod/index.ts';
import type { ReplicationControllerStatus } from './manifest.ts';
import type { ControllerRecord } from './replicas.ts';

function referenceTo(controller: ControllerRecord): OwnerReference {
  return {
    apiVersion: 'v1',
    kind: 'ReplicationController',
    name: controller.name,
    uid: controller.uid,
    controller: true,
    blockOwnerDeletion: true,
  };
}

function podKey(pod: PodRecord) {
  return { kind: 'Pod', namespace: pod.namespace, name: pod.name };
}

/** A revision that led to something, and the first of its chain. */
type Cause = Required<ReconcileInput>['cause'];

function causedBy({ revision, correlation }: Cause) {
  return { cause: revision, correlation };
}

/** A vacant place for a replica. */
export interface Vacancy {
  readonly slot: number;
  /** The pod that left it, while it is still in sight. */
  readonly left: PodRecord | undefined;
  /**
   * The revision it was seen vacant at, which makes id and name. Not the revision of the pod that left it: one that lingers on a
   * lost node may have been replaced before by a pod that is gone without a trace, and that id is closed.
   */
  readonly revision: number;
}

/**
 * Fills a vacancy. Its premise, checked where it is decided: the slot is vacant and the controller wants more than it has. Its
 * cause is the pod that left, or what the caller says where that is gone without a trace.
 */
export function createReplica(
  controller: ControllerRecord,
  vacancy: Vacancy,
  { name, reason, cause }: { readonly name: string; readonly reason: string; readonly cause: Cause },
): CommandDraft {
  const { template } = controller.context.spec;
  const { slot, left, revision } = vacancy;
  return {
    id: `${controller.uid}/slot/${slot}/${revision}`,
    kind: 'Pod',
    namespace: controller.namespace,
    name,
    verb: 'create',
    arguments: {
      manifest: {
        metadata: {
          ...template.metadata,
          name,
          generateName: `${controller.name}-`,
          ownerReferences: [referenceTo(controller)],
        },
        spec: template.spec,
      },
      slot,
    },
    ...causedBy(left ?? cause),
    reason,
  };
}

/** Deletes one too many; refused where there is no surplus any more. */
export function deleteSurplus(
  controller: ControllerRecord,
  pod: PodRecord,
  seen: { readonly revision: number; readonly live: number },
): CommandDraft {
  return {
    id: `${pod.uid}/surplus/${seen.revision}`,
    ...podKey(pod),
    verb: 'delete',
    arguments: { surplusOf: controller.uid },
    preconditions: { uid: pod.uid },
    ...causedBy(controller),
    reason: `surplus: ${controller.context.spec.replicas} wanted, ${seen.live} live`,
  };
}

/** Clears away a pod that ended and is replaced: what it was and how it ended stays in the log. */
export function deleteFinished(pod: PodRecord): CommandDraft {
  return {
    id: `${pod.uid}/finished/${pod.revision}`,
    ...podKey(pod),
    verb: 'delete',
    arguments: {},
    preconditions: { uid: pod.uid },
    ...causedBy(pod),
    reason: `it is ${pod.context.status.phase} and its controller replaces it`,
  };
}

/** Takes over a pod that matches and is nobody's. */
export function adopt(controller: ControllerRecord, pod: PodRecord): CommandDraft {
  const others = pod.context.metadata.ownerReferences ?? [];
  return own(pod, [...others, referenceTo(controller)], controller, 'adopt', `its labels match ${controller.name}`);
}

/** Lets go of a pod whose labels do not match any more. */
export function release(controller: ControllerRecord, pod: PodRecord): CommandDraft {
  const others = (pod.context.metadata.ownerReferences ?? []).filter(({ uid }) => uid !== controller.uid);
  return own(pod, others, controller, 'release', `its labels do not match ${controller.name} any more`);
}

function own(
  pod: PodRecord,
  ownerReferences: readonly OwnerReference[],
  controller: ControllerRecord,
  what: 'adopt' | 'release',
  reason: string,
): CommandDraft {
  const latest = pod.revision > controller.revision ? pod : controller;
  return {
    id: `${pod.uid}/${what}/${controller.uid}/${pod.revision}`,
    ...podKey(pod),
    verb: 'patch',
    arguments: { patch: { metadata: { ownerReferences } } },
    preconditions: { uid: pod.uid, revision: pod.revision },
    ...causedBy(latest),
    reason: `${what}: ${reason}`,
  };
}

/** Tells the counts. The revision it was counted at is its precondition, so that an older count never wins. */
export function reportStatus(
  controller: ControllerRecord,
  status: ReplicationControllerStatus,
  latest: ControllerRecord | PodRecord,
): CommandDraft {
  return {
    id: `${controller.uid}/status/${controller.revision}/${Object.values(status).join('-')}`,
    kind: controller.kind,
    namespace: controller.namespace,
    name: controller.name,
    verb: 'reportStatus',
    arguments: status,
    preconditions: { uid: controller.uid, revision: controller.revision },
    ...causedBy(latest),
  };
}
