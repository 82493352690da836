/** A scheduler beside a cell in memory, with nodes and pods as tests of scheduling need them. */
import { onTestFinished } from 'vitest';
import type { ObjectRecord } from '../../machines/index.ts';
import type { NodeContext } from '../../machines/node/index.ts';
import { boundNode, type PodContext, type PodRecord } from '../../machines/pod/index.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { Candidate } from '../../src/scheduler/candidate.ts';
import { demandOf, type PodDemand } from '../../src/scheduler/demand.ts';
import { Scheduler } from '../../src/scheduler/scheduler.ts';
import { Cell, type TestCommand } from './cell.ts';
import { CellSink } from './cell-sink.ts';
import { ManualClock, settle } from './manual-clock.ts';
import { node as register } from './pod.ts';

/** What a pod asks for, as far as scheduling goes. */
export interface Asked {
  readonly cpu?: string;
  readonly memory?: string;
  readonly hostPort?: number;
  readonly owner?: string;
  readonly spec?: object;
}

export function createPodCommand(name: string, { cpu, memory, hostPort, owner, spec = {} }: Asked = {}): TestCommand {
  const requests = { ...(cpu ? { cpu } : {}), ...(memory ? { memory } : {}) };
  const ports = hostPort === undefined ? {} : { ports: [{ containerPort: 80, hostPort }] };
  const reference = { apiVersion: 'v1', kind: 'ReplicationController', name: 'web', uid: owner, controller: true };
  const manifest = {
    metadata: { name, ...(owner ? { ownerReferences: [reference] } : {}) },
    spec: { containers: [{ name: 'main', image: 'demo:1', resources: { requests }, ...ports }], ...spec },
  };
  return { kind: 'Pod', name, verb: 'create', arguments: { manifest } };
}

export class SchedulingWorld {
  readonly cell = Cell.begin();
  readonly clock = new ManualClock();
  readonly sink = new CellSink(this.cell);
  #scheduler: Scheduler | undefined;

  constructor(...nodes: readonly TestCommand[]) {
    for (const node of nodes) this.cell.accept(node);
  }

  /** A scheduler takes over, as at the start of a term. */
  start(): Scheduler {
    const { clock, sink, cell } = this;
    const scheduler = new Scheduler({ view: cell.state, sink, clock, logger: silentLogger });
    this.#scheduler?.stop();
    if (this.#scheduler === undefined) sink.observe((change) => this.#scheduler?.observe(change));
    this.#scheduler = scheduler;
    return scheduler;
  }

  /** Somebody sends a command; resolves when the scheduler has done what it can about it. */
  async do(...commands: readonly TestCommand[]): Promise<void> {
    for (const command of commands) this.sink.change(() => this.cell.accept(command));
    await settle();
  }

  pod(name: string): PodRecord {
    return this.cell.get<PodContext>('Pod', name);
  }

  nodeOf(name: string): string | undefined {
    return boundNode(this.pod(name));
  }

  /** How many pods each node has. */
  spread(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const pod of this.cell.list<PodContext>('Pod')) {
      const where = boundNode(pod) ?? 'none';
      counts[where] = (counts[where] ?? 0) + 1;
    }
    return counts;
  }

  /** Verbs the scheduler sent. */
  get verbs(): readonly string[] {
    return this.sink.sent.map(({ verb }) => verb);
  }
}

export function startWorld(...nodes: readonly TestCommand[]): SchedulingWorld {
  const world = new SchedulingWorld(...nodes);
  const scheduler = world.start();
  onTestFinished(() => scheduler.stop());
  return world;
}

/** A node as the scheduler weighs it, with pods counted in. */
export function candidate(command: TestCommand, ...taken: readonly PodDemand[]): Candidate {
  const cell = Cell.begin();
  const made = new Candidate(cell.accept(command) as ObjectRecord<NodeContext>);
  for (const each of taken) made.take(each);
  return made;
}

export function demand(asked: Asked = {}): PodDemand {
  const cell = Cell.begin();
  return demandOf((cell.accept(createPodCommand('web', asked)) as PodRecord).context);
}

export { register };
