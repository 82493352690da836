/** What a kind is: everything the cluster means by one type of object, pure. `src/` asks these and nothing else. */
import type { AnyStateMachine } from 'xstate';
import type { ObjectKey } from './identity.ts';
import type { Command, Event } from './message.ts';
import type { NameRule } from './metadata.ts';
import type { KindName, Refusal } from './refusal.ts';
import { validator, type Static, type TSchema, type Validator } from './schema.ts';
import type { ObjectContext, ObjectRecord, View } from './view.ts';

/** Everything a decision may rest on. Time, ids and chance come in as arguments. */
export interface DecideInput<Context extends ObjectContext, Arguments> {
  readonly kind: Kind;
  readonly command: Command;
  readonly arguments: Arguments;
  /** The object as it is now; undefined when there is none. */
  readonly current: ObjectRecord<Context> | undefined;
  readonly view: View;
  /** The entry's time, Unix milliseconds. */
  readonly now: number;
  /** A fresh uid. */
  newUid(): string;
  /** Five random characters for generateName. */
  newSuffix(): string;
}

/** Yes, with the events (none: all is so already), or no, with why. */
export type Decision =
  | {
      readonly events: readonly Event[];
      /** The name a generateName led to, when the command named none. */
      readonly name?: string;
    }
  | { readonly refusal: Refusal };

/** One verb: the shape of its arguments and its decider. */
export interface Verb {
  /** Whether it may be decided where there is no object yet; other verbs are refused with NotFound. */
  readonly creates: boolean;
  readonly schema: TSchema;
  readonly validator: Validator<unknown>;
  decide(input: DecideInput<ObjectContext, unknown>): Decision;
}

/** Makes a verb whose decider is typed by its schema. The writer calls `decide` only with arguments the schema accepts. */
export function verb<Context extends ObjectContext, const Schema extends TSchema>(
  schema: Schema,
  decide: (input: DecideInput<Context, Static<Schema>>) => Decision,
  options: { readonly creates?: boolean } = {},
): Verb {
  return {
    creates: options.creates ?? false,
    schema,
    validator: validator(schema) as Validator<unknown>,
    decide: (input) => decide(input as DecideInput<Context, Static<Schema>>),
  };
}

/** The current version and shape of an event type, and how people are told of it. Methods, so that data may be typed. */
export interface EventDefinition {
  readonly version: number;
  readonly schema: TSchema;
  /** What happened, as it reads behind the object's name: `bound to n1`. Says nothing of who and why: the commit does. */
  sentence(data: unknown): string;
  /** Whether it is no news to whoever asks why the object is as it is; false where absent. */
  isMinor?(data: unknown): boolean;
  /** Turns the data of version N into that of version N + 1, by N. */
  readonly upcast?: Readonly<Record<number, (data: unknown) => unknown>>;
}

/** A timer as state: at that time the kind's verb `expire` is due, with the deadline's name as argument. */
export interface Deadline {
  readonly name: string;
  /** Unix milliseconds. */
  readonly at: number;
  /** It rests on a node's silence: not before nodes have been watched without a break for so long, milliseconds. */
  readonly watchedMs?: number;
}

/** A column of the table people see, as Kubernetes prints it. */
export interface PrinterColumn<Context extends ObjectContext> {
  readonly name: string;
  /** Only with `-o wide`. */
  readonly wide?: boolean;
  cell(record: ObjectRecord<Context>, now: number): string;
}

/**
 * A command a controller wants sent; actor and what it had seen are added by the loop. Where `cause` is absent (the object that
 * led to it is gone from the view), the loop adds revision and correlation of the change that brought the key up.
 */
export type CommandDraft = Omit<Command, 'actor' | 'seen'>;

export interface ReconcileInput {
  readonly key: ObjectKey;
  /** The latest change by somebody else that brought the key up; undefined where none did, as at the start of a term. */
  readonly cause?: { readonly revision: number; readonly correlation: number };
  readonly view: View;
  /** Unix milliseconds. */
  readonly now: number;
  /** Five name characters derived from a text, the same for the same text. */
  suffixOf(text: string): string;
}

export interface ReconcileResult {
  readonly commands: readonly CommandDraft[];
  /** Look at this key again after so many milliseconds even if nothing happens. */
  readonly requeueAfterMs?: number;
}

/** Maps a change to keys. `before` is undefined for a new, `after` for a gone object; `view` is the cell right after it. */
export type Observe = (
  before: ObjectRecord | undefined,
  after: ObjectRecord | undefined,
  view: View,
) => readonly ObjectKey[];

/** Keeps one thing true: looks at what is, answers with commands. Pure; the control loop runs it. */
export interface Reconciler {
  /** `replication`: its actor is `system:controller:replication`. */
  readonly name: string;
  /** By kind: which keys to look at when an object of that kind changed. */
  readonly observes: Readonly<Record<string, Observe>>;
  reconcile(input: ReconcileInput): ReconcileResult;
}

/** A type of object. Methods, not function properties, so that `Kind<PodContext>` is a `Kind`. */
export interface Kind<Context extends ObjectContext = ObjectContext> extends KindName {
  /** `v1`, `apps/v1`. */
  readonly apiVersion: string;
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly namespaced: boolean;
  readonly nameRule: NameRule;
  /** Context parts that are the object's manifest, beside metadata: `spec`, `status`, `data`… Other parts are private state. */
  readonly parts: readonly string[];
  /** The manifest as users may write it. */
  readonly manifest: TSchema;
  readonly machine: AnyStateMachine;
  readonly verbs: Readonly<Record<string, Verb>>;
  readonly events: Readonly<Record<string, EventDefinition>>;
  /** Indexes by name, beside `owner`, which all kinds have. */
  readonly indexes?: Readonly<Record<string, IndexFunction<Context>>>;
  readonly columns: readonly PrinterColumn<Context>[];
  readonly reconcilers?: readonly Reconciler[];
  /**
   * Parts as a user would write them to have the object as it is, where these are not all but `status`: without what the cluster
   * chose for it. `born` is the object at its first revision, when it had nothing but what its user said.
   */
  written?(record: ObjectRecord<Context>, born: ObjectRecord<Context>): Readonly<Record<string, unknown>>;
  /** Timers this object waits for; empty for most. */
  deadlines?(record: ObjectRecord<Context>): readonly Deadline[];
}

/** Value of an index for an object; undefined keeps it out. An object so that Kind stays covariant in Context. */
export interface IndexFunction<Context extends ObjectContext> {
  of(record: ObjectRecord<Context>): string | undefined;
}

/** The object as Kubernetes shows it. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectContext['metadata'] & { readonly resourceVersion: string };
  readonly [part: string]: unknown;
}

/** Renders a record as Kubernetes shows it. */
export function renderManifest(kind: Kind, record: ObjectRecord): Manifest {
  const manifest: Record<string, unknown> = {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    metadata: { ...record.context.metadata, resourceVersion: String(record.revision) },
  };
  const context = record.context as unknown as Record<string, unknown>;
  for (const part of kind.parts) if (context[part] !== undefined) manifest[part] = context[part];
  return manifest as unknown as Manifest;
}
