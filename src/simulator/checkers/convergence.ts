/** Once faults have stopped, everything gets where it should be, and nobody is left waiting. What is not yet so, in words. */
import {
  boundNode,
  controllerOf,
  isBeingDeleted,
  isBound,
  isCordoned,
  isLive,
  isReachable,
  isReady,
  isRegistered,
  isTerminal,
  needsScheduling,
  type NodeContext,
  type ObjectRecord,
  type PodContext,
  type PodRecord,
} from '../../../machines/index.ts';
import { allRecords } from '../kept-state.ts';
import type { Scene } from '../scene.ts';
import { hasRoom } from './capacity.ts';
import { mayBeUnready } from '../workload.ts';

type Controller = ObjectRecord & {
  readonly context: {
    readonly spec: { readonly replicas: number };
    readonly status: { readonly replicas: number; readonly readyReplicas?: number };
  };
};

/** Nothing when all is as it should be. */
export function unfinished(scene: Scene): readonly string[] {
  return [
    ...cellTroubles(scene),
    ...nodeTroubles(scene),
    ...controllerTroubles(scene),
    ...goneTroubles(scene),
    ...ownerlessTroubles(scene),
    ...pendingTroubles(scene),
    ...containerTroubles(scene),
  ];
}

function* cellTroubles({ planes, users, operator, truth }: Scene): Generator<string> {
  if (operator.isBusy) yield 'an operator is at work';
  if (users.waiting > 0) yield `${users.waiting} messages of users are not answered`;
  const writers = planes.filter(({ isWriting }) => isWriting);
  if (writers.length !== 1) yield `${writers.length} control planes write`;
  for (const { name, state, waiting } of planes) {
    if (state === undefined) yield `control plane ${name} does not run`;
    else if (state.stateHash() !== truth.state.stateHash()) yield `control plane ${name} is not where the log ends`;
    if (waiting.messages > 0) yield `${waiting.messages} messages wait in the queue of ${name}`;
    if (waiting.keys > 0) yield `${waiting.keys} keys wait in the controllers of ${name}`;
  }
}

function* nodeTroubles({ nodes, truth }: Scene): Generator<string> {
  for (const { name, isGone } of nodes) {
    if (isGone) continue;
    const node = truth.state.get<NodeContext>('Node', '', name);
    if (node === undefined || !isRegistered(node)) yield `node ${name} is not registered`;
    else if (!isReachable(node)) yield `node ${name} is unreachable`;
  }
}

function* controllerTroubles({ truth: { state } }: Scene): Generator<string> {
  for (const record of state.list('ReplicationController')) {
    const { name, namespace, uid, context } = record as Controller;
    const { spec, status } = context;
    const pods = podsOf(state.list<PodContext>('Pod', namespace), uid).filter(isLive);
    if (pods.length !== spec.replicas)
      yield `controller ${namespace}/${name} has ${pods.length} of ${spec.replicas} pods`;
    if (status.replicas !== pods.length)
      yield `controller ${namespace}/${name} counts ${status.replicas} of ${pods.length} pods`;
    const unready = pods.filter((pod) => !isReady(pod) && !mayBeUnready(pod));
    if (unready.length > 0) yield `pod ${namespace}/${unready[0]?.name} of ${name} is not ready`;
  }
}

function podsOf(pods: Iterable<PodRecord>, uid: string): PodRecord[] {
  return [...pods].filter(({ context }) => controllerOf(context.metadata)?.uid === uid);
}

function* goneTroubles(scene: Scene): Generator<string> {
  const waits = nodesGone(scene);
  for (const record of allRecords(scene.truth.state)) {
    const { kind, namespace, name, context } = record;
    if (!isBeingDeleted(context.metadata)) continue;
    // Its agent is to say that nothing of it is left; until then it holds its namespace too.
    if (kind === 'Pod' && waits.has(boundNode(record as PodRecord) ?? '')) continue;
    if (kind === 'Namespace' && waits.size > 0) continue;
    yield `${kind} ${namespace}/${name} is still being deleted`;
  }
}

/** Names of nodes whose machines are gone. */
function nodesGone({ nodes }: Scene): ReadonlySet<string> {
  return new Set(nodes.filter(({ isGone }) => isGone).map(({ name }) => name));
}

/** Nobody's dependents are left behind. */
function* ownerlessTroubles({ truth: { state } }: Scene): Generator<string> {
  for (const { kind, namespace, name, context } of allRecords(state)) {
    if (isBeingDeleted(context.metadata)) continue;
    for (const owner of context.metadata.ownerReferences ?? []) {
      const found = state.get(owner.kind, namespace, owner.name);
      if (found?.uid !== owner.uid) yield `${kind} ${namespace}/${name} is left of ${owner.kind} ${owner.name}`;
    }
  }
}

/** No pod waits for a node that has room. */
function* pendingTroubles({ truth: { state } }: Scene): Generator<string> {
  const nodes = [...state.list<NodeContext>('Node')].filter(
    (node) => isRegistered(node) && isReachable(node) && !isCordoned(node),
  );
  for (const pod of state.list<PodContext>('Pod')) {
    if (!needsScheduling(pod)) continue;
    const node = nodes.find((candidate) => hasRoom(state, candidate, [pod]));
    if (node) yield `pod ${pod.namespace}/${pod.name} waits though node ${node.name} has room`;
  }
}

/** What runs is what is bound, and the log says of each container what its engine does. */
function* containerTroubles(scene: Scene): Generator<string> {
  const {
    nodes,
    truth: { state },
  } = scene;
  const gone = nodesGone(scene);
  const pods = new Map([...state.list<PodContext>('Pod')].map((pod) => [pod.uid, pod]));
  const running = new Set<string>();
  for (const { engine } of nodes) {
    for (const {
      pod: { uid, name },
      id,
    } of engine.running.values()) {
      running.add(uid);
      const pod = pods.get(uid);
      if (pod === undefined || pod.context.spec.nodeName !== engine.node)
        yield `container ${id} of ${name} runs on ${engine.node}, where it has no business`;
      else if (isTerminal(pod)) yield `container ${id} runs though its pod has ended`;
      else yield* countTroubles(pod, id);
    }
  }
  for (const pod of pods.values()) {
    if (gone.has(boundNode(pod) ?? '')) continue;
    const shouldRun = isBound(pod) && isLive(pod) && !mayBeUnready(pod);
    if (shouldRun && !running.has(pod.uid)) yield `nothing of pod ${pod.name} runs on ${pod.context.spec.nodeName}`;
  }
}

function* countTroubles(pod: PodRecord, id: string): Generator<string> {
  if (mayBeUnready(pod)) return;
  const attempt = Number(id.slice(id.lastIndexOf('/') + 1));
  const status = pod.context.status.containerStatuses?.find(({ name }) => id.startsWith(`${pod.uid}/${name}/`));
  if (status?.restartCount !== attempt)
    yield `run ${attempt} of ${pod.name} is counted as ${status?.restartCount ?? 'none'}`;
}
