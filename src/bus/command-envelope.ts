/** What a command message may look like: shape, lengths, and the parts its subject says for it. */
import { strictObject, Type, validator, type Command, type Static } from '../../machines/index.ts';
import { COMMAND_ID_MAX_LENGTH } from '../writer/limits.ts';
import { describeFaults } from './faults.ts';
import { isNestedDeeperThan } from './json-depth.ts';
import { JSON_MAX_DEPTH } from './limits.ts';
import { MANY, parseCommandSubject } from './subjects.ts';

/** Kubernetes' longest name of anything. */
const NAME_MAX_LENGTH = 253;
const REASON_MAX_LENGTH = 1024;

const Revision = Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
/** A slash would run two parts of a key into one. */
const NamePart = Type.String({ maxLength: NAME_MAX_LENGTH, pattern: '^[^/\\u0000-\\u001f]*$' });

/** A command as it travels: without its actor, which the subject says. Kind and verb may be left to the subject too. */
export const CommandEnvelope = strictObject({
  id: Type.String({ minLength: 1, maxLength: COMMAND_ID_MAX_LENGTH }),
  attempt: Type.Optional(Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })),
  seen: Type.Optional(Revision),
  kind: Type.Optional(NamePart),
  /** Empty or absent for kinds of cluster scope. */
  namespace: Type.Optional(NamePart),
  /** Empty or absent where generateName makes one. */
  name: Type.Optional(NamePart),
  verb: Type.Optional(NamePart),
  arguments: Type.Optional(Type.Unknown()),
  cause: Type.Optional(Revision),
  correlation: Type.Optional(Revision),
  reason: Type.Optional(Type.String({ maxLength: REASON_MAX_LENGTH })),
  preconditions: Type.Optional(
    strictObject({
      uid: Type.Optional(Type.String({ maxLength: NAME_MAX_LENGTH })),
      revision: Type.Optional(Revision),
    }),
  ),
});
export type CommandEnvelope = Static<typeof CommandEnvelope>;

/** One command, or several that are decided separately. */
export const CommandMessage = Type.Union([strictObject({ commands: Type.Array(CommandEnvelope) }), CommandEnvelope]);

const envelopeValidator = validator(CommandEnvelope);
const decoder = new TextDecoder('utf-8', { fatal: true });

/** What cannot be read, in a sentence. */
export interface Unreadable {
  readonly unreadable: string;
}

/** Each command of a message, or why that one is none, in order; or why the whole message is none. */
export function readCommandMessage(
  subject: string,
  payload: Uint8Array,
): readonly (Command | Unreadable)[] | Unreadable {
  const said = parseCommandSubject(subject);
  if (said === undefined)
    return { unreadable: `${subject} is no subject of a command: <cell>.cmd.<actor>.<kind>.<verb>` };
  if (isNestedDeeperThan(payload, JSON_MAX_DEPTH)) {
    return { unreadable: `the message is nested deeper than ${JSON_MAX_DEPTH} levels` };
  }
  const items = itemsOf(payload);
  return 'unreadable' in items ? items : items.items.map((item) => readCommand(said, item));
}

function itemsOf(payload: Uint8Array): { readonly items: readonly unknown[] } | Unreadable {
  let content: unknown;
  try {
    content = JSON.parse(decoder.decode(payload));
  } catch {
    return { unreadable: 'the message is not JSON in UTF-8' };
  }
  if (typeof content !== 'object' || content === null || Array.isArray(content)) {
    return { unreadable: 'the message must be a command or {"commands": [...]}' };
  }
  if (!('commands' in content)) return { items: [content] };
  const others = Object.keys(content).filter((field) => field !== 'commands');
  if (others.length > 0) return { unreadable: `unknown field "${others.join('", "')}"` };
  return Array.isArray(content.commands) ? { items: content.commands } : { unreadable: 'commands: must be an array' };
}

function readCommand(
  said: { readonly actor: string; readonly kind: string; readonly verb: string },
  item: unknown,
): Command | Unreadable {
  if (!envelopeValidator.check(item)) {
    return { unreadable: `the command is malformed: ${describeFaults(envelopeValidator.errors(item))}` };
  }
  const kind = said.kind === MANY ? item.kind : (item.kind ?? said.kind);
  const verb = said.verb === MANY ? item.verb : (item.verb ?? said.verb);
  if (kind === undefined || verb === undefined) return { unreadable: 'kind and verb: Required value on this subject' };
  if ((said.kind !== MANY && kind !== said.kind) || (said.verb !== MANY && verb !== said.verb)) {
    return { unreadable: `the subject says ${said.kind} ${said.verb}, the command ${kind} ${verb}` };
  }
  const { namespace = '', name = '', arguments: given = {} } = item;
  return { ...item, kind, verb, namespace, name, arguments: given, actor: said.actor };
}
