/** JSON Schemas of everything that travels, made from the code, for whoever speaks to a cell without our library. */
import { kinds, type TSchema } from '../../machines/index.ts';
import { ENTRY_VERSION } from '../log/entry.ts';
import { CLOUD_EVENT_SCHEMA } from './cloud-event.ts';
import { CommandMessage } from './command-envelope.ts';
import { CommandReplySchema, EntrySchema } from './message-schemas.ts';
import { QUERY_SCHEMAS } from './query-messages.ts';

/** What a kind says of itself, in schemas. */
export interface KindSchemas {
  readonly apiVersion: string;
  readonly namespaced: boolean;
  readonly manifest: TSchema;
  /** Arguments by verb. */
  readonly commands: Readonly<Record<string, TSchema>>;
  /** Data by event type, with its version. */
  readonly events: Readonly<Record<string, { readonly version: number; readonly data: TSchema }>>;
}

export interface PublishedSchemas {
  readonly $schema: string;
  readonly subjects: Readonly<Record<string, string>>;
  readonly command: TSchema;
  readonly reply: TSchema;
  readonly queries: Readonly<Record<string, TSchema>>;
  readonly entry: TSchema;
  readonly entryVersion: number;
  readonly cloudEvent: TSchema;
  readonly kinds: Readonly<Record<string, KindSchemas>>;
}

/** Everything, as one JSON document. */
export function publishedSchemas(): PublishedSchemas {
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    subjects: SUBJECT_GUIDE,
    command: CommandMessage,
    reply: CommandReplySchema,
    queries: QUERY_SCHEMAS,
    entry: EntrySchema,
    entryVersion: ENTRY_VERSION,
    cloudEvent: CLOUD_EVENT_SCHEMA,
    kinds: Object.fromEntries([...kinds.values()].map((kind) => [kind.kind, schemasOf(kind)])),
  };
}

function schemasOf(kind: typeof kinds extends ReadonlyMap<string, infer Kind> ? Kind : never): KindSchemas {
  const commands = Object.entries(kind.verbs).map(([name, { schema }]) => [name, schema] as const);
  const events = Object.entries(kind.events).map(
    ([type, { version, schema }]) => [type, { version, data: schema }] as const,
  );
  return {
    apiVersion: kind.apiVersion,
    namespaced: kind.namespaced,
    manifest: kind.manifest,
    commands: Object.fromEntries(commands),
    events: Object.fromEntries(events),
  };
}

/** How to speak to a cell, in sentences. */
const SUBJECT_GUIDE = {
  tokens: 'each token is percent-encoded (. * > space %); an empty one, such as the namespace of cluster scope, is _',
  '<cell>.cmd.<actor>.<kind>.<verb>': 'request: a command, or {"commands": [...]}; kind and verb are many for a mix',
  '<cell>.query.<actor>.<what>': 'request: get, list, table, status, schemas, log',
  '<cell>.events.<kind>.<namespace>.<name>': 'each committed event as a CloudEvent, at most once',
  inbox: 'replies must go to <cell>.inbox.<actor>.> : set the inbox prefix of your client to <cell>.inbox.<actor>',
  chunks:
    'an answer above 1 MiB comes in messages with the headers Periplus-Transfer, Periplus-Chunk and, on the last, ' +
    'Periplus-Last; publish "<transfer> <chunk>" to the reply subject of each',
} as const;
