/** Outcomes that are no yes, as errors for programs that send one command at a time. */
import type { Outcome, Refusal } from '../../machines/index.ts';

/** A command was refused; `refusal` says why, in Kubernetes' words. */
export class RefusedError extends Error {
  override readonly name = 'RefusedError';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

/** A command was not decided: malformed, too large, or the cell had no room for it. */
export class NotDecidedError extends Error {
  override readonly name = 'NotDecidedError';
  readonly why: Extract<Outcome, { outcome: 'not-decided' }>['why'];

  constructor({ why, message }: Extract<Outcome, { outcome: 'not-decided' }>) {
    super(message);
    this.why = why;
  }
}

/** Outcomes of a command that was decided with yes. */
export type Applied = Extract<Outcome, { outcome: 'accepted' | 'unchanged' }>;

/** Raises unless the command was decided with yes. */
export function accepted(outcome: Outcome | undefined): Applied {
  if (outcome === undefined) throw new Error('a command has an outcome');
  if (outcome.outcome === 'refused') throw new RefusedError(outcome.refusal);
  if (outcome.outcome === 'not-decided') throw new NotDecidedError(outcome);
  return outcome;
}
