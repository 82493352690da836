/** Decides deletions: grace, finalizers, propagation, and a controller's premise that there is one too many. */
import type { Decision, DecideInput } from './kind.ts';
import { equalJson } from './merge-patch.ts';
import { controllerOf, isBeingDeleted, type ObjectMeta } from './metadata.ts';
import { currentOf, eventVersion, removed, type ObjectRules } from './object-rules.ts';
import { refuse } from './refusal.ts';
import { INT32_MAX, oneOf, strictObject, Type, type Static } from './schema.ts';
import { LIVE_OWNER_INDEX, OWNER_INDEX, type ObjectContext, type ObjectRecord, type View } from './view.ts';

/** Arguments of `delete`, as Kubernetes' DeleteOptions. */
export const DeleteArguments = strictObject({
  gracePeriodSeconds: Type.Optional(Type.Integer({ minimum: 0, maximum: INT32_MAX })),
  propagationPolicy: Type.Optional(oneOf(['Background', 'Foreground', 'Orphan'])),
  /** A controller's premise: this owner has more live dependents than it wants. */
  surplusOf: Type.Optional(Type.String()),
});

export type DeleteArguments = Static<typeof DeleteArguments>;

export const ORPHAN_FINALIZER = 'orphan';
export const FOREGROUND_FINALIZER = 'foregroundDeletion';
/** Decides a deletion: at once, or by a request that ends when the grace is over and no finalizer is left. */
export function decideDelete<Context extends ObjectContext>(
  rules: ObjectRules<Context>,
  input: DecideInput<Context, DeleteArguments>,
): Decision {
  const current = currentOf(input);
  const { surplusOf, propagationPolicy } = input.arguments;
  if (surplusOf !== undefined && !hasSurplus(rules, input, surplusOf)) {
    return { refusal: refuse.conflict(input.kind, current.name, 'its owner has no surplus any more') };
  }
  const denied = rules.admitDeletion?.(current, input);
  if (denied) return { refusal: denied };
  const grace = rules.gracePeriodSeconds?.(current, input.arguments.gracePeriodSeconds) ?? 0;
  const finalizers = deletionFinalizers(current.context.metadata, propagationPolicy);
  const held = rules.holdsDeletion?.(current) ?? false;
  if (grace === 0 && finalizers.length === 0 && !held) return { events: [removed(rules, input.kind)] };
  const before = current.context.metadata;
  const shortens = before.deletionGracePeriodSeconds === undefined || grace < before.deletionGracePeriodSeconds;
  const same = equalJson(finalizers, before.finalizers ?? []);
  if (isBeingDeleted(before) && !shortens && same) return { events: [] };
  const type = `${rules.prefix}DeletionRequested`;
  const data = {
    gracePeriodSeconds: Math.min(grace, before.deletionGracePeriodSeconds ?? grace),
    ...(same ? {} : { finalizers }),
  };
  return { events: [{ type, version: eventVersion(input.kind, type), data }] };
}

/** Finalizers after a delete request: Orphan and Foreground are finalizers that the garbage collector takes off again. */
function deletionFinalizers(metadata: ObjectMeta, policy: string | undefined): readonly string[] {
  const others = (metadata.finalizers ?? []).filter(
    (name) => name !== ORPHAN_FINALIZER && name !== FOREGROUND_FINALIZER,
  );
  if (policy === 'Orphan') return [...others, ORPHAN_FINALIZER];
  if (policy === 'Foreground') return [...others, FOREGROUND_FINALIZER];
  return policy === 'Background' ? others : (metadata.finalizers ?? []);
}

/** Whether the object is one of more live dependents than its owner's spec.replicas wants; a released one is no longer. */
function hasSurplus<Context extends ObjectContext>(
  rules: ObjectRules<Context>,
  input: DecideInput<Context, unknown>,
  ownerUid: string,
): boolean {
  const current = currentOf(input);
  if (controllerOf(current.context.metadata)?.uid !== ownerUid) return false;
  return liveDependents(rules, input, ownerUid) > wantedReplicas(input.view, current, ownerUid);
}

/** Without walking them where the kind keeps an index: an owner of thousands is asked this once for each. */
function liveDependents<Context extends ObjectContext>(
  rules: ObjectRules<Context>,
  { kind, view }: DecideInput<Context, unknown>,
  ownerUid: string,
): number {
  if (kind.indexes !== undefined && LIVE_OWNER_INDEX in kind.indexes)
    return view.count(kind.kind, LIVE_OWNER_INDEX, ownerUid);
  let live = 0;
  for (const record of view.indexed<Context>(kind.kind, OWNER_INDEX, ownerUid)) {
    if (!isBeingDeleted(record.context.metadata) && (rules.isLive?.(record) ?? true)) live++;
  }
  return live;
}

/** spec.replicas of a dependent's controlling owner; 0 where the owner is gone or another object has its name. */
export function wantedReplicas(view: View, dependent: ObjectRecord, ownerUid: string): number {
  const owner = dependent.context.metadata.ownerReferences?.find((reference) => reference.uid === ownerUid);
  const record = owner && view.get(owner.kind, dependent.namespace, owner.name);
  if (record === undefined || record.uid !== ownerUid) return 0;
  const { spec } = record.context as unknown as { readonly spec?: { readonly replicas?: number } };
  return spec?.replicas ?? 0;
}
