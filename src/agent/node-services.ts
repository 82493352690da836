/** Serves what the control plane's users ask of this node's containers: their output, and commands run inside them. */
import type { ExecInput, NodeServices } from './control-plane-link.ts';
import { NodeServiceError } from './node-service-error.ts';
import { waitingReason } from './container-level.ts';
import type { ContainerMemory, PodState } from './pod-state.ts';
import { mayRunAgain } from './restart-policy.ts';
import type { ContainerRuntime, ExecSession, RuntimeContainer } from './runtimes/container-runtime.ts';

export interface NodeServicesOptions {
  readonly node: string;
  readonly runtime: Pick<ContainerRuntime, 'logs' | 'exec'>;
  /** The pod of a uid, as far as it is this node's. */
  find(uid: string): PodState | undefined;
}

/** What Kubernetes words in its own way when somebody asks for output. */
const PULL_FAILURES: ReadonlySet<string> = new Set(['ErrImagePull', 'ImagePullBackOff']);

/** @throws NodeServiceError for what is not here, RuntimeError for what the engine cannot do */
export function createNodeServices(options: NodeServicesOptions): NodeServices {
  const { runtime } = options;
  return {
    async *logs(target, request, signal) {
      const pod = podOf(options, target.uid);
      const memory = containerOf(pod, target.container);
      yield* runtime.logs(runWithOutput(pod, memory, target.previous).id, request, signal);
    },

    async exec(target, request, session, signal) {
      const memory = containerOf(podOf(options, target.uid), target.container);
      if (memory.current?.state !== 'running') {
        throw new NodeServiceError('BadRequest', `container not found ("${memory.name}"): it is not running`);
      }
      return attach(await runtime.exec(memory.current.id, request), session, signal);
    },
  };
}

function podOf({ node, find }: NodeServicesOptions, uid: string): PodState {
  const pod = find(uid);
  if (pod === undefined) throw new NodeServiceError('NotFound', `pod ${uid} is not on node ${node}`);
  return pod;
}

function containerOf(pod: PodState, name: string | undefined): ContainerMemory {
  const names = pod.work?.spec.containers.map((container) => container.name) ?? [...pod.containers.keys()];
  const [only, ...more] = names;
  if (name === undefined && (only === undefined || more.length > 0)) {
    const choices = names.join(' ');
    const message = `a container name must be specified for pod ${pod.identity.name}, choose one of: [${choices}]`;
    throw new NodeServiceError('BadRequest', message);
  }
  const wanted = name ?? only ?? '';
  if (!names.includes(wanted)) {
    throw new NodeServiceError('BadRequest', `container ${wanted} is not valid for pod ${pod.identity.name}`);
  }
  const memory = pod.containers.get(wanted);
  if (memory === undefined) throw waitingToStart(pod, wanted);
  return memory;
}

function runWithOutput(pod: PodState, memory: ContainerMemory, previous: boolean): RuntimeContainer {
  const { name, current, exit } = memory;
  if (previous) {
    // Held back, the newest run is the previous one to whoever waits for the next.
    const awaitsNext = pod.want === 'run' && exit !== undefined && mayRunAgain(exit, pod.work?.spec.restartPolicy);
    if (current?.state === 'exited' && awaitsNext) return current;
    if (memory.previous !== undefined) return memory.previous;
    const title = `"${name}" in pod "${pod.identity.name}"`;
    throw new NodeServiceError('BadRequest', `previous terminated container ${title} not found`);
  }
  const run = current ?? memory.previous;
  if (run === undefined) throw waitingToStart(pod, name);
  return run;
}

function waitingToStart(pod: PodState, container: string): NodeServiceError {
  const title = `container "${container}" in pod "${pod.identity.name}"`;
  const reason = waitingReason(pod.containers.get(container));
  const why = PULL_FAILURES.has(reason) ? 'trying and failing to pull image' : reason;
  return new NodeServiceError('BadRequest', `${title} is waiting to start: ${why}`);
}

/** Connects a session with whoever asked for it. Resolves with the exit code. */
async function attach(process: ExecSession, session: ExecInput, signal: AbortSignal): Promise<number> {
  const onAbort = () => process.close();
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  try {
    // Input and resizes end when the asker ends them; the process does not wait for that.
    void feed(process, session);
    void follow(process, session);
    for await (const chunk of process.output) await session.output(chunk);
    return await process.exitCode;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

async function feed(process: ExecSession, { input }: ExecInput): Promise<void> {
  try {
    for await (const data of input) await process.write(data);
    process.endInput();
  } catch {
    process.endInput(); // The process has ended or the asker is gone; the output tells.
  }
}

async function follow(process: ExecSession, { resizes }: ExecInput): Promise<void> {
  try {
    for await (const size of resizes) await process.resize(size);
  } catch {
    // A terminal that cannot be resized goes on with its old size.
  }
}
