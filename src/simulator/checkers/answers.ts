/** Whatever anybody is answered stands in the log at that moment, and stays so: nothing acknowledged is lost, nothing said is contradicted. */
import type { Command, Outcome } from '../../../machines/index.ts';
import type { AppliedEntry } from '../../state/applied-entry.ts';
import type { CellState } from '../../state/cell-state.ts';
import type { Scene } from '../scene.ts';

export class AnswersChecker {
  readonly #scene: Scene;
  readonly #report: (what: string) => void;
  /** Revision of each command's commit. */
  readonly #committed = new Map<string, number>();
  /** Commands whose commit, refusal or repeat went with a store that lost its end: nothing is said of them any more. */
  readonly #lost = new Set<string>();
  /** Commands applied before a lineage began, whose outcomes went behind the horizon with the jump of its revisions. */
  readonly #forgotten = new Set<string>();
  /** What users were told. */
  readonly #told = new Map<string, { readonly command: Command; readonly outcome: Outcome }>();
  #recent: { readonly entry: number; readonly ids: readonly string[] }[] = [];

  constructor(scene: Scene, report: (what: string) => void) {
    this.#scene = scene;
    this.#report = report;
  }

  applied({ entry, outcomes }: AppliedEntry): void {
    for (const { commandId, revision } of entry.commits) {
      const before = this.#committed.get(commandId);
      // A repeat whose sender had seen nothing is recognised within the horizon only.
      if (this.#forgotten.delete(commandId)) this.#told.delete(commandId);
      else if (before !== undefined)
        this.#report(`command ${commandId} was applied at revision ${before} and again at ${revision}`);
      this.#committed.set(commandId, revision);
    }
    if (entry.lineageStart !== undefined) {
      const { state } = this.#scene.truth;
      for (const id of this.#committed.keys()) if (state.outcomeOf(id) === undefined) this.#forgotten.add(id);
    }
    this.#recent.push({ entry: entry.number, ids: outcomes.map(({ commandId }) => commandId) });
  }

  rewound({ position }: CellState): void {
    for (const { entry, ids } of this.#recent) if (entry > position.entry) for (const id of ids) this.#forget(id);
    this.#recent = this.#recent.filter(({ entry }) => entry <= position.entry);
    for (const [id, revision] of this.#committed) if (revision > position.revision) this.#committed.delete(id);
  }

  #forget(id: string): void {
    this.#lost.add(id);
    this.#told.delete(id);
  }

  /** A writer gave answers. */
  answered(commands: readonly Command[], outcomes: readonly Outcome[]): void {
    if (commands.length !== outcomes.length) this.#report(`${commands.length} commands had ${outcomes.length} answers`);
    for (const [index, command] of commands.entries()) {
      const outcome = outcomes[index];
      if (outcome !== undefined && outcome.outcome !== 'not-decided') this.#compare(command, outcome);
    }
  }

  #compare({ id, attempt = 1 }: Command, outcome: Exclude<Outcome, { readonly outcome: 'not-decided' }>): void {
    const known = this.#scene.truth.state.outcomeOf(id);
    if (this.#lost.has(id) || this.#scene.truth.isBroken) return;
    if (known === undefined) {
      // Outcomes are forgotten behind the horizon, which may have passed between the acknowledgement and the answer.
      if (
        this.#committed.get(id) === (outcome.outcome === 'accepted' ? outcome.revision : undefined) &&
        this.#committed.has(id)
      )
        return;
      return this.#report(`${describe(outcome)} was answered to ${id}, of which the log knows nothing`);
    }
    if (outcome.outcome === 'refused' && known.attempt > attempt) return;
    if (isSame(known, outcome)) return;
    this.#report(`${describe(outcome)} was answered to ${id}, the log says ${describe(known)}`);
  }

  /** A user was told. */
  told(command: Command, outcome: Outcome): void {
    if (outcome.outcome === 'not-decided') return;
    const { id } = command;
    // What is told now may have been decided before the loss, and be on its way still; and a sender who has seen revisions that
    // are lost is not known to be too old once outcomes of lower ones are forgotten.
    if (this.#lost.has(id) || this.#scene.hasLost()) return;
    const before = this.#told.get(id)?.outcome;
    this.#told.set(id, { command, outcome });
    if (before === undefined) return;
    if ('revision' in before && isSame(before, outcome)) return;
    this.#report(`a user was told ${describe(outcome)} of ${id}, and before that ${describe(before)}`);
  }

  /** Once all is quiet. */
  finish(): void {
    for (const [id, { outcome }] of this.#told) {
      if (this.#lost.has(id)) continue;
      const revision = this.#committed.get(id);
      if (outcome.outcome === 'accepted' && revision !== outcome.revision) {
        this.#report(
          `a user was told ${describe(outcome)} of ${id}, but its commit is ${revision ?? 'not in the log'}`,
        );
      } else if (outcome.outcome === 'unchanged' && revision !== undefined) {
        this.#report(`a user was told that ${id} changed nothing, but it made revision ${revision}`);
      }
    }
  }
}

interface Said {
  readonly outcome: string;
  readonly revision: number;
}

/** What made no commit was decided at a revision within its entry, and is remembered at the one its entry ends with. */
function isSame(left: Said, right: Said): boolean {
  return left.outcome === right.outcome && (left.revision === right.revision || left.outcome !== 'accepted');
}

function describe({
  outcome,
  revision,
}:
  | { readonly outcome: string; readonly revision?: number | undefined }
  | (Outcome & { readonly revision?: number })): string {
  return revision === undefined ? `"${outcome}"` : `"${outcome} at ${revision}"`;
}
