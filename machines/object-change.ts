/** Decides changes of a manifest: preconditions, what may change, generation, and the patch that is stored. */
import { OBJECT_MODIFIED } from './decide.ts';
import type { Decision, DecideInput, Kind } from './kind.ts';
import { createMergePatch, equalJson } from './merge-patch.ts';
import type { Event } from './message.ts';
import { isBeingDeleted, validateMetadata, type MetadataManifest, type ObjectMeta } from './metadata.ts';
import type { ChangedData } from './object-lifecycle.ts';
import { currentOf, eventVersion, removed, userMetadata, type AnyManifest, type ObjectRules } from './object-rules.ts';
import { refuse, type FieldError, type Refusal } from './refusal.ts';
import type { ObjectContext, ObjectRecord } from './view.ts';

/** Decides a change of the manifest (replace, patch, and the kinds' own verbs that end in one, such as scale). */
export function decideChange<Context extends ObjectContext>(
  rules: ObjectRules<Context>,
  input: DecideInput<Context, unknown>,
  given: AnyManifest,
): Decision {
  const { kind, command } = input;
  const current = currentOf(input);
  const manifest = rules.complete?.(given, current.name) ?? given;
  const stale = refuseStale(kind, current, manifest.metadata);
  if (stale) return { refusal: stale };
  const prepared = rules.prepare(manifest, input);
  const errors = [...validateMetadata(manifest.metadata), ...('errors' in prepared ? prepared.errors : [])];
  if ('errors' in prepared || errors.length > 0) return { refusal: refuse.invalid(kind, command.name, errors) };
  const forbidden = rules.validateChange?.(current.context, prepared.parts) ?? [];
  const added = addedFinalizers(current.context.metadata, manifest.metadata);
  if (forbidden.length + added.length > 0)
    return { refusal: refuse.invalid(kind, command.name, [...forbidden, ...added]) };
  const before = current.context as unknown as Record<string, unknown>;
  const after: Record<string, unknown> = { ...prepared.parts };
  for (const part of Object.keys(before)) {
    if (rules.observed.includes(part) || !input.kind.parts.includes(part)) after[part] = before[part];
  }
  const bump = rules.desired.some((part) => !equalJson(before[part], after[part]));
  after['metadata'] = {
    ...changedMetadata(current.context.metadata, manifest.metadata),
    ...(bump ? { generation: (current.context.metadata.generation ?? 0) + 1 } : {}),
  };
  return changeEvents(rules, input, before, after);
}

function changeEvents<Context extends ObjectContext>(
  rules: ObjectRules<Context>,
  input: DecideInput<Context, unknown>,
  before: Record<string, unknown>,
  after: Record<string, unknown>,
): Decision {
  const { kind } = input;
  const patch = createMergePatch(before, after);
  if (patch === undefined) return { events: [] };
  const whole = rules.wantsImage?.(currentOf(input).context, after) ?? false;
  const data: ChangedData = whole ? { image: after as unknown as ObjectContext } : { patch };
  const type = `${rules.prefix}Changed`;
  const events: Event[] = [{ type, version: eventVersion(kind, type), data }];
  const metadata = after['metadata'] as ObjectMeta;
  const record = currentOf(input);
  const removable = rules.isDone?.(record) ?? true;
  if (isBeingDeleted(metadata) && (metadata.finalizers ?? []).length === 0 && removable)
    events.push(removed(rules, kind));
  return { events };
}

function refuseStale(kind: Kind, current: ObjectRecord, metadata: MetadataManifest): Refusal | undefined {
  const version = metadata.resourceVersion;
  if (version !== undefined && version !== '' && version !== String(current.revision)) {
    return refuse.conflict(kind, current.name, OBJECT_MODIFIED);
  }
  if (metadata.uid !== undefined && metadata.uid !== current.uid) {
    return refuse.conflict(
      kind,
      current.name,
      `Precondition failed: UID in precondition: ${metadata.uid}, UID in object meta: ${current.uid}`,
    );
  }
  return undefined;
}

function addedFinalizers(before: ObjectMeta, after: MetadataManifest): FieldError[] {
  if (!isBeingDeleted(before)) return [];
  const added = (after.finalizers ?? []).filter((finalizer) => !(before.finalizers ?? []).includes(finalizer));
  if (added.length === 0) return [];
  return [
    {
      type: 'FieldValueForbidden',
      field: 'metadata.finalizers',
      message: `Forbidden: no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`,
    },
  ];
}

function changedMetadata(before: ObjectMeta, after: MetadataManifest): ObjectMeta {
  const kept: Record<string, unknown> = { ...before };
  for (const field of ['labels', 'annotations', 'ownerReferences', 'finalizers']) delete kept[field];
  return { ...(kept as unknown as ObjectMeta), ...userMetadata(after) };
}
