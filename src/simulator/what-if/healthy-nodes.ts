/** The nodes of a what-if: they answer work lists with what healthy agents on hollow engines would report, and have no engine. */
import type { Command, ReportArguments } from '../../../machines/index.ts';
import type { WorkList, WorkPod } from '../../agent/control-plane-link.ts';
import { createAddresses } from '../../agent/runtimes/hollow/addresses.ts';
import type { Clock, Timer } from '../../foundation/clock.ts';
import type { CommandSink } from '../../writer/command-sink.ts';

/** Twice in the shortest silence that a cell can be told to judge nodes by, one second. */
const HEARTBEAT_INTERVAL_MS = 500;

export interface HealthyNodesOptions {
  readonly sink: CommandSink;
  readonly clock: Clock;
  /** A node's heartbeat. */
  heard(node: string): void;
}

interface HealthyNode {
  readonly addresses: { next(): string };
  /** Pods whose start was reported, by uid. */
  readonly started: Set<string>;
}

export class HealthyNodes {
  readonly #options: HealthyNodesOptions;
  readonly #nodes = new Map<string, HealthyNode>();
  #waiting: Command[] = [];
  #heartbeat: Timer | undefined;
  #count = 0;

  constructor(options: HealthyNodesOptions) {
    this.#options = options;
    this.#beat();
  }

  /** The node is there and is heard from now on. */
  add(name: string): void {
    this.#nodes.set(name, { addresses: createAddresses(name), started: new Set() });
    this.#options.heard(name);
  }

  /** Nothing more is heard of the node. */
  silence(name: string): void {
    this.#nodes.delete(name);
  }

  has(name: string): boolean {
    return this.#nodes.has(name);
  }

  stop(): void {
    this.#heartbeat?.cancel();
  }

  /** A work list for a node; one that is silent does not get it. */
  receive(name: string, list: WorkList): void {
    const node = this.#nodes.get(name);
    if (node === undefined) return;
    for (const uid of list.removed) node.started.delete(uid);
    for (const pod of list.pods) {
      const report = pod.deletion === undefined ? this.#start(node, pod) : { containers: [], cleanedUp: true };
      if (report !== undefined) this.#send(name, pod, { node: name, ...report });
    }
  }

  #beat(): void {
    for (const name of this.#nodes.keys()) this.#options.heard(name);
    this.#heartbeat = this.#options.clock.after(HEARTBEAT_INTERVAL_MS, () => this.#beat());
  }

  /** All its containers run and are ready at once. A pod that its agent has spoken of before is left as it is, sick or well. */
  #start(node: HealthyNode, pod: WorkPod): Omit<ReportArguments, 'node'> | undefined {
    if (pod.ended || node.started.has(pod.uid)) return undefined;
    if (Object.values(pod.containers).some(({ number }) => number >= 0)) return undefined;
    node.started.add(pod.uid);
    const startedAt = this.#options.clock.now();
    return {
      sandbox: { attempt: pod.sandboxAttempts, podIP: node.addresses.next() },
      containers: pod.spec.containers.map(({ name: container, image }) => ({
        name: container,
        number: 0,
        attempt: 0,
        state: { running: { startedAt } },
        ready: true,
        image,
        imageId: `hollow://${image}`,
        containerId: `hollow://${pod.uid}/${container}/0`,
      })),
    };
  }

  #send(node: string, { uid, namespace, name, revision, correlation }: WorkPod, report: ReportArguments): void {
    if (this.#waiting.length === 0) queueMicrotask(() => this.#flush());
    this.#waiting.push({
      id: `${node}/report/${++this.#count}`,
      kind: 'Pod',
      namespace,
      name,
      verb: 'report',
      arguments: report,
      actor: `system:node:${node}`,
      preconditions: { uid },
      cause: revision,
      correlation,
    });
  }

  /** All that one entry led to together. A refused report was about a pod that is gone. */
  #flush(): void {
    const commands = this.#waiting;
    this.#waiting = [];
    void this.#options.sink.submit(commands);
  }
}
