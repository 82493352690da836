/** How full each node is, as the scheduler counts it. */
import { kinds, type View } from '../../../machines/index.ts';
import type { Candidate } from '../../scheduler/candidate.ts';
import { Cluster } from '../../scheduler/cluster.ts';
import type { Fullness, NodeFullness } from './answer.ts';

const STATUS_COLUMN = 'STATUS';

/** By node name. */
export function fullnessOf(view: View, now: number): ReadonlyMap<string, Fullness> {
  return new Map(new Cluster(view).candidates.map((candidate) => [candidate.name, fullness(candidate, now)]));
}

/** Before and after side by side, in the order of names. */
export function compareFullness(
  before: ReadonlyMap<string, Fullness>,
  after: ReadonlyMap<string, Fullness>,
): readonly NodeFullness[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].toSorted();
  return names.map((name) => {
    const [was, is] = [before.get(name), after.get(name)];
    return { name, ...(was && { before: was }), ...(is && { after: is }) };
  });
}

function fullness(candidate: Candidate, now: number): Fullness {
  const { node, requested, pods, offers } = candidate;
  const status = kinds
    .get('Node')
    ?.columns.find(({ name }) => name === STATUS_COLUMN)
    ?.cell(node, now);
  return { status: status ?? '', requested: { ...requested, pods }, allocatable: { ...offers } };
}
