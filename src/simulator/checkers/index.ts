/** All checkers of a simulated cell, each told what it looks at. */
import type { Command, Outcome } from '../../../machines/index.ts';
import type { WorkPosition } from '../../agent/control-plane-link.ts';
import type { LogDamageError } from '../../log/entry.ts';
import type { AppliedEntry } from '../../state/applied-entry.ts';
import type { CellState } from '../../state/cell-state.ts';
import type { Engine, RunningContainer } from '../engine.ts';
import type { Scene } from '../scene.ts';
import type { Findings } from '../violation.ts';
import { AnswersChecker } from './answers.ts';
import { barePodsStay } from './bare-pods.ts';
import { capacityHolds } from './capacity.ts';
import { ContainersChecker } from './containers.ts';
import { followersAgree } from './followers.ts';
import { observerEvictsNothing } from './observer.ts';
import { OneHistoryChecker } from './one-history.ts';
import { PreconditionsChecker } from './preconditions.ts';
import { ReplicasChecker } from './replicas.ts';

export class Checkers {
  readonly #scene: Scene;
  readonly #findings: Findings;
  readonly #answers: AnswersChecker;
  readonly #replicas: ReplicasChecker;
  readonly #containers: ContainersChecker;
  readonly #preconditions: PreconditionsChecker;
  readonly #folded: ReturnType<typeof followersAgree>;
  readonly #oneHistory: OneHistoryChecker;
  readonly #ofEntries: readonly ((applied: AppliedEntry) => void)[];

  constructor(scene: Scene, findings: Findings) {
    this.#scene = scene;
    this.#findings = findings;
    this.#answers = new AnswersChecker(scene, findings.for('answers'));
    this.#replicas = new ReplicasChecker(findings.for('replicas'));
    this.#containers = new ContainersChecker(scene, findings.for('containers'));
    this.#preconditions = new PreconditionsChecker(findings.for('preconditions'));
    this.#folded = followersAgree(scene, findings.for('followers'));
    this.#oneHistory = new OneHistoryChecker(scene, findings.for('one-history'));
    this.#ofEntries = [
      (applied) => this.#answers.applied(applied),
      (applied) => this.#replicas.applied(applied),
      (applied) => this.#containers.applied(applied),
      (applied) => this.#preconditions.applied(applied),
      capacityHolds(scene, findings.for('capacity')),
      barePodsStay(findings.for('bare-pods')),
      observerEvictsNothing(scene, findings.for('observer')),
    ];
    scene.truth.observe({ applied: (applied) => this.#applied(applied), rewound: (state) => this.#rewound(state) });
  }

  folded(name: string, applied: AppliedEntry, state: CellState): void {
    this.#folded(name, applied, state);
  }

  answered(commands: readonly Command[], outcomes: readonly Outcome[]): void {
    this.#answers.answered(commands, outcomes);
  }

  sent(command: Command): void {
    this.#preconditions.sent(command);
  }

  told(command: Command, outcome: Outcome): void {
    this.#answers.told(command, outcome);
  }

  started(engine: Engine, container: RunningContainer): void {
    this.#containers.started(engine, container);
  }

  /** The agent of a node is started. */
  restarted(node: string): void {
    this.#oneHistory.restarted(node);
  }

  heartbeat(node: string, position: WorkPosition | undefined): void {
    this.#oneHistory.heartbeat(node, position);
  }

  /** A control plane that stops for damage is right only where something was lost. */
  damaged(name: string, error: LogDamageError): void {
    if (!this.#scene.hasLost())
      this.#findings.for('false-alarm')(`${name} stopped though nothing was lost: ${error.message}`);
  }

  crashed(name: string, error: unknown): void {
    this.#findings.for('crash')(
      `${name} ended by itself: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  }

  /** Once all is quiet. */
  finish(): void {
    this.#answers.finish();
  }

  #applied(applied: AppliedEntry): void {
    for (const check of this.#ofEntries) check(applied);
  }

  #rewound(state: CellState): void {
    this.#answers.rewound(state);
    this.#replicas.rewound(state);
    this.#containers.rewound(state);
  }
}
