/** What a kind says of itself so that the common verbs (create, replace, patch, delete) can be written once. */
import type { DecideInput, Kind } from './kind.ts';
import type { Event } from './message.ts';
import type { MetadataManifest, ObjectMeta } from './metadata.ts';
import type { FieldError, Refusal } from './refusal.ts';
import type { TSchema } from './schema.ts';
import type { ObjectContext, ObjectRecord } from './view.ts';

/** A manifest as far as the common verbs look into it. */
export interface AnyManifest {
  readonly metadata: MetadataManifest;
  readonly [part: string]: unknown;
}

/** A kind's own part of the common verbs. */
export interface ObjectRules<Context extends ObjectContext> {
  /** Prefix of its lifecycle events: `Pod` in PodCreated; plain kinds share `Object`. */
  readonly prefix: string;
  readonly manifest: TSchema;
  /** Parts whose change counts in metadata.generation (`spec`). */
  readonly desired: readonly string[];
  /** Parts of a manifest that users do not write (`status`): ignored as Kubernetes ignores them. */
  readonly observed: readonly string[];
  /** Defaults that reach into metadata (a namespace's name label), before anything is checked. */
  complete?(manifest: AnyManifest, name: string): AnyManifest;
  /** Defaults and semantic checks: the context's parts beside metadata (private ones too), or what is wrong. `current` is given for a change. */
  prepare(
    manifest: AnyManifest,
    input: DecideInput<Context, unknown>,
  ): { readonly parts: Omit<Context, 'metadata'> } | { readonly errors: readonly FieldError[] };
  /** What may not change; `parts` are the new ones. */
  validateChange?(current: Context, parts: Omit<Context, 'metadata'>): readonly FieldError[];
  /** Whether this change is stored as the whole object rather than a patch; never where absent. */
  wantsImage?(before: Context, after: unknown): boolean;
  /** A last word before creation, about other objects (quota, premise); undefined: go ahead. */
  admit?(
    parts: Omit<Context, 'metadata'>,
    metadata: ObjectMeta,
    input: DecideInput<Context, unknown>,
  ): Refusal | undefined;
  /** Seconds an object is given to end; 0 removes it at once (finalizers aside). Plain objects need none. */
  gracePeriodSeconds?(record: ObjectRecord<Context>, requested: number | undefined): number;
  /** Whether even a deletion without grace must wait for a controller (a namespace for its content). */
  holdsDeletion?(record: ObjectRecord<Context>): boolean;
  /** Whether an object being deleted has nothing left to wait for beside its finalizers. */
  isDone?(record: ObjectRecord<Context>): boolean;
  /** Whether an object counts for its owner's wanted number; true where absent. */
  isLive?(record: ObjectRecord<Context>): boolean;
  /** A last word before deletion (protected objects, premises); undefined: go ahead. */
  admitDeletion?(record: ObjectRecord<Context>, input: DecideInput<Context, unknown>): Refusal | undefined;
}

/** The object a verb that does not create was decided against. */
export function currentOf<Context extends ObjectContext>(input: DecideInput<Context, unknown>): ObjectRecord<Context> {
  if (input.current === undefined) throw new Error(`verb ${input.command.verb} was decided without an object`);
  return input.current;
}

/** What of metadata is the user's; empty maps and lists are left out as Kubernetes does. */
export function userMetadata(manifest: MetadataManifest): Partial<ObjectMeta> {
  const { labels, annotations, finalizers, ownerReferences } = manifest;
  return {
    ...(labels && Object.keys(labels).length > 0 ? { labels } : {}),
    ...(annotations && Object.keys(annotations).length > 0 ? { annotations } : {}),
    ...(ownerReferences && ownerReferences.length > 0 ? { ownerReferences } : {}),
    ...(finalizers && finalizers.length > 0 ? { finalizers } : {}),
  };
}

/** The event that ends an object. */
export function removed<Context extends ObjectContext>(rules: Pick<ObjectRules<Context>, 'prefix'>, kind: Kind): Event {
  const type = `${rules.prefix}Removed`;
  return { type, version: eventVersion(kind, type), data: {} };
}

/** Current version of one of a kind's event types; a type it does not declare is our own bug. */
export function eventVersion(kind: Kind, type: string): number {
  const definition = kind.events[type];
  if (definition === undefined) throw new Error(`${kind.kind} declares no event ${type}`);
  return definition.version;
}
