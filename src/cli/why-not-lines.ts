/** The answers of `why-not` for people: where the pod stands, what the log says, and a line for each node. */
import { displayKey } from '../../machines/index.ts';
import type { ToldCommit } from '../bus/history-messages/told-commit.ts';
import type { NodeJudgement, WhyNotAnswer } from '../bus/history-messages/why-not.ts';
import { formatTime } from '../foundation/clock.ts';
import { withReason } from '../history/sentences.ts';
import { formatTable } from './output.ts';

export function describeWhyNot(answer: WhyNotAnswer): string {
  const { pod, standing, said } = answer;
  const name = displayKey(pod);
  if (standing === 'Waiting') return `${waiting(name, answer)}${nodesTable(answer.nodes)}`;
  const stands = { Bound: 'is on a node', Ended: 'has ended', Leaving: 'is being deleted' }[standing];
  return `${name} ${stands}${said === null ? '' : `: ${sayOf(said)}`}\n`;
}

function sayOf(said: ToldCommit): string {
  return `${withReason(said)} (revision ${said.revision}, ${formatTime(said.time)}, ${said.actor})`;
}

function waiting(name: string, { nodes, message, said, unschedulableSince }: WhyNotAnswer): string {
  const fitting = nodes.filter(({ objections }) => objections.length === 0).length;
  const since = unschedulableSince === null ? '' : ` since ${formatTime(unschedulableSince)}`;
  const judged = `${name} waits for a node${since}; ${fitting} of ${nodes.length} would do`;
  const scheduler =
    said === null || message === null
      ? 'The scheduler has not said anything of it yet.'
      : `The scheduler said at revision ${said.revision}, ${formatTime(said.time)}: ${message}`;
  return `${judged}\n${scheduler}\n`;
}

function nodesTable(nodes: readonly NodeJudgement[]): string {
  if (nodes.length === 0) return '\nThere are no nodes.\n';
  const rows = nodes.map(({ node, objections }) => [
    node,
    objections.length === 0 ? 'yes' : 'no',
    objections.map(({ reason }) => reason).join(', '),
    objections.map(({ detail }) => detail).join('; '),
  ]);
  return `\n${formatTable(['NODE', 'FITS', 'WHY NOT', 'DETAIL'], rows)}`;
}
