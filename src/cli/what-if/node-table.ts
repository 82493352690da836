/** How full nodes would be, as a table: those that change, and all that take pods together. */
import type { Fullness, NodeFullness } from '../../simulator/what-if/answer.ts';
import { formatTable } from '../output.ts';
import { LINES_MAX, moreLine } from './lines.ts';

const NONE = '-';

/** Nodes whose room changed, then all of them as one line. */
export function describeNodes(nodes: readonly NodeFullness[]): string {
  if (nodes.length === 0) return 'There are no nodes.\n';
  const changed = nodes.filter(({ before, after }) => JSON.stringify(before) !== JSON.stringify(after));
  const lines = changed.slice(0, LINES_MAX).map(nodeCells);
  const rest = nodes.length - changed.length;
  const untouched = rest === 0 ? '' : `${rest} ${rest === 1 ? 'node' : 'nodes'} as before: -o json has them all\n`;
  const table = formatTable(['NODE', 'STATUS', 'CPU', 'MEMORY', 'PODS'], [...lines, totalCells(nodes)]);
  return `How full nodes would be, before -> after:\n${table}${moreLine(changed.length)}${untouched}`;
}

function nodeCells({ name, before, after }: NodeFullness): readonly string[] {
  const [was, is] = [before?.status, after?.status];
  const status = was === is ? (is ?? '') : `${was ?? 'new'} -> ${is ?? 'removed'}`;
  return [name, status, ...roomCells(before, after)];
}

function totalCells(nodes: readonly NodeFullness[]): readonly string[] {
  const before = sumOfReady(nodes.map((node) => node.before));
  const after = sumOfReady(nodes.map((node) => node.after));
  return ['(all ready)', '', ...roomCells(before, after)];
}

/** What new pods could use: a node that is cordoned or silent counts for nothing. */
function sumOfReady(all: readonly (Fullness | undefined)[]): Fullness {
  const ready = all.filter((fullness) => fullness?.status === 'Ready');
  const add = (part: 'requested' | 'allocatable', resource: keyof Fullness['requested']) =>
    ready.reduce((total, fullness) => total + (fullness?.[part][resource] ?? 0), 0);
  const room = (part: 'requested' | 'allocatable') => ({
    cpuMillis: add(part, 'cpuMillis'),
    memoryBytes: add(part, 'memoryBytes'),
    pods: add(part, 'pods'),
  });
  return { status: '', requested: room('requested'), allocatable: room('allocatable') };
}

function roomCells(before: Fullness | undefined, after: Fullness | undefined): readonly string[] {
  const cell = (resource: keyof Fullness['requested'], show: (amount: number) => string) => {
    const side = (fullness: Fullness | undefined) =>
      fullness === undefined ? NONE : show(fullness.requested[resource]);
    const of = (after ?? before)?.allocatable[resource] ?? 0;
    const share = after === undefined || of === 0 ? '' : ` (${Math.round((after.requested[resource] / of) * 100)}%)`;
    return `${side(before)} -> ${side(after)} of ${show(of)}${share}`;
  };
  return [cell('cpuMillis', cores), cell('memoryBytes', bytes), cell('pods', String)];
}

/** `1.25` cores. */
function cores(millis: number): string {
  return String(Math.round(millis / 10) / 100);
}

const BYTE_UNITS = ['B', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'];

/** `1.5Gi`. */
function bytes(count: number): string {
  let amount = count;
  let unit = 0;
  while (amount >= 1024 && unit < BYTE_UNITS.length - 1) {
    amount /= 1024;
    unit++;
  }
  return count === 0 ? '0' : `${Math.round(amount * 10) / 10}${BYTE_UNITS[unit]}`;
}
