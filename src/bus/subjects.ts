/** Where everything travels on the bus: the subjects of one cell, their tokens percent-encoded so that any name fits into one. */
import type { ObjectKey } from '../../machines/index.ts';

/** Stands for the namespace of a kind of cluster scope, and for the name of an object that gets one. */
export const NO_NAME = '_';
/** Kind and verb of a message whose commands are of several kinds or verbs. */
export const MANY = 'many';

/** Characters that mean something in a subject, so that a token cannot hold them as they are. */
// oxlint-disable-next-line no-control-regex -- Control characters are what must be encoded.
const RESERVED = /[.*>%\s\u0000-\u001f\u007f]/g;

/** One token of a subject. Empty text and a lone underscore are encoded too, so that decoding is unambiguous. */
export function encodeToken(text: string): string {
  if (text === '') return NO_NAME;
  if (text === NO_NAME) return '%5F';
  return text.replace(RESERVED, (character) => encodeURIComponent(character).replaceAll(/[.*]/g, escapeByte));
}

function escapeByte(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** The reverse; undefined for a token that is not one of ours. */
export function decodeToken(token: string): string | undefined {
  if (token === NO_NAME) return '';
  try {
    return decodeURIComponent(token);
  } catch {
    return undefined;
  }
}

function join(...tokens: readonly string[]): string {
  return tokens.map(encodeToken).join('.');
}

/** The subjects of a cell. Patterns end in `All`. */
export interface Subjects {
  readonly cell: string;
  command(actor: string, kind: string, verb: string): string;
  commandsOf(actor: string): string;
  readonly commandsAll: string;
  query(actor: string, what: string): string;
  queriesOf(actor: string): string;
  readonly queriesAll: string;
  event(key: ObjectKey): string;
  eventsOf(kind: string): string;
  readonly eventsAll: string;
  /** How far the republished events are; see EventPublisher. */
  readonly eventsBookmark: string;
  heartbeat(node: string): string;
  readonly heartbeatsAll: string;
  work(node: string): string;
  workRequest(node: string): string;
  readonly workRequestsAll: string;
  /** Opens a session on a node: `logs`, `exec`. */
  openSession(node: string, what: string): string;
  /** Frames from the client of a session to its node. */
  sessionInput(node: string, session: string): string;
  /** All that clients send to a node. */
  nodeAll(node: string): string;
  /** Frames from a node to the client of a session. */
  sessionOutput(node: string, session: string): string;
  sessionsOf(node: string): string;
  /** Acknowledgements of chunks to one sender. */
  acknowledgements(sender: string): string;
  inbox(actor: string): string;
  log(lineage: string): string;
}

export function subjectsOf(cell: string): Subjects {
  return {
    cell,
    command: (actor, kind, verb) => join(cell, 'cmd', actor, kind, verb),
    commandsOf: (actor) => `${join(cell, 'cmd', actor)}.*.*`,
    commandsAll: `${join(cell, 'cmd')}.>`,
    query: (actor, what) => join(cell, 'query', actor, what),
    queriesOf: (actor) => `${join(cell, 'query', actor)}.*`,
    queriesAll: `${join(cell, 'query')}.>`,
    event: (key) => join(cell, 'events', key.kind, key.namespace, key.name),
    eventsOf: (kind) => `${join(cell, 'events', kind)}.*.*`,
    eventsAll: `${join(cell, 'events')}.>`,
    eventsBookmark: join(cell, 'events-bookmark'),
    heartbeat: (node) => join(cell, 'heartbeat', node),
    heartbeatsAll: `${join(cell, 'heartbeat')}.*`,
    work: (node) => join(cell, 'work', node),
    workRequest: (node) => join(cell, 'work-request', node),
    workRequestsAll: `${join(cell, 'work-request')}.*`,
    openSession: (node, what) => join(cell, 'node', node, what),
    sessionInput: (node, session) => join(cell, 'node', node, 'session', session),
    nodeAll: (node) => `${join(cell, 'node', node)}.>`,
    sessionOutput: (node, session) => join(cell, 'session', node, session),
    sessionsOf: (node) => `${join(cell, 'session', node)}.*`,
    acknowledgements: (sender) => join(cell, 'ack', sender),
    inbox: (actor) => join(cell, 'inbox', actor),
    log: (lineage) => join(cell, 'log', lineage),
  };
}

/** Actor, kind and verb of a command's subject; undefined when it is none. */
export function parseCommandSubject(
  subject: string,
): { readonly actor: string; readonly kind: string; readonly verb: string } | undefined {
  const [actor, kind, verb, ...rest] = subject.split('.').slice(2).map(decodeToken);
  if (!actor || !kind || !verb || rest.length > 0) return undefined;
  return { actor, kind, verb };
}

/** Actor and topic of a query's subject; undefined when it is none. */
export function parseQuerySubject(subject: string): { readonly actor: string; readonly what: string } | undefined {
  const [actor, what, ...rest] = subject.split('.').slice(2).map(decodeToken);
  if (!actor || !what || rest.length > 0) return undefined;
  return { actor, what };
}

/** The last token of a subject, decoded: the node of a heartbeat, the session of a frame. */
export function lastToken(subject: string): string | undefined {
  return decodeToken(subject.slice(subject.lastIndexOf('.') + 1));
}
