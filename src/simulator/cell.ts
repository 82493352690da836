/** A whole simulated cell: its machines, what connects them, and who looks on. */
import { Checkers } from './checkers/index.ts';
import { ControlPlaneHost } from './control-plane-host.ts';
import { Engine } from './engine.ts';
import { LeaseServer } from './lease-store.ts';
import { LogServer } from './log-server.ts';
import { NodeHost } from './node-host.ts';
import { Operator } from './operator.ts';
import { Random } from './random.ts';
import type { Scene } from './scene.ts';
import { Timeline } from './timeline.ts';
import { Truth } from './truth.ts';
import { Users } from './users.ts';
import { Findings } from './violation.ts';
import { VirtualBus } from './virtual-bus.ts';
import { VirtualProcess } from './virtual-process.ts';
import { Wire } from './wire.ts';
import { nodeShape, replicasMax } from './workload.ts';

export interface SimulatedCellOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly controlPlanes: number;
  readonly podsPerNode: number;
}

/** The standby of `periplus up --standby`. */
const PLANE_NAMES = ['control-plane', 'standby'];
const USER = 'admin';

export class SimulatedCell implements Scene {
  readonly timeline = new Timeline();
  readonly findings: Findings;
  readonly checkers: Checkers;
  readonly truth: Truth;
  readonly log: LogServer;
  readonly lease: LeaseServer;
  readonly bus: VirtualBus;
  readonly planes: readonly ControlPlaneHost[];
  readonly nodes: readonly NodeHost[];
  readonly users: Users;
  readonly operator: Operator;
  readonly #seed: number;
  #losses = 0;
  #accepted = 0;

  constructor(options: SimulatedCellOptions) {
    this.#seed = options.seed;
    const { timeline } = this;
    this.findings = new Findings({
      nowMs: () => timeline.nowMs,
      step: () => timeline.steps,
      revision: () => this.truth.state.revision,
    });
    const wrong = this.findings.for('log');
    this.truth = new Truth('1', (what) => {
      if (!this.hasLost()) wrong(what);
    });
    const server = this.#wire('bus');
    this.bus = new VirtualBus(server);
    this.lease = new LeaseServer(server);
    this.log = new LogServer({
      clock: this.#process('log').clock,
      random: this.#random('log'),
      wire: server,
      onStored: (lineage, entry) => this.truth.stored(lineage, entry),
    });
    this.planes = Array.from({ length: options.controlPlanes }, (_, index) =>
      this.#makePlane(PLANE_NAMES[index] ?? `standby-${index}`),
    );
    this.nodes = Array.from({ length: options.nodes }, (_, index) =>
      this.#makeNode(`n${index + 1}`, options.podsPerNode),
    );
    this.users = this.#makeUsers(replicasMax(options));
    this.operator = this.#makeOperator();
    this.checkers = new Checkers(this, this.findings);
  }

  /** All machines are switched on. */
  start(): void {
    for (const host of [...this.planes, ...this.nodes]) host.start();
  }

  /** Whether something acknowledged was lost since a loss was last accepted. */
  hasLost = (): boolean => this.#losses > this.#accepted;

  noteLoss(): void {
    this.#losses++;
  }

  #random(name: string): Random {
    return new Random(this.#seed, name);
  }

  #wire(host: string): Wire {
    return new Wire(host, { timeline: this.timeline, random: this.#random(`wire/${host}`) });
  }

  #process(name: string): VirtualProcess {
    return new VirtualProcess({ name, timeline: this.timeline, skewMs: () => 0 });
  }

  #makePlane(name: string): ControlPlaneHost {
    return new ControlPlaneHost({
      name,
      timeline: this.timeline,
      random: this.#random(name),
      bus: this.bus,
      wire: this.#wire(name),
      log: this.log,
      lease: this.lease,
      knownPositions: () =>
        this.planes.flatMap(({ disk, name: by }) =>
          disk ? [{ ...disk.position, by: `the read model of ${by}` }] : [],
        ),
      eyes: {
        folded: (plane, applied, state) => this.checkers.folded(plane.name, applied, state),
        answered: (_plane, commands, outcomes) => this.checkers.answered(commands, outcomes),
        damaged: (plane, lineage, error) => {
          // Who was started beside the operator may still look at the log that is being left behind.
          if (lineage === this.log.current.lineage) this.checkers.damaged(plane.name, error);
          this.operator.call();
        },
        crashed: (plane, error) => this.checkers.crashed(plane.name, error),
      },
    });
  }

  #makeNode(name: string, podsPerNode: number): NodeHost {
    const { timeline, bus } = this;
    const { cpuMillis, memoryBytes, podsMax } = nodeShape(podsPerNode);
    const engine = new Engine({
      node: name,
      clock: this.#process(`${name}/engine`).clock,
      timeline,
      random: this.#random(`${name}/engine`),
      cpuMillis,
      memoryBytes,
      onStarted: (where, container) => this.checkers.started(where, container),
    });
    return new NodeHost({
      name,
      timeline,
      random: this.#random(name),
      bus,
      wire: this.#wire(name),
      engine,
      podsMax,
      onStart: (node) => this.checkers.restarted(node),
      onHeartbeat: (node, position) => this.checkers.heartbeat(node, position),
    });
  }

  #makeUsers(most: number): Users {
    return new Users({
      connection: this.bus.connect(this.#process(USER), this.#wire(USER), USER),
      truth: this.truth,
      replicasMax: most,
      sent: (command) => this.checkers.sent(command),
      answered: (command, outcome) => this.checkers.told(command, outcome),
    });
  }

  #makeOperator(): Operator {
    return new Operator({
      timeline: this.timeline,
      random: this.#random('operator'),
      process: this.#process('operator'),
      wire: this.#wire('operator'),
      log: this.log,
      truth: this.truth,
      planes: () => this.planes,
      knownPositions: () => this.#knownPositions(),
      onAccepted: () => (this.#accepted = this.#losses),
    });
  }

  async #knownPositions() {
    const nodes = await Promise.all(
      this.nodes.map(async (node) => ({ by: `the agent of node ${node.name}`, position: await node.savedPosition() })),
    );
    const planes = this.planes.map(({ disk, name }) => ({ by: `the read model of ${name}`, position: disk?.position }));
    return [...planes, ...nodes].flatMap(({ by, position }) =>
      position && position.entry > 0 ? [{ ...position, by }] : [],
    );
  }
}
