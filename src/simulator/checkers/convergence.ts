/** Once faults have stopped, everything gets where it should be, and nobody is left waiting. What is not yet so, in words. */
import {
  controllerOf,
  isBeingDeleted,
  isBound,
  isLive,
  isReachable,
  isReady,
  isRegistered,
  isTerminal,
  type NodeContext,
  type ObjectRecord,
  type PodContext,
  type PodRecord,
} from '../../../machines/index.ts';
import { allRecords } from '../kept-state.ts';
import type { Scene } from '../scene.ts';
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
  for (const { name } of nodes) {
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

function* goneTroubles({ truth: { state } }: Scene): Generator<string> {
  for (const { kind, namespace, name, context } of allRecords(state)) {
    if (isBeingDeleted(context.metadata)) yield `${kind} ${namespace}/${name} is still being deleted`;
  }
}

/** What runs is what is bound, and the log says of each container what its engine does. */
function* containerTroubles({ nodes, truth: { state } }: Scene): Generator<string> {
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
