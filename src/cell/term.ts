/** What runs only where the lease is: controllers, scheduler, deadlines, node health. Made anew for each term, so nothing of an earlier one lingers. */
import { reconcilers } from '../../machines/index.ts';
import { Controller } from '../control-loop/controller.ts';
import { Deadlines } from '../control-loop/deadlines.ts';
import { NodeHealth } from '../control-loop/node-health.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { Scheduler } from '../scheduler/scheduler.ts';
import type { AppliedEntry } from '../state/applied-entry.ts';
import type { Fold } from '../state/fold.ts';
import type { CommandSink } from '../writer/command-sink.ts';

export interface TermOptions {
  readonly fold: Fold;
  readonly sink: CommandSink;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Whether the bus is connected now. */
  connected(): boolean;
}

/** The parts of one term as this process. */
export interface Term {
  readonly nodeHealth: NodeHealth;
  /** Keys that controllers have still to look at, or wait to: none, and all is as they want it. */
  pending(): number;
}

/** Starts everything that acts for the cell; all of it ends with the signal. */
export function startTerm(options: TermOptions, signal: AbortSignal): Term {
  const { fold, sink, clock, logger } = options;
  const shared = { view: fold.state, sink, clock, logger };
  const controllers = reconcilers.map((reconciler) => new Controller({ ...shared, reconciler }));
  const scheduler = new Scheduler(shared);
  const nodeHealth = new NodeHealth({ ...shared, connected: () => options.connected() });
  const deadlines = new Deadlines({ ...shared, watchedMs: () => nodeHealth.watchedMs() });
  const unsubscribe = fold.subscribe((applied: AppliedEntry) => {
    for (const change of applied.changes) {
      for (const controller of controllers) controller.observe(change);
      scheduler.observe(change);
      deadlines.observe(change);
    }
  });
  for (const controller of controllers) controller.resync();
  deadlines.resync();
  void nodeHealth.run(signal);
  signal.addEventListener(
    'abort',
    () => {
      unsubscribe();
      for (const controller of controllers) controller.stop();
      scheduler.stop();
      deadlines.stop();
    },
    { once: true },
  );
  return { nodeHealth, pending: () => controllers.reduce((sum, controller) => sum + controller.pending, 0) };
}
