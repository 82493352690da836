/** Where others say the log once was: an agent that has seen more than the log holds proves that some of it was lost. */
import type { WorkPosition } from '../agent/control-plane-link.ts';
import { LogDamageError, type Position } from '../log/entry.ts';

/** Raises LogDamageError when a position somebody reached on this lineage lies beyond ours. Only the writer's own position is authoritative. */
export function requireNotBehind(ours: Position, seen: WorkPosition, by: string): void {
  if (seen.lineage !== ours.lineage) return;
  const further = seen.entry > ours.entry;
  const other = seen.entry === ours.entry && seen.hash !== ours.hash;
  if (!further && !other) return;
  const what = further
    ? `${by} has seen entry ${seen.entry} of it, but it ends at entry ${ours.entry}`
    : `${by} has seen another entry ${seen.entry}`;
  throw new LogDamageError({
    entry: Math.min(seen.entry, ours.entry + 1),
    revision: Math.min(seen.revision, ours.revision + 1),
    what,
  });
}
