/** Plays one step of a scenario in the fork: what it means as commands, which the cell decides like anybody's. */
import {
  boundNode,
  controllerOf,
  isBeingDeleted,
  isTerminal,
  kinds,
  NODE_INDEX,
  renderManifest,
  type Command,
  type NodeContext,
  type NodeRecord,
  type ObjectKey,
  type Outcome,
  type PodContext,
  type PodRecord,
} from '../../../machines/index.ts';
import { applyPatch, withLastApplied, type GivenManifest } from '../../bus/apply.ts';
import { namespaceOf } from '../../bus/sent-command.ts';
import { missing, ScenarioError } from './errors.ts';
import type { Fork } from './fork.ts';
import { nameOf, type NodeShape, type Step } from './scenario.ts';

/** Who sends a scenario's commands. */
const ACTOR = 'what-if';
type What = Pick<Command, 'verb' | 'arguments'> & Partial<Pick<Command, 'reason' | 'preconditions' | 'actor'>>;

/** Plays steps, each under its number. */
export class Player {
  readonly #fork: Fork;
  /** Pods without a controller on nodes that were drained without force, by uid. */
  readonly held = new Set<string>();
  #count = 0;

  constructor(fork: Fork) {
    this.#fork = fork;
  }

  /** Sends what the step means; what follows from it takes its time. Raises ScenarioError for a step that cannot be. */
  async play(step: Exclude<Step, { readonly do: 'fit' }>): Promise<void> {
    switch (step.do) {
      case 'drain':
        return this.#drain(step.nodes, step.force);
      case 'lose':
        for (const { name } of this.#nodes(step.nodes)) this.#fork.nodes.silence(name);
        return undefined;
      case 'cordon':
      case 'uncordon':
        return this.#cordon(step.nodes, step.do === 'cordon');
      case 'addNodes':
        return this.#addNodes(step);
      case 'removeNodes':
        return this.#removeNodes(step.nodes);
      case 'scale':
        return this.#scale(step.key, step.replicas);
      case 'apply':
        return this.#apply(step.manifests);
      case 'delete':
        return this.#delete(step.keys);
      default:
        return step satisfies never;
    }
  }

  async #cordon(names: readonly string[], unschedulable: boolean): Promise<void> {
    const patch = { spec: { unschedulable: unschedulable ? true : null } };
    await this.#send(this.#nodes(names).map((node) => this.#command(node, { verb: 'patch', arguments: { patch } })));
  }

  /** As kubectl: no node gets new pods any more before the first pod goes. Ended pods and those on their way out need nobody. */
  async #drain(names: readonly string[], force: boolean): Promise<void> {
    await this.#cordon(names, true);
    const evictions: Command[] = [];
    for (const name of names) {
      for (const pod of this.#fork.state.indexed<PodContext>('Pod', NODE_INDEX, name)) {
        if (isTerminal(pod) || isBeingDeleted(pod.context.metadata)) continue;
        if (controllerOf(pod.context.metadata) === undefined && !force) this.held.add(pod.uid);
        else evictions.push(this.#eviction(pod));
      }
    }
    await this.#send(evictions);
  }

