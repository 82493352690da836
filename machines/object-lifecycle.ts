/** What every object goes through, whatever its kind: created, changed, deletion requested, removed. Context changes only; edges are each machine's. */
import { applyMergePatch } from './merge-patch.ts';
import type { EventDefinition } from './kind.ts';
import type { MachineEvent } from './message.ts';
import { controllerOf, timestamp } from './metadata.ts';
import { tellPatch } from './patch-sentence.ts';
import { StringMap, strictObject, Type } from './schema.ts';
import type { ObjectContext } from './view.ts';

/** `PodCreated`, `ObjectCreated`: the whole context at birth. */
export interface CreatedData<Context extends ObjectContext = ObjectContext> {
  readonly object: Context;
}

/** `PodChanged`, `ObjectChanged`: what a user changed, as a merge patch over the context's parts, or all of them anew. */
export type ChangedData = { readonly patch: unknown } | { readonly image: ObjectContext };

/** `PodDeletionRequested`: it goes when the grace is over and no finalizer is left. */
export interface DeletionRequestedData {
  readonly gracePeriodSeconds: number;
  /** The finalizers from here on, where the request changes them (orphan, foregroundDeletion). */
  readonly finalizers?: readonly string[];
}

/** `PodRemoved`: it is gone. */
export type RemovedData = Readonly<Record<string, never>>;

/** The four events of a prefix, as a machine sees them. */
export type LifecycleEvent<Prefix extends string, Context extends ObjectContext> =
  | MachineEvent<`${Prefix}Created`, CreatedData<Context>>
  | MachineEvent<`${Prefix}Changed`, ChangedData>
  | MachineEvent<`${Prefix}DeletionRequested`, DeletionRequestedData>
  | MachineEvent<`${Prefix}Removed`, RemovedData>;

/** The context at birth. */
export function created<Context extends ObjectContext>(event: { readonly data: CreatedData<Context> }): Context {
  return event.data.object;
}

/** The context after a user's change. Removed parts come back as undefined, since `assign` only adds. */
export function changed<Context extends ObjectContext>(
  context: Context,
  event: { readonly data: ChangedData },
): Context {
  const { data } = event;
  const next = 'image' in data ? data.image : applyMergePatch(context, data.patch);
  const result: Record<string, unknown> = { ...(next as object) };
  for (const part of Object.keys(context)) if (!(part in result)) result[part] = undefined;
  return result as unknown as Context;
}

/** The metadata of an object marked as being deleted. */
export function deletionRequested(
  context: ObjectContext,
  event: { readonly data: DeletionRequestedData; readonly time: number },
): ObjectContext {
  const { gracePeriodSeconds, finalizers } = event.data;
  const metadata = {
    ...context.metadata,
    deletionTimestamp: timestamp(event.time + gracePeriodSeconds * 1000),
    deletionGracePeriodSeconds: gracePeriodSeconds,
    ...(finalizers === undefined ? {} : { finalizers }),
  };
  return { metadata };
}

/** The context of an object that does not exist yet, with the kind's other parts. */
export function absentContext<Context extends ObjectContext>(parts: Omit<Context, 'metadata'>): Context {
  return { metadata: { name: '', uid: '', creationTimestamp: '' }, ...parts } as Context;
}

const metadataSchema = Type.Object({
  name: Type.String(),
  uid: Type.String(),
  creationTimestamp: Type.String(),
  labels: Type.Optional(StringMap),
});

/** Versions, shapes and sentences of the four events of a prefix. */
export function lifecycleEvents<const Prefix extends string>(
  prefix: Prefix,
): Record<`${Prefix}${'Created' | 'Changed' | 'DeletionRequested' | 'Removed'}`, EventDefinition> {
  const definitions: Record<string, EventDefinition> = {
    [`${prefix}Created`]: {
      version: 1,
      schema: strictObject({ object: Type.Object({ metadata: metadataSchema }) }),
      sentence: tellCreation,
    },
    [`${prefix}Changed`]: {
      version: 1,
      schema: Type.Union([
        strictObject({ patch: Type.Unknown() }),
        strictObject({ image: Type.Object({ metadata: metadataSchema }) }),
      ]),
      sentence: tellChange,
    },
    [`${prefix}DeletionRequested`]: {
      version: 1,
      schema: strictObject({
        gracePeriodSeconds: Type.Integer({ minimum: 0 }),
        finalizers: Type.Optional(Type.Array(Type.String())),
      }),
      sentence: tellDeletionRequest,
    },
    [`${prefix}Removed`]: { version: 1, schema: strictObject({}), sentence: () => 'removed' },
  };
  return definitions;
}

function tellCreation({ object }: CreatedData): string {
  const owner = controllerOf(object.metadata);
  return owner === undefined ? 'created' : `created for ${owner.kind} ${owner.name}`;
}

function tellChange(data: ChangedData): string {
  return 'image' in data ? 'changed' : `changed: ${tellPatch(data.patch)}`;
}

function tellDeletionRequest({ gracePeriodSeconds, finalizers = [] }: DeletionRequestedData): string {
  const held = finalizers.length > 0 ? `, held by ${finalizers.join(', ')}` : '';
  return `deletion requested${gracePeriodSeconds > 0 ? ` with ${gracePeriodSeconds} s of grace` : ''}${held}`;
}
