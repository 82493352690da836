/** One run: a cell, a plan that befalls it, and then quiet, until all is as it should be or something is found. */
import { isCordoned, type NodeContext } from '../../machines/index.ts';
import { cordon } from './actions.ts';
import { SimulatedCell } from './cell.ts';
import { unfinished } from './checkers/convergence.ts';
import { LASTING_FAULTS, type FaultKind } from './fault-kinds.ts';
import { BEGIN, type Victims } from './faults.ts';
import type { PlannedFault, PlannedItem } from './plan.ts';
import type { Violation } from './violation.ts';

/** Once faults have stopped, everything is where it should be within this: longer than the longest back-off of a container and any skew of a clock. */
export const SETTLED_WITHIN_MS = 15 * 60_000;
/** How often it is looked whether that is so, milliseconds. */
const LOOK_EVERY_MS = 5_000;
/** It must be so this often in a row. */
const SETTLED_LOOKS = 3;

export interface SimulationOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly controlPlanes: number;
  readonly podsPerNode: number;
  /** What happens, and when. */
  readonly items: readonly PlannedItem[];
  /** How long it may, virtual milliseconds. */
  readonly durationMs: number;
  /** Ends that part after so many steps at the latest. */
  readonly stepsMax?: number;
}

export interface SimulationResult {
  readonly violation: Violation | undefined;
  readonly steps: number;
  readonly virtualMs: number;
  readonly entries: number;
  readonly commits: number;
  readonly lossesAccepted: number;
  readonly faults: Readonly<Partial<Record<FaultKind, number>>>;
  readonly actions: number;
  /** How long it took to settle after the last fault, virtual milliseconds. */
  readonly settledMs: number;
  readonly pods: number;
  /** Of the last entry. */
  readonly hash: string;
  readonly revision: number;
}

export function simulate(options: SimulationOptions): Promise<SimulationResult> {
  return new Simulation(options).run();
}

class Simulation {
  readonly #options: SimulationOptions;
  readonly #cell: SimulatedCell;
  readonly #victims: Victims;
  readonly #faults: Partial<Record<FaultKind, number>> = {};
  readonly #ends = new Set<() => void>();
  readonly #lastingEnds = new Set<() => void>();
  #actions = 0;
  #isOver = false;
  #later: { steps: number; readonly act: () => void }[] = [];

