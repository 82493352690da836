/** Sandboxes of plain processes: one small process holds a pod's namespaces and forwards its host ports. */
import { hash } from 'node:crypto';
import type { Clock } from '../../../foundation/clock.ts';
import type { HostPort, RuntimeSandbox, SandboxSpec } from '../container-runtime.ts';
import { RuntimeError } from '../container-runtime.ts';
import type { Feed } from './feed.ts';
import type { Isolation } from './machine.ts';
import { connectPod, disconnectPod } from './network.ts';
import { sandboxIdOf } from './places.ts';
import type { Owner } from './places.ts';
import type { ProcessMark, Records, SandboxDescription } from './records.ts';
import { isAlive, order, startShim } from './shim.ts';
import type { ShimSpecification } from './shim.ts';
import { createTurns } from './turns.ts';

/** A sandbox that was told to end does so at once, unless the machine is drowning. */
const END_TIMEOUT_MS = 15_000;
const ANY_ADDRESS = '0.0.0.0';

export interface SandboxDependencies {
  readonly owner: Owner;
  readonly clock: Clock;
  readonly records: Records;
  readonly feed: Feed;
  readonly isolation: () => Promise<Isolation>;
}

/** What a container needs to know of its sandbox. */
export interface SandboxFacts {
  readonly description: SandboxDescription;
  readonly mark: ProcessMark | undefined;
  readonly running: boolean;
}

export class Sandboxes {
  readonly #deps: SandboxDependencies;
  readonly #turns = createTurns();

  constructor(dependencies: SandboxDependencies) {
    this.#deps = dependencies;
  }

  create(spec: SandboxSpec): Promise<RuntimeSandbox> {
    const id = sandboxIdOf(spec.pod, spec.attempt);
    return this.#turns(id, async () => {
      const found = await this.facts(id);
      const begun = found !== undefined && (found.mark === undefined || (await this.#lacksNetwork(found.description)));
      // What an agent that died had only begun is made anew; what has ended is for the next attempt to replace.
      if (begun) await this.#remove(id);
      if (found === undefined || begun) await this.#make(id, spec);
      const sandbox = await this.observe(id);
      if (sandbox === undefined) throw new RuntimeError('gone', `the sandbox ${id} was removed while it was made`);
      return sandbox;
    });
  }

  remove(id: string): Promise<void> {
    return this.#turns(id, () => this.#remove(id));
  }

  /** Undefined when it is gone. */
  async facts(id: string): Promise<SandboxFacts | undefined> {
    const { records } = this.#deps;
    const description = await records.description(id);
    if (description?.kind !== 'sandbox') return undefined;
    const mark = await records.running(id);
    const complete = mark !== undefined && !(await this.#lacksNetwork(description));
    return { description, mark, running: complete && (await isAlive(records.pathOf(id))) };
  }

  async observe(id: string): Promise<RuntimeSandbox | undefined> {
    const found = await this.facts(id);
    if (found === undefined) return undefined;
    const { pod, attempt, createdAt, network } = found.description;
    const port = found.mark?.port ?? 0;
    return {
      id,
      pod,
      attempt,
      running: found.running,
      createdAt,
      ...(network !== undefined && { ip: network.address }),
      ...(port !== 0 && { assignedPort: port }),
    };
  }

  async #make(id: string, spec: SandboxSpec): Promise<void> {
    const { owner, clock, records, feed, isolation } = this.#deps;
    const { pod, attempt, hostname } = spec;
    const description = { kind: 'sandbox', pod, attempt, hostname, createdAt: clock.now() } as const;
    await records.describe(id, description);
    try {
      const isolated = (await isolation()) === 'namespaces';
      const specification = specificationOf(spec, records.pathOf(id), isolated);
      const label = `cell=${owner.cell} node=${owner.node} pod=${pod.uid}`;
      await startShim('pause', label, specification, () => feed.shimEnded(id));
      const mark = await records.running(id);
      if (!isolated || mark === undefined) return;
      await records.describe(id, { ...description, network: await connectPod(owner, pod.uid, mark.pid) });
    } catch (error) {
      await this.#remove(id);
      throw error;
    }
  }

  async #remove(id: string): Promise<void> {
    const { owner, records, feed } = this.#deps;
    const description = await records.description(id);
    if (description?.kind !== 'sandbox') return;
    await order(records.pathOf(id), 'quit');
    const ended = await feed.until(async () => !(await isAlive(records.pathOf(id))), END_TIMEOUT_MS);
    if (!ended) throw new RuntimeError('unavailable', `the sandbox ${id} does not end`);
    if (description.network !== undefined) await disconnectPod(owner, description.network.networkInterface);
    await records.remove(id);
  }

  async #lacksNetwork({ network }: SandboxDescription): Promise<boolean> {
    return network === undefined && (await this.#deps.isolation()) === 'namespaces';
  }
}

function specificationOf({ pod, hostname, hostPorts }: SandboxSpec, state: string, isolated: boolean) {
  return [
    ['state', state],
    isolated ? ['hostname', hostname] : ['port', seedOf(pod.uid)],
    ...hostPorts.map((port) => ['listen', listenerOf(port, isolated)] as const),
  ] as const satisfies ShimSpecification;
}

/** Pods begin their search for a port at different places, and a pod at the same. */
function seedOf(uid: string): string {
  return String(Number.parseInt(hash('sha256', uid).slice(0, 8), 16));
}

/** Port 0 is the pod's own one: without a network of its own, that is where its program was told to listen. */
function listenerOf({ hostIP, hostPort, containerPort, protocol }: HostPort, isolated: boolean): string {
  if (protocol !== 'TCP') {
    throw new RuntimeError(
      'refused',
      `host port ${hostPort}/${protocol}: the process runtime forwards TCP only; use Docker`,
    );
  }
  return `${hostIP ?? ANY_ADDRESS} ${hostPort} ${isolated ? containerPort : 0}`;
}
