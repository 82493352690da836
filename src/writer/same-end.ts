/** Whether a log still holds the entries that were folded last: after a reconnect another one may stand there, of the same length. */
import { hashOf, LogDamageError, previousHashOf, type Position } from '../log/entry.ts';
import type { EventLog } from '../log/event-log.ts';

/**
 * Compares the entry of a position and the one before it with what was folded. The last number alone proves nothing: a store
 * that was put back to an older copy and written again may end where ours did, and would take our next entry; it may also have
 * taken one that was still on its way, which then follows an entry that it does not name. What cannot be read is left to the
 * next append. Raises LogDamageError for another entry, and the log's LogUnavailableError.
 */
export async function requireSameEnd(log: EventLog, position: Position): Promise<void> {
  const { entry, revision, hash } = position;
  const last = entry === 0 ? undefined : await log.get(entry);
  if (last === undefined) return;
  if (hashOf(last.payload) !== hash) throw anotherEntry(entry, revision);
  const before = entry === 1 ? undefined : await log.get(entry - 1);
  if (before === undefined) return;
  if (hashOf(before.payload) !== previousHashOf(last.payload)) throw anotherEntry(entry - 1, revision);
}

function anotherEntry(entry: number, revision: number): LogDamageError {
  return new LogDamageError({ entry, revision, what: 'another entry stands there than was folded' });
}