  constructor(options: SimulationOptions) {
    this.#options = options;
    const cell = new SimulatedCell(options);
    this.#cell = cell;
    const { planes, nodes, log, lease, truth } = cell;
    this.#victims = {
      planes,
      nodes,
      log,
      lease,
      truth,
      afterSteps: (steps, act) => this.#later.push({ steps, act }),
      onLoss: () => cell.noteLoss(),
    };
  }

  async run(): Promise<SimulationResult> {
    const { items, durationMs, stepsMax = Infinity } = this.#options;
    const { timeline, findings } = this.#cell;
    this.#cell.start();
    for (const item of items) timeline.after(item.atMs, () => this.#begin(item));
    while (findings.first === undefined && timeline.steps < stepsMax && (await timeline.step(durationMs)))
      this.#stepped();
    const healedAtMs = timeline.nowMs;
    this.#isOver = true;
    if (findings.first === undefined) await this.#settle();
    if (findings.first === undefined) this.#cell.checkers.finish();
    return this.#result(timeline.nowMs - healedAtMs);
  }

  #begin(item: PlannedItem): void {
    if (this.#isOver) return;
    if (item.type === 'action') {
      this.#actions++;
      return this.#cell.users.act(item);
    }
    this.#befall(item);
  }

  #befall(fault: PlannedFault): void {
    this.#faults[fault.kind] = (this.#faults[fault.kind] ?? 0) + 1;
    const end = BEGIN[fault.kind](this.#victims, fault);
    if (end === undefined) return;
    const ends = LASTING_FAULTS.has(fault.kind) ? this.#lastingEnds : this.#ends;
    ends.add(end);
    this.#cell.timeline.after(fault.durationMs, () => {
      if (ends.delete(end)) end();
    });
  }

  /** What was to happen some steps later. */
  #stepped(): void {
    if (this.#later.length === 0) return;
    const due = this.#later.filter((later) => later.steps-- <= 0);
    if (due.length === 0) return;
    this.#later = this.#later.filter((later) => !due.includes(later));
    for (const { act } of due) act();
  }

  /** Faults end, everything is switched on again, and users stop asking for things; then what is gone comes back. */
  async #settle(): Promise<void> {
    this.#heal();
    await this.#becomeQuiet();
    if (this.#cell.findings.first !== undefined || this.#lastingEnds.size === 0) return;
    endAll(this.#lastingEnds);
    await this.#becomeQuiet();
  }

  async #becomeQuiet(): Promise<void> {
    const { timeline, findings } = this.#cell;
    const untilMs = timeline.nowMs + SETTLED_WITHIN_MS;
    let missing: readonly string[] = [];
    for (let looks = 0; looks < SETTLED_LOOKS;) {
      const lookAtMs = timeline.nowMs + LOOK_EVERY_MS;
      while (findings.first === undefined && (await timeline.step(lookAtMs)));
      if (findings.first !== undefined) return;
      this.#restartForgotten();
      this.#uncordon();
      missing = unfinished(this.#cell);
      looks = missing.length === 0 ? looks + 1 : 0;
      if (timeline.nowMs < untilMs) continue;
      const minutes = SETTLED_WITHIN_MS / 60_000;
      return findings.for('convergence')(`${minutes} minutes after the last fault ${missing.slice(0, 5).join('; ')}`);
    }
  }

  #heal(): void {
    const { log, planes, nodes, bus } = this.#cell;
    this.#later = [];
    endAll(this.#ends);
    log.calm();
    bus.server.calm();
    for (const { wire, process } of [...planes, ...nodes]) {
      wire.calm();
      process?.resume();
    }
    for (const plane of planes) if (plane.damage === undefined && !this.#cell.operator.isBusy) plane.start();
    for (const node of nodes) {
      node.engine.calm();
      node.start();
    }
    this.#uncordon();
  }

  /** An agent whose node somebody deleted introduces itself when it is started again, as a kubelet does. */
  #restartForgotten(): void {
    const { nodes, truth } = this.#cell;
    for (const node of nodes) {
      if (truth.state.get('Node', '', node.name) !== undefined) continue;
      node.kill();
      node.start();
    }
  }

  /** Users who closed a node open it again; and once more where that was lost with the log. */
  #uncordon(): void {
    const { nodes, users, truth } = this.#cell;
    if (users.waiting > 0) return;
    const closed = nodes.filter(({ name }) => {
      const node = truth.state.get<NodeContext>('Node', '', name);
      return node !== undefined && isCordoned(node);
    });
    const { revision } = truth.state;
    const drafts = closed.map(({ name }) => ({
      ...cordon(name, false),
      id: `user/open/${name}/${revision}`,
      namespace: '',
    }));
    if (drafts.length > 0) void users.send(drafts);
  }

  #result(settledMs: number): SimulationResult {
    const { timeline, truth, operator, findings } = this.#cell;
    const { entries, commits } = truth.counts;
    const { position } = truth.state;
    return {
      violation: findings.first,
      steps: timeline.steps,
      virtualMs: timeline.nowMs,
      entries,
      commits,
      lossesAccepted: operator.lossesAccepted,
      faults: this.#faults,
      actions: this.#actions,
      settledMs,
      pods: [...truth.state.list('Pod')].length,
      hash: position.hash,
      revision: position.revision,
    };
  }
}

function endAll(ends: Set<() => void>): void {
  for (const end of ends) end();
  ends.clear();
}
