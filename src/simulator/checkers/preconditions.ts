/** A command that rests on a revision is applied to that revision, and to no other. */
import type { Command } from '../../../machines/index.ts';
import type { AppliedEntry } from '../../state/applied-entry.ts';

export class PreconditionsChecker {
  readonly #report: (what: string) => void;
  readonly #expected = new Map<string, number>();

  constructor(report: (what: string) => void) {
    this.#report = report;
  }

  sent({ id, preconditions }: Command): void {
    if (preconditions?.revision !== undefined) this.#expected.set(id, preconditions.revision);
  }

  applied({ changes }: AppliedEntry): void {
    for (const { commit, before } of changes) {
      const expected = this.#expected.get(commit.commandId);
      if (expected === undefined || before?.revision === expected) continue;
      this.#report(
        `command ${commit.commandId} asked for revision ${expected} and was applied to ${before?.revision ?? 'nothing'}`,
      );
    }
  }
}
