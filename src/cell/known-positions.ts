/** Where others say the log once was: an agent that has seen more than the log holds proves that some of it was lost. */
import type { WorkPosition } from '../agent/control-plane-link.ts';
import { LogDamageError, type Position } from '../log/entry.ts';

/** What is wrong when a position somebody reached on this lineage lies beyond ours, or differs; undefined when it fits. */
export function contradiction(ours: Position, seen: WorkPosition, by: string): LogDamageError | undefined {
  if (seen.lineage !== ours.lineage) return undefined;
  const at = { entry: Math.min(seen.entry, ours.entry + 1), revision: Math.min(seen.revision, ours.revision + 1) };
  if (seen.entry > ours.entry) {
    return new LogDamageError({
      ...at,
      what: `${by} has seen entry ${seen.entry} of it, but it ends at entry ${ours.entry}`,
    });
  }
  if (seen.entry === ours.entry && seen.hash !== ours.hash) {
    return new LogDamageError({ ...at, what: `${by} has seen another entry ${seen.entry}` });
  }
  return undefined;
}
