/** How many more pods of a shape fit: the scheduler's own plan, asked again and again, and bound to nothing. */
import {
  preparePodTemplate,
  type ObjectContext,
  type ObjectKey,
  type PodContext,
  type PodTemplate,
  type View,
} from '../../../machines/index.ts';
import { Cluster } from '../../scheduler/cluster.ts';
import { demandOf } from '../../scheduler/demand.ts';
import { TemplatePlan } from '../../scheduler/plan.ts';
import { missing, ScenarioError } from './errors.ts';
import { describePodShape, nameOf, type PodShape } from './scenario.ts';

/** Pods counted at most: as many as a thousand nodes of 110 pods take, and a second of work. */
export const FIT_MAX = 110_000;

export interface Fit {
  readonly shape: string;
  readonly count: number;
  /** Whether it was counted no further: at least so many fit. */
  readonly atLeast: boolean;
  /** How many on each node that takes any, by name. */
  readonly nodes: Readonly<Record<string, number>>;
  /** The scheduler's sentence of the pod after the last. */
  readonly nextWhyNot?: string;
}

/** Counts against the state as it is; changes nothing. Raises ScenarioError for a shape that no pod could have. */
export function countFit(view: View, asked: PodShape | { readonly like: ObjectKey }, max = FIT_MAX): Fit {
  const { metadata, spec } = 'like' in asked ? templateLike(view, asked.like) : prepared(asked);
  const demand = demandOf({ metadata: { ...metadata, name: '', uid: '', creationTimestamp: '' }, spec });
  const plan = new TemplatePlan(demand, new Cluster(view).candidates);
  const nodes = new Map<string, number>();
  const shape = describePodShape(asked);
  for (let count = 0; count < max; count++) {
    const placement = plan.place();
    if (placement.candidate === undefined)
      return { shape, count, atLeast: false, nodes: inOrder(nodes), nextWhyNot: placement.message };
    const { name } = placement.candidate;
    nodes.set(name, (nodes.get(name) ?? 0) + 1);
  }
  return { shape, count: max, atLeast: true, nodes: inOrder(nodes) };
}

function prepared(shape: PodShape): PodTemplate {
  const result = preparePodTemplate(shape, 'fit.template');
  if ('template' in result) return result.template;
  const [error] = result.errors;
  throw new ScenarioError(`${error?.field ?? 'fit'}: ${error?.message ?? 'no pod could look like this'}`);
}

/** The template of whatever has one, or an existing pod, wherever that runs. */
function templateLike(view: View, key: ObjectKey): Pick<PodTemplate, 'metadata' | 'spec'> {
  const record = view.get<ObjectContext & { readonly spec?: unknown }>(key.kind, key.namespace, key.name);
  if (record === undefined) throw missing(view, key);
  if (key.kind === 'Pod') {
    const { nodeName: _, ...spec } = (record.context as PodContext).spec;
    return { metadata: {}, spec };
  }
  const { template } = (record.context.spec ?? {}) as { readonly template?: PodTemplate };
  if (template === undefined) throw new ScenarioError(`${nameOf(key)} has no pod template to be like`);
  return template;
}

function inOrder(counts: ReadonlyMap<string, number>): Readonly<Record<string, number>> {
  return Object.fromEntries([...counts].toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
