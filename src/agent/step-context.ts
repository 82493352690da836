/** What the steps of one pod share: its state, its agent's services, and ways to tell. */
import type { PodNotice } from '../../machines/pod/index.ts';
import type { WorkPod } from './control-plane-link.ts';
import type { PodServices } from './pod-services.ts';
import type { PodState } from './pod-state.ts';

export interface StepContext {
  readonly pod: PodState;
  readonly services: PodServices;
  tell(notice: PodNotice): void;
  /** Runs on beside the plan; the worker asks the plan again when it has ended. */
  inBackground(operation: () => Promise<void>): void;
  /** Tells the levels reached so far. */
  publish(): void;
}

/** The pod's work, which everything that makes something rests on. */
export function workOf({ pod: { work } }: StepContext): WorkPod {
  if (work === undefined) throw new Error('only a pod that is known to be wanted is run');
  return work;
}

/** Tells of something the engine refused, in its own words. */
export function tellFailure(
  context: StepContext,
  failure: { readonly reason: string; readonly what: string; readonly container?: string },
  error: unknown,
): void {
  const { reason, what, container } = failure;
  const message = `${what}: ${error instanceof Error ? error.message : String(error)}`;
  context.tell({ type: 'Warning', reason, message, ...(container !== undefined && { container }) });
}
