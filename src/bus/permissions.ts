/** What each credential may publish and hear: an actor speaks only as itself, an agent only of its own node. Data for the server's users. */
import { encodeToken, subjectsOf } from './subjects.ts';

/** The kinds of peers on a bus. */
export type BusRole =
  /** Writes the log and the lease, answers commands and queries. */
  | { readonly role: 'control-plane' }
  /** A person or program with every right to the cell's objects, under one actor. */
  | { readonly role: 'operator'; readonly actor: string }
  /** The agent of one node. */
  | { readonly role: 'node'; readonly node: string }
  /** The Kubernetes API: reads the log, and speaks for the users it has authenticated. */
  | { readonly role: 'gateway'; readonly actor: string }
  /** Reads events and asks queries; changes nothing. */
  | { readonly role: 'reader'; readonly actor: string };

export interface SubjectPermissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** The actor of a node's agent, as Kubernetes names its kubelets. */
export function nodeActor(node: string): string {
  return `system:node:${node}`;
}

/** The node whose agent an actor is; undefined for other actors. */
export function nodeOfActor(actor: string): string | undefined {
  return actor.startsWith('system:node:') ? actor.slice('system:node:'.length) : undefined;
}

/** The actor a role publishes under; the control plane's parts name themselves, so it has none here. */
export function actorOf(role: BusRole): string {
  if (role.role === 'node') return nodeActor(role.node);
  return role.role === 'control-plane' ? 'system:control-plane' : role.actor;
}

/** What reading the log takes of the server, and nothing that changes it. */
const LOG_READING = [
  '$JS.API.STREAM.LIST',
  '$JS.API.STREAM.INFO.*',
  '$JS.API.STREAM.MSG.GET.*',
  '$JS.API.CONSUMER.CREATE.*',
  '$JS.API.CONSUMER.DELETE.*.*',
  '$JS.FC.>',
];

/** What a role may publish and subscribe to in a cell. */
export function permissionsOf(cell: string, role: BusRole): SubjectPermissions {
  const subjects = subjectsOf(cell);
  const actor = actorOf(role);
  const own = `${subjects.inbox(actor)}.>`;
  const acknowledge = `${encodeToken(cell)}.ack.*`;
  const nodes = `${encodeToken(cell)}.node.>`;
  const sessions = `${encodeToken(cell)}.session.>`;
  switch (role.role) {
    case 'control-plane':
      // It creates streams and the lease's bucket, whose subjects are the server's own.
      return { publish: ['>'], subscribe: ['>'] };
    case 'operator':
      return {
        publish: [subjects.commandsOf(actor), subjects.queriesOf(actor), nodes, acknowledge],
        subscribe: [own, subjects.eventsAll, subjects.eventsBookmark, sessions],
      };
    case 'node':
      return {
        publish: [
          subjects.commandsOf(actor),
          subjects.heartbeat(role.node),
          subjects.workRequest(role.node),
          subjects.sessionsOf(role.node),
          acknowledge,
        ],
        subscribe: [own, subjects.work(role.node), subjects.nodeAll(role.node)],
      };
    case 'gateway':
      return {
        publish: [subjects.commandsAll, subjects.queriesOf(actor), nodes, acknowledge, ...LOG_READING],
        subscribe: [own, sessions],
      };
    case 'reader':
      return {
        publish: [subjects.queriesOf(actor), acknowledge],
        subscribe: [own, subjects.eventsAll, subjects.eventsBookmark],
      };
    default:
      return role satisfies never;
  }
}
