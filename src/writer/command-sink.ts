/** Where commands go: the writer's queue, as the bus, the controllers and the tests see it. */
import type { Command, Outcome } from '../../machines/index.ts';

export interface CommandSink {
  /**
   * Decides commands and resolves once each has its outcome, in the same order. Commands of one call are decided
   * separately, though usually in one entry. Never rejects: trouble is `not-decided` with why.
   */
  submit(commands: readonly Command[]): Promise<readonly Outcome[]>;
}