  #eviction(pod: PodRecord): Command {
    const reason = `node ${boundNode(pod)} was drained`;
    return this.#command(pod, { verb: 'delete', arguments: {}, preconditions: { uid: pod.uid }, reason });
  }

  async #addNodes({ count, prefix, shape }: Extract<Step, { readonly do: 'addNodes' }>): Promise<void> {
    const { labels, ...capacity } = this.#shapeOf(shape);
    const commands: Command[] = [];
    for (let number = 1; commands.length < count; number++) {
      const name = `${prefix}-${number}`;
      const key = { kind: 'Node', namespace: '', name };
      if (this.#fork.state.get('Node', '', name) !== undefined) continue;
      const registration = { capacity, nodeInfo: NODE_INFO, addresses: [], labels };
      commands.push(this.#command(key, { verb: 'register', arguments: registration, actor: `system:node:${name}` }));
    }
    for (const { name } of commands) this.#fork.nodes.add(name);
    await this.#send(commands);
  }

  #shapeOf(shape: NodeShape | { readonly like: string }): NodeShape {
    if (!('like' in shape)) return shape;
    const node = this.#node(shape.like);
    const { allocatable } = node.context.status;
    if (allocatable === undefined)
      throw new ScenarioError(`node "${node.name}" was never registered, so it has no shape to be like`);
    // Which node it is, is not shared; the rest is what selectors look at.
    const { 'kubernetes.io/hostname': _, ...labels } = node.context.metadata.labels ?? {};
    return { ...allocatable, labels };
  }

  async #removeNodes(names: readonly string[]): Promise<void> {
    const nodes = this.#nodes(names);
    for (const { name } of nodes) this.#fork.nodes.silence(name);
    await this.#send(nodes.map((node) => this.#command(node, { verb: 'delete', arguments: {} })));
  }

  async #scale(key: ObjectKey, replicas: number): Promise<void> {
    const kind = kinds.get(key.kind);
    if (kind?.verbs['scale'] === undefined) {
      const can = [...kinds.values()].filter(({ verbs }) => verbs['scale'] !== undefined).map((known) => known.kind);
      throw new ScenarioError(`a ${key.kind} has no replicas to scale; these have: ${can.join(', ')}`);
    }
    await this.#send([this.#command(this.#existing(key), { verb: 'scale', arguments: { replicas } })]);
  }

  async #apply(manifests: readonly GivenManifest[]): Promise<void> {
    await this.#send(manifests.map((manifest) => this.#application(manifest)));
  }

  #application(manifest: GivenManifest): Command {
    const { kind: kindName, metadata } = manifest;
    const kind = kinds.get(kindName);
    const key = { kind: kindName, namespace: namespaceOf(kindName, metadata), name: metadata.name ?? '' };
    const live = this.#fork.state.get(key.kind, key.namespace, key.name);
    if (kind === undefined || live === undefined) {
      return this.#command(key, { verb: 'create', arguments: { manifest: withLastApplied(manifest) } });
    }
    return this.#command(key, {
      verb: 'patch',
      arguments: { patch: applyPatch(manifest, renderManifest(kind, live)) },
    });
  }

  async #delete(keys: readonly ObjectKey[]): Promise<void> {
    const named = keys.map((key) =>
      this.#command(this.#existing(key), { verb: 'delete', arguments: {}, reason: 'deleted' }),
    );
    for (const { kind, name } of keys) if (kind === 'Node') this.#fork.nodes.silence(name);
    await this.#send(named);
  }

  #existing(key: ObjectKey): ObjectKey {
    if (key.kind === 'Node') return this.#node(key.name);
    if (this.#fork.state.get(key.kind, key.namespace, key.name) === undefined) throw missing(this.#fork.state, key);
    return key;
  }

  #nodes(names: readonly string[]): readonly NodeRecord[] {
    return names.map((name) => this.#node(name));
  }

  #node(name: string): NodeRecord {
    const node = this.#fork.state.get<NodeContext>('Node', '', name);
    if (node !== undefined) return node;
    throw missing(this.#fork.state, { kind: 'Node', namespace: '', name });
  }

  #command({ kind, namespace, name }: ObjectKey, what: What): Command {
    const id = `${ACTOR}/${++this.#count}`;
    return { actor: ACTOR, ...what, id, kind, namespace, name, seen: this.#fork.state.revision };
  }

  async #send(commands: readonly Command[]): Promise<void> {
    const outcomes = await this.#fork.submit(commands);
    for (const [index, outcome] of outcomes.entries()) {
      const why = whyNot(outcome);
      const command = commands[index];
      if (why !== undefined && command !== undefined) throw new ScenarioError(`${nameOf(command)}: ${why}`);
    }
  }
}

/** What a node that exists only here says of its machine. */
const NODE_INFO = {
  operatingSystem: 'linux',
  architecture: 'amd64',
  osImage: 'what-if',
  kernelVersion: 'what-if',
  containerRuntimeVersion: 'what-if://1',
  kubeletVersion: 'what-if',
};

function whyNot(outcome: Outcome): string | undefined {
  if (outcome.outcome === 'refused') return `${outcome.refusal.message} (${outcome.refusal.reason})`;
  return outcome.outcome === 'not-decided' ? outcome.message : undefined;
}
