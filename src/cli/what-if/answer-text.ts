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
/** Nodes named in one cell, the fullest. */
const NODES_NAMED_MAX = 6;

export function describeAnswer(answer: WhatIfAnswer): string {
  const { from, steps, moved, pending, lost, staying, placed, removed, nodes } = answer;
  const sections = [
    section('Would be lost', lost, LOST_COLUMNS, lostCells),
    section('Would stay pending', groupPending(pending), PENDING_COLUMNS, pendingCells),
    section('Would stay where they are', staying, LOST_COLUMNS, lostCells),
    section('Would move', moved, ['POD', 'FROM', 'TO', 'REPLACED BY', 'STEP', 'WHY'], movedCells),
    section('Would be placed', groupPlaced(placed), ['PODS', 'OF', 'ON NODES'], placedCells),
    section('Would be removed', removed, ['POD', 'NODE', 'STEP', 'WHY'], removedCells),
    section(
      'Room for more',
      steps.filter(({ fit }) => fit !== undefined),
      FIT_COLUMNS,
      fitCells,
    ),
    describeNodes(nodes),
  ];
  return [
    `From revision ${from.revision} (${from.time}), in memory only: nothing reached the cell.\n`,
    ...(answer.wasAtRest ? [] : ['The cell was not at rest there: what it was about to do anyway was done first.\n']),
    `\n${verdict(answer)}\n`,
    `\n${formatTable(
      ['STEP', 'ACTION', 'TOOK', 'LEADS TO'],
      steps.map((step) => stepCells(step, answer)),
    )}`,
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

/** What each step alone leads to; what it leaves pending is seen at the end. */
function stepCells({ step, action, seconds, ended, fit }: PlayedStep, answer: WhatIfAnswer): readonly string[] {
  const count = (pods: readonly { readonly step?: number }[]) => pods.filter((pod) => pod.step === step).length;
  const counts = { move: count(answer.moved), 'are lost': count(answer.lost), 'are removed': count(answer.removed) };
  const effects = Object.entries(counts).flatMap(([what, pods]) => (pods > 0 ? [`${pods} ${what}`] : []));
  const result = fit === undefined ? effects.join(', ') : `${fit.atLeast ? 'at least ' : ''}${fit.count} more fit`;
  const took = ended === 'limit' ? `not at rest after ${seconds}s` : `${seconds}s`;
  return [String(step), action, fit === undefined ? took : NONE, result];
}

const FIT_COLUMNS = ['STEP', 'PODS', 'ON NODES', 'THE NEXT'];

function fitCells({ step, fit }: PlayedStep): readonly string[] {
  if (fit === undefined) return [];
  const count = `${fit.atLeast ? '>= ' : ''}${fit.count}`;
  return [String(step), count, perNode(new Map(Object.entries(fit.nodes))), fit.nextWhyNot ?? NONE];
}

/** `n4 6, n5 11`, the most first. */
function perNode(counts: ReadonlyMap<string, number>): string {
  const most = [...counts].toSorted(([, one], [, other]) => other - one);
  const named = most.slice(0, NODES_NAMED_MAX).map(([node, count]) => `${node} ${count}`);
  const others = most.length - named.length;
  return [...named, ...(others > 0 ? [`${others} more nodes`] : [])].join(', ') || NONE;
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

/** The pods of a controller are one line, a pod without one is its own. */
function groupPlaced(placed: readonly PlacedPod[]): readonly (readonly PlacedPod[])[] {
  return [...Map.groupBy(placed, (pod) => `${ofWhat(pod)} ${pod.isNew}`).values()];
}

function placedCells(pods: readonly PlacedPod[]): readonly string[] {
  const [first] = pods;
  if (first === undefined) return [];
  const nodes = new Map([...Map.groupBy(pods, ({ node }) => node)].map(([node, there]) => [node, there.length]));
  return [String(pods.length), `${ofWhat(first)}${first.isNew ? '' : ' (was pending)'}`, perNode(nodes)];
}

function ofWhat({ controller, ...pod }: PodName & { readonly controller?: string }): string {
  return controller === undefined ? nameOf(pod) : `${controller.replace(' ', ` ${pod.namespace}/`)}`;
}

function removedCells({ node, why, step, ...pod }: AffectedPod): readonly string[] {
  return [nameOf(pod), node ?? NONE, stepOf(step), why];
}

const PENDING_COLUMNS = ['PODS', 'OF', 'WHY'];

/** Pods that wait for the same reason are one line: the sentence is what somebody reads. */
function groupPending(pending: readonly PendingPod[]): readonly (readonly PendingPod[])[] {
  return [...Map.groupBy(pending, (pod) => `${ofWhat(pod)} ${pod.already} ${pod.why}`).values()];
}

function pendingCells(pods: readonly PendingPod[]): readonly string[] {
  const [first] = pods;
  if (first === undefined) return [];
  return [String(pods.length), `${ofWhat(first)}${first.already ? ' (as before)' : ''}`, first.why];
}
