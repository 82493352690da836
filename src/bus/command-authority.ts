/** What an agent may say: of its own node and the pods there. Subjects cannot express that, so the service looks. */
import { refuse, type Command, type Refusal } from '../../machines/index.ts';
import { nodeOfActor } from './permissions.ts';

/** Verbs of an agent, by kind. */
const AGENT_VERBS: Readonly<Record<string, readonly string[]>> = {
  Node: ['register'],
  Pod: ['report', 'fail'],
};

/** Plurals of those kinds; refusals name resources. */
const PLURALS: Readonly<Record<string, string>> = { Node: 'nodes', Pod: 'pods' };

/** Why this actor may not send this command; undefined when it may. Rests on no state, so it is answered at once. */
export function refuseForeign(command: Command): Refusal | undefined {
  const node = nodeOfActor(command.actor);
  if (node === undefined || concerns(command, node)) return undefined;
  const kind = { kind: command.kind, plural: PLURALS[command.kind] ?? command.kind, group: '' };
  return refuse.forbidden(kind, command.name, `the agent of node ${node} may only speak of its own node and pods`);
}

function concerns(command: Command, node: string): boolean {
  if (!AGENT_VERBS[command.kind]?.includes(command.verb)) return false;
  if (command.kind === 'Node') return command.name === node;
  const { arguments: given } = command;
  return typeof given === 'object' && given !== null && 'node' in given && given.node === node;
}
