/** Compares where somebody has seen the log with where it is: whoever has seen more than it holds proves a loss. Pure. */
import type { WorkPosition } from '../agent/control-plane-link.ts';
import { LogDamageError, type Position } from '../log/entry.ts';

/** A position, and who was there. */
export interface KnownPosition extends WorkPosition {
  readonly by: string;
}

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
    return anotherSeen(seen, by);
  }
  return undefined;
}

/** The log has gone on, but not from where somebody was: it was put back to an older copy in between. */
export function anotherSeen({ entry, revision }: WorkPosition, by: string): LogDamageError {
  return new LogDamageError({ entry, revision, what: `${by} has seen another entry ${entry}` });
}
