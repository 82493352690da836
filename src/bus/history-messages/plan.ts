/** What would be done: a command to send as it is, and the object before and after it. */
import type { Command, Manifest, Refusal } from '../../../machines/index.ts';

/** All of a command but its id and who sends it. */
export type PlannedCommand = Pick<
  Command,
  'kind' | 'namespace' | 'name' | 'verb' | 'arguments' | 'cause' | 'correlation' | 'reason' | 'preconditions'
>;

export interface PlanAnswer {
  /** Undefined where all is so already. */
  readonly command?: PlannedCommand;
  /** The object as it is now; null where there is none. */
  readonly before: Manifest | null;
  /** As it would be; the same where nothing would change or the command would be refused. */
  readonly after: Manifest | null;
  /** Why the command would be refused now. */
  readonly refusal?: Refusal;
  /** The revision whose manifest is taken. */
  readonly source: number;
  /** What whoever sends it should know. */
  readonly notes: readonly string[];
}
