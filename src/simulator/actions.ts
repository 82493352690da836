/** What users of the simulated cell ask for: each planned action becomes commands, from what there is when its time has come. */
import { kinds, type Command, type CommandDraft, type ObjectRecord, type PodContext } from '../../machines/index.ts';
import type { CellState } from '../state/cell-state.ts';
import type { PlannedAction } from './plan.ts';
import { CONTROLLERS, controllerManifest, controllerName, podManifest } from './workload.ts';

/** How often each is asked for beside the others. */
export const ACTION_KINDS = {
  'create-controller': 8,
  'scale-controller': 14,
  'delete-controller': 3,
  'change-template': 3,
  'create-pod': 6,
  'delete-pod': 12,
  'delete-pod-at-once': 5,
  'create-config': 6,
  'change-config': 8,
  'delete-config': 4,
  'create-many': 2,
  cordon: 3,
  uncordon: 5,
  'delete-node': 1,
  'create-namespace': 3,
  'delete-namespace': 1,
  repeat: 10,
  'stale-precondition': 5,
  'no-change': 5,
  invalid: 4,
  'set-horizon': 1,
} as const;

export type ActionKind = keyof typeof ACTION_KINDS;

export const TEAM = 'team';
const CONFIGS = 8;
const BARE_PODS = 6;
const MANY = 20;
/** The least that a cell may be told to remember: repeats soon become too old. */
const SHORT_HORIZON = 1_000;

export interface ActionInput {
  readonly action: PlannedAction;
  /** Numbers this user's commands. */
  readonly number: number;
  readonly state: CellState;
  readonly replicasMax: number;
  /** Commands of earlier actions, for repeats. */
  readonly earlier: readonly Command[];
}

type Draft = Pick<CommandDraft, 'kind' | 'name' | 'verb' | 'arguments'> & Partial<CommandDraft>;

/** The commands of one action; none where there is nothing it could be about. */
export function commandsOf(input: ActionInput): readonly CommandDraft[] {
  const { action, number, earlier } = input;
  if (action.kind === 'repeat') {
    const repeated = earlier[Math.floor(action.target * earlier.length)];
    return repeated ? [repeated] : [];
  }
  return draftsOf(input).map((draft, index) => ({
    id: `user/${number}/${index}`,
    namespace: kinds.get(draft.kind)?.namespaced === false ? '' : namespaceOf(input),
    ...draft,
  }));
}

function namespaceOf({ action, state }: ActionInput): string {
  return action.second < 0.2 && state.get('Namespace', '', TEAM) !== undefined ? TEAM : 'default';
}

