/** Kinds without a life of their own (ConfigMap, Role…): one machine, four shared events, and one line to add another. */
import { assign, setup } from 'xstate';
import type { Kind, PrinterColumn } from './kind.ts';
import { containsNull } from './merge-patch.ts';
import { objectVerbs } from './object-commands.ts';
import {
  absentContext,
  changed,
  created,
  deletionRequested,
  lifecycleEvents,
  type ChangedData,
  type LifecycleEvent,
} from './object-lifecycle.ts';
import type { AnyManifest, ObjectRules } from './object-rules.ts';
import type { FieldError } from './refusal.ts';
import { MetadataManifest, type NameRule } from './metadata.ts';
import { strictObject, Type, type TSchema } from './schema.ts';
import type { ObjectContext } from './view.ts';

/** A plain object: its parts as the manifest has them, and how long ago its whole image was stored. */
export interface PlainContext extends ObjectContext {
  /** Patches since the last full image; a fold of a damaged or trimmed log never needs more than this many. Private. */
  readonly patchesSinceImage: number;
}

/** Every eighth change stores the whole object. */
export const IMAGE_EVERY = 8;

type PlainEvent = LifecycleEvent<'Object', PlainContext>;

/** Absent, present, being deleted, gone: all that a plain object goes through. */
export const plainMachine = setup({
  types: { context: {} as PlainContext, events: {} as PlainEvent },
}).createMachine({
  id: 'plain object',
  context: absentContext<PlainContext>({ patchesSinceImage: 0 }),
  initial: 'absent',
  states: {
    absent: { on: { ObjectCreated: { target: 'present', actions: assign(({ event }) => created(event)) } } },
    present: {
      on: {
        ObjectChanged: { actions: assign(({ context, event }) => changedPlain(context, event)) },
        ObjectDeletionRequested: {
          target: 'deleting',
          actions: assign(({ context, event }) => deletionRequested(context, event)),
        },
        ObjectRemoved: 'removed',
      },
    },
    deleting: {
      on: {
        ObjectChanged: { actions: assign(({ context, event }) => changedPlain(context, event)) },
        ObjectDeletionRequested: { actions: assign(({ context, event }) => deletionRequested(context, event)) },
        ObjectRemoved: 'removed',
      },
    },
    removed: { type: 'final' },
  },
});

function changedPlain(context: PlainContext, event: { readonly data: ChangedData }): PlainContext {
  const patchesSinceImage = 'image' in event.data ? 0 : context.patchesSinceImage + 1;
  return { ...changed(context, event), patchesSinceImage };
}

/** What is particular to one plain kind. */
export interface PlainKindOptions {
  readonly kind: string;
  readonly apiVersion: string;
  readonly plural: string;
  readonly singular: string;
  readonly shortNames?: readonly string[];
  readonly namespaced: boolean;
  readonly nameRule?: NameRule;
  /** Schemas of the manifest's parts beside apiVersion, kind and metadata. */
  readonly parts: Readonly<Record<string, TSchema>>;
  /** Parts whose change counts in metadata.generation. */
  readonly desired?: readonly string[];
  readonly columns: readonly PrinterColumn<PlainContext>[];
  validate?(manifest: AnyManifest): readonly FieldError[];
  validateChange?(current: PlainContext, parts: Omit<PlainContext, 'metadata'>): readonly FieldError[];
}

/** Makes a plain kind. */
export function plainKind(options: PlainKindOptions): Kind<PlainContext> {
  const group = options.apiVersion.includes('/') ? (options.apiVersion.split('/')[0] ?? '') : '';
  const partNames = Object.keys(options.parts);
  const manifest = strictObject({
    apiVersion: Type.Optional(Type.Literal(options.apiVersion)),
    kind: Type.Optional(Type.Literal(options.kind)),
    metadata: MetadataManifest,
    ...options.parts,
  });
  const rules: ObjectRules<PlainContext> = {
    prefix: 'Object',
    manifest,
    desired: options.desired ?? [],
    observed: [],
    prepare(given, input) {
      const errors = options.validate?.(given) ?? [];
      if (errors.length > 0) return { errors };
      const parts = Object.fromEntries(
        partNames.filter((part) => given[part] !== undefined).map((part) => [part, given[part]]),
      );
      return { parts: { ...parts, patchesSinceImage: input.current?.context.patchesSinceImage ?? 0 } };
    },
    ...(options.validateChange
      ? { validateChange: (current, parts) => options.validateChange?.(current, parts) ?? [] }
      : {}),
    wantsImage: (before, after) => before.patchesSinceImage >= IMAGE_EVERY - 1 || containsNull(after),
  };
  return {
    kind: options.kind,
    apiVersion: options.apiVersion,
    group,
    plural: options.plural,
    singular: options.singular,
    shortNames: options.shortNames ?? [],
    namespaced: options.namespaced,
    nameRule: options.nameRule ?? 'subdomain',
    parts: partNames,
    manifest,
    machine: plainMachine,
    verbs: objectVerbs(rules),
    events: lifecycleEvents('Object'),
    columns: options.columns,
  };
}
