/** A what-if's answer for people: the verdict first, then what an operator has to look at, then how full the nodes would be. */
import type {
  AffectedPod,
  MovedPod,
  PendingPod,
  PlacedPod,
  PlayedStep,
  PodName,
  WhatIfAnswer,
} from '../../simulator/what-if/answer.ts';
import { formatTable } from '../output.ts';
import { LINES_MAX, moreLine } from './lines.ts';
import { describeNodes } from './node-table.ts';

const NONE = '-';

export function describeAnswer(answer: WhatIfAnswer): string {
  const { from, steps, moved, pending, lost, staying, placed, removed, nodes } = answer;
  const sections = [
    section('Would be lost', lost, LOST_COLUMNS, lostCells),
    section('Would stay pending', groupPending(pending), PENDING_COLUMNS, pendingCells),
    section('Would stay where they are', staying, LOST_COLUMNS, lostCells),
    section('Would move', moved, ['POD', 'FROM', 'TO', 'REPLACED BY', 'STEP', 'WHY'], movedCells),
    section('Would be placed', placed, ['POD', 'NODE', 'BEFORE'], placedCells),
    section('Would be removed', removed, ['POD', 'NODE', 'STEP', 'WHY'], removedCells),
    describeNodes(nodes),
  ];
  return [
    `From revision ${from.revision} (${from.time}), in memory only: nothing reached the cell.\n`,
    ...(answer.wasAtRest ? [] : ['The cell was not at rest there: what it was about to do anyway was done first.\n']),
    `\n${verdict(answer)}\n`,
    `\n${formatTable(['STEP', 'ACTION', 'TOOK', 'ANSWER'], steps.map(stepCells))}`,
    ...sections.filter((text) => text !== '').map((text) => `\n${text}`),
  ].join('');
}

/** Every count, zeros too: that nothing is lost is what somebody wanted to know. */
function verdict({ lost, pending, staying, moved, placed, removed }: WhatIfAnswer): string {
  const others = [
    ...(staying.length > 0 ? [`${staying.length} would stay where they should not`] : []),
    ...(placed.length > 0 ? [`${placed.length} would be placed`] : []),
    ...(removed.length > 0 ? [`${removed.length} would be removed`] : []),
  ];
  const first = `${moved.length} ${moved.length === 1 ? 'pod' : 'pods'} would move, ${pending.length} would stay pending, ${lost.length} would be lost`;
  return `${[first, ...others].join('; ')}.`;
}

function stepCells({ step, action, seconds, ended, fit, commits }: PlayedStep): readonly string[] {
  const took = ended === 'limit' ? `over ${seconds}s` : `${seconds}s`;
  if (fit === undefined)
    return [String(step), action, took, `${commits} commits${ended === 'limit' ? ', not at rest then' : ''}`];
  const { count, atLeast, nodes, nextWhyNot } = fit;
  const on = Object.keys(nodes).length;
  const room = `${atLeast ? 'at least ' : ''}${count} more fit${count > 0 ? `, on ${on} ${on === 1 ? 'node' : 'nodes'}` : ''}`;
  return [String(step), action, NONE, nextWhyNot === undefined ? room : `${room}; the next: ${nextWhyNot}`];
}

function section<Item>(
  title: string,
  items: readonly Item[],
  columns: readonly string[],
  cells: (item: Item) => readonly string[],
): string {
  if (items.length === 0) return '';
  const table = formatTable(columns, items.slice(0, LINES_MAX).map(cells));
  return `${title}:\n${table}${moreLine(items.length)}`;
}

function nameOf({ namespace, name }: PodName): string {
  return `${namespace}/${name}`;
}

const LOST_COLUMNS = ['POD', 'NODE', 'STEP', 'WHY'];

function lostCells(pod: AffectedPod): readonly string[] {
  return [nameOf(pod), pod.node ?? NONE, stepOf(pod.step), pod.why];
}

/** 0: it was so before the first step. */
function stepOf(step: number | undefined): string {
  return step ? String(step) : NONE;
}

function movedCells({ from, to, replacedBy, why, step, ...pod }: MovedPod): readonly string[] {
  return [nameOf(pod), from ?? NONE, to ?? '(pending)', replacedBy, stepOf(step), why];
}

function placedCells({ node, isNew, ...pod }: PlacedPod): readonly string[] {
  return [nameOf(pod), node, isNew ? 'new' : 'pending'];
}

function removedCells({ node, why, step, ...pod }: AffectedPod): readonly string[] {
  return [nameOf(pod), node ?? NONE, stepOf(step), why];
}

const PENDING_COLUMNS = ['PODS', 'FIRST OF THEM', 'WHY'];

/** Pods that wait for the same reason are one line: the sentence is what somebody reads. */
function groupPending(pending: readonly PendingPod[]): readonly (readonly PendingPod[])[] {
  return [...Map.groupBy(pending, ({ namespace, why, already }) => `${namespace} ${already} ${why}`).values()];
}

function pendingCells(pods: readonly PendingPod[]): readonly string[] {
  const [first] = pods;
  if (first === undefined) return [];
  return [String(pods.length), nameOf(first), first.already ? `${first.why} (was pending before)` : first.why];
}