function draftsOf(input: ActionInput): readonly Draft[] {
  const { action, state } = input;
  const { kind, target, first, second } = action;
  const controller = { kind: 'ReplicationController', name: controllerName(target) };
  const config = { kind: 'ConfigMap', name: `config-${Math.floor(target * CONFIGS)}` };
  const node = pick([...state.list('Node')], target);
  switch (kind) {
    case 'create-controller':
      return [{ ...controller, verb: 'create', arguments: { manifest: controllerManifest(input) } }];
    case 'scale-controller':
      return [{ ...controller, verb: 'scale', arguments: { replicas: Math.floor(first * (input.replicasMax + 1)) } }];
    case 'delete-controller': {
      const propagationPolicy = first < 0.2 ? 'Orphan' : 'Background';
      return [{ ...controller, verb: 'delete', arguments: { propagationPolicy } }];
    }
    case 'change-template': {
      const annotations = { changed: first.toFixed(4) };
      return [
        { ...controller, verb: 'patch', arguments: { patch: { spec: { template: { metadata: { annotations } } } } } },
      ];
    }
    case 'create-pod': {
      const name = `bare-${Math.floor(target * BARE_PODS)}`;
      return [{ kind: 'Pod', name, verb: 'create', arguments: { manifest: podManifest(name, { first, second }) } }];
    }
    case 'delete-pod':
    case 'delete-pod-at-once':
      return deletePod(
        pick([...state.list<PodContext>('Pod')], target),
        kind === 'delete-pod' ? {} : { gracePeriodSeconds: 0 },
      );
    case 'create-config':
      return [{ ...config, verb: 'create', arguments: { manifest: configManifest(config.name, first) } }];
    case 'change-config':
      return [
        {
          ...config,
          verb: 'patch',
          arguments: { patch: { data: { [`key-${Math.floor(second * 4)}`]: String(first) } } },
        },
      ];
    case 'delete-config':
      return [{ ...config, verb: 'delete', arguments: {} }];
    case 'create-many':
      return Array.from({ length: MANY }, (_, index) => {
        const name = `many-${index}`;
        const verb = state.get('ConfigMap', 'default', name) ? 'delete' : 'create';
        const given = verb === 'delete' ? {} : { manifest: configManifest(name, first) };
        return { kind: 'ConfigMap', namespace: 'default', name, verb, arguments: given };
      });
    case 'cordon':
    case 'uncordon':
      return node ? [cordon(node.name, kind === 'cordon')] : [];
    case 'delete-node':
      return node ? [{ kind: 'Node', name: node.name, verb: 'delete', arguments: {} }] : [];
    case 'create-namespace':
      return [{ kind: 'Namespace', name: TEAM, verb: 'create', arguments: { manifest: { metadata: { name: TEAM } } } }];
    case 'delete-namespace':
      return [{ kind: 'Namespace', name: TEAM, verb: 'delete', arguments: {} }];
    case 'stale-precondition':
      return stale(pick([...state.list('ConfigMap')], target), first);
    case 'no-change':
      return noChange(pick([...state.list('ConfigMap')], target));
    case 'invalid':
      return [
        {
          ...controller,
          name: 'Not A Name',
          verb: 'create',
          arguments: { manifest: { metadata: { name: 'Not A Name' } } },
        },
      ];
    case 'set-horizon':
      return [setHorizon()];
    case 'repeat':
      return [];
    default:
      return kind satisfies never;
  }
}

export function cordon(node: string, unschedulable: boolean): Draft {
  return { kind: 'Node', name: node, verb: 'patch', arguments: { patch: { spec: { unschedulable } } } };
}

function setHorizon(): Draft {
  const patch = { spec: { commandHorizon: SHORT_HORIZON } };
  return { kind: 'CellConfiguration', name: 'cell', verb: 'patch', arguments: { patch } };
}

function deletePod(pod: ObjectRecord | undefined, given: object): readonly Draft[] {
  if (pod === undefined) return [];
  return [{ kind: 'Pod', namespace: pod.namespace, name: pod.name, verb: 'delete', arguments: given }];
}

/** A change that rests on what its sender saw some revisions ago. */
function stale(config: ObjectRecord | undefined, first: number): readonly Draft[] {
  if (config === undefined) return [];
  const { namespace, name, revision } = config;
  const preconditions = { revision: first < 0.5 ? revision : Math.max(revision - 1, 1) };
  const patch = { data: { stale: String(first) } };
  return [{ kind: 'ConfigMap', namespace, name, verb: 'patch', arguments: { patch }, preconditions }];
}

function noChange(config: ObjectRecord | undefined): readonly Draft[] {
  if (config === undefined) return [];
  const { namespace, name } = config;
  return [{ kind: 'ConfigMap', namespace, name, verb: 'patch', arguments: { patch: {} } }];
}

function configManifest(name: string, first: number): object {
  return { metadata: { name }, data: { 'key-0': String(first) } };
}

/** The same choice among the same objects, in whatever order they are listed. */
function pick<Item extends ObjectRecord>(records: readonly Item[], target: number): Item | undefined {
  const sorted = records.toSorted((a, b) => (`${a.namespace}/${a.name}` < `${b.namespace}/${b.name}` ? -1 : 1));
  return sorted[Math.floor(target * sorted.length)];
}

export { CONTROLLERS };
