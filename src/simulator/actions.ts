/** What users of the simulated cell ask for: each planned action becomes commands, from what there is when its time has come. */
import {
  allocatable,
  isRegistered,
  kinds,
  type Command,
  type CommandDraft,
  type NodeContext,
  type ObjectRecord,
} from '../../machines/index.ts';
import type { CellState } from '../state/cell-state.ts';
import type { PlannedAction } from './plan.ts';
import { controllerManifest, controllerName, largePodManifest, podManifest } from './workload.ts';

/** How often each is asked for beside the others. */
export const ACTION_KINDS = {
  'create-controller': 8,
  'scale-controller': 14,
  'delete-controller': 3,
  'change-template': 3,
  'create-pod': 6,
  'large-pods': 4,
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
/** Asked for so many at once, of so many: more than there are nodes, so that some wait. */
const LARGE_AT_ONCE = 3;
const LARGE_PODS = 6;
const MANY = 20;
/** Of deleted controllers so many leave their pods behind. */
const ORPHANING_SHARE = 0.2;
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

/** Of any of the nodes, which are all alike; 0 where there is none yet. */
function nodeMemoryBytes(state: CellState): number {
  const [node] = [...state.list<NodeContext>('Node')].filter(isRegistered);
  return node === undefined ? 0 : allocatable(node).memoryBytes;
}

function namespaceOf({ action, state }: ActionInput): string {
  return action.second < 0.2 && state.get('Namespace', '', TEAM) !== undefined ? TEAM : 'default';
}

function draftsOf(input: ActionInput): readonly Draft[] {
  const draft = DRAFTS[input.action.kind](input);
  if (draft === undefined) return [];
  return 'kind' in draft ? [draft] : draft;
}

type Drafts = Draft | readonly Draft[] | undefined;

const controllerOf = ({ action }: ActionInput) => ({
  kind: 'ReplicationController',
  name: controllerName(action.target),
});
const configOf = ({ action }: ActionInput) => ({
  kind: 'ConfigMap',
  name: `config-${Math.floor(action.target * CONFIGS)}`,
});
const anyOf = <Context extends ObjectRecord['context']>(kind: string, { action, state }: ActionInput) =>
  pick([...state.list<Context>(kind)], action.target);
const create = (key: Pick<Draft, 'kind' | 'name'>, manifest: object): Draft => ({
  ...key,
  verb: 'create',
  arguments: { manifest },
});
const change = (key: Pick<Draft, 'kind' | 'name'>, patch: object): Draft => ({
  ...key,
  verb: 'patch',
  arguments: { patch },
});
const remove = (key: Pick<Draft, 'kind' | 'name'>, given: object = {}): Draft => ({
  ...key,
  verb: 'delete',
  arguments: given,
});

const DRAFTS: Readonly<Record<ActionKind, (input: ActionInput) => Drafts>> = {
  'create-controller': (input) => create(controllerOf(input), controllerManifest(input)),
  'scale-controller': (input) => ({
    ...controllerOf(input),
    verb: 'scale',
    arguments: { replicas: Math.floor(input.action.first * (input.replicasMax + 1)) },
  }),
  'delete-controller': (input) =>
    remove(controllerOf(input), { propagationPolicy: input.action.first < ORPHANING_SHARE ? 'Orphan' : 'Background' }),
  'change-template': (input) =>
    change(controllerOf(input), {
      spec: { template: { metadata: { annotations: { changed: input.action.first.toFixed(4) } } } },
    }),
  'create-pod': ({ action }) => {
    const name = `bare-${Math.floor(action.target * BARE_PODS)}`;
    return create({ kind: 'Pod', name }, podManifest(name, action));
  },
  'large-pods': (input) =>
    Array.from({ length: LARGE_AT_ONCE }, (_, index) =>
      largePod(Math.floor(input.action.target * LARGE_PODS) + index, input),
    ),
  'delete-pod': (input) => deletePod(anyOf('Pod', input), {}),
  'delete-pod-at-once': (input) => deletePod(anyOf('Pod', input), { gracePeriodSeconds: 0 }),
  'create-config': (input) => create(configOf(input), configManifest(configOf(input).name, input.action.first)),
  'change-config': (input) =>
    change(configOf(input), { data: { [`key-${Math.floor(input.action.second * 4)}`]: String(input.action.first) } }),
  'delete-config': (input) => remove(configOf(input)),
  'create-many': (input) => Array.from({ length: MANY }, (_, index) => createOrDelete(`many-${index}`, input)),
  cordon: (input) => onNode(input, (name) => cordon(name, true)),
  uncordon: (input) => onNode(input, (name) => cordon(name, false)),
  'delete-node': (input) => onNode(input, (name) => remove({ kind: 'Node', name })),
  'create-namespace': () => create({ kind: 'Namespace', name: TEAM }, { metadata: { name: TEAM } }),
  'delete-namespace': () => remove({ kind: 'Namespace', name: TEAM }),
  // What it repeats is known to whoever sends it.
  repeat: () => undefined,
  'stale-precondition': (input) => stale(anyOf('ConfigMap', input), input.action.first),
  'no-change': (input) => noChange(anyOf('ConfigMap', input)),
  invalid: () => create({ kind: 'ReplicationController', name: 'Not A Name' }, { metadata: { name: 'Not A Name' } }),
  'set-horizon': () => setHorizon(),
};

function onNode(input: ActionInput, draft: (name: string) => Draft): Drafts {
  const node = anyOf('Node', input);
  return node && draft(node.name);
}

/** Of those that are there, each goes and makes room. */
function largePod(number: number, { state }: ActionInput): Draft {
  const name = `large-${number}`;
  const key = { kind: 'Pod', namespace: 'default', name };
  return state.get('Pod', 'default', name) ? remove(key) : create(key, largePodManifest(name, nodeMemoryBytes(state)));
}

function createOrDelete(name: string, { state, action }: ActionInput): Draft {
  const key = { kind: 'ConfigMap', namespace: 'default', name };
  return state.get('ConfigMap', 'default', name) ? remove(key) : create(key, configManifest(name, action.first));
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
