/** The pods of one ReplicationController as they are: gathered once per pass, everything else is computed from this. */
import { matchesLabels } from '../labels.ts';
import { controllerOf, isBeingDeleted } from '../metadata.ts';
import { isLive, isReady, isTerminal, readySince, type PodRecord } from '../pod/index.ts';
import { OWNER_INDEX, type ObjectRecord, type View } from '../view.ts';
import type { ReplicationControllerContext, ReplicationControllerStatus } from './manifest.ts';

export type ControllerRecord = ObjectRecord<ReplicationControllerContext>;

/** The pods a controller has to do with. */
export interface Replicas {
  /** Its own, counting for the wanted number. */
  readonly live: readonly PodRecord[];
  /** Its own, Failed or Succeeded, not being deleted. */
  readonly finished: readonly PodRecord[];
  /** Its own, on their way out. */
  readonly leaving: readonly PodRecord[];
  /** Its own, but their labels do not match any more. */
  readonly mismatched: readonly PodRecord[];
  /** Nobody's, live, with matching labels. */
  readonly orphans: readonly PodRecord[];
}

/** Looks at all pods of a controller and at those it could adopt. */
export function gather(view: View, controller: ControllerRecord): Replicas {
  const { selector } = controller.context.spec;
  const live: PodRecord[] = [];
  const finished: PodRecord[] = [];
  const leaving: PodRecord[] = [];
  const mismatched: PodRecord[] = [];
  for (const pod of view.indexed<PodRecord['context']>('Pod', OWNER_INDEX, controller.uid)) {
    const { metadata } = pod.context;
    if (isBeingDeleted(metadata)) leaving.push(pod);
    else if (!matchesLabels(metadata.labels, selector)) mismatched.push(pod);
    else if (isTerminal(pod)) finished.push(pod);
    else live.push(pod);
  }
  return { live, finished, leaving, mismatched, orphans: [...orphans(view, controller)] };
}

function* orphans(view: View, controller: ControllerRecord): Generator<PodRecord> {
  for (const pod of view.list<PodRecord['context']>('Pod', controller.namespace)) {
    if (canAdopt(controller, pod)) yield pod;
  }
}

/** Whether a pod is nobody's, live, and matches. */
export function canAdopt(controller: ControllerRecord, pod: PodRecord): boolean {
  const { metadata } = pod.context;
  if (controllerOf(metadata) !== undefined || isBeingDeleted(metadata)) return false;
  return isLive(pod) && matchesLabels(metadata.labels, controller.context.spec.selector);
}

/** The counts people see, and when they change by mere passing of time (minReadySeconds). */
export function countReplicas(
  controller: ControllerRecord,
  live: readonly PodRecord[],
  now: number,
): { readonly status: ReplicationControllerStatus; readonly nextAvailableMs: number | undefined } {
  const { spec, metadata } = controller.context;
  const templateLabels = spec.template.metadata.labels ?? {};
  const minimumMs = (spec.minReadySeconds ?? 0) * 1000;
  let labelled = 0;
  let ready = 0;
  let available = 0;
  let nextAvailableMs: number | undefined;
  for (const pod of live) {
    if (matchesLabels(pod.context.metadata.labels, templateLabels)) labelled++;
    if (!isReady(pod)) continue;
    ready++;
    const waitMs = minimumMs === 0 ? 0 : (readySince(pod) ?? now) + minimumMs - now;
    if (waitMs <= 0) available++;
    else nextAvailableMs = Math.min(waitMs, nextAvailableMs ?? waitMs);
  }
  const status = {
    replicas: live.length,
    ...(labelled > 0 ? { fullyLabeledReplicas: labelled } : {}),
    ...(ready > 0 ? { readyReplicas: ready } : {}),
    ...(available > 0 ? { availableReplicas: available } : {}),
    ...(metadata.generation === undefined ? {} : { observedGeneration: metadata.generation }),
  };
  return { status, nextAvailableMs };
}
