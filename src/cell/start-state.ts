/** Where a control plane's fold begins: at its read model when that checks out against the log, else at the log's first entry. */
import type { Logger } from '../foundation/logger.ts';
import { decodeEntry, hashOf } from '../log/entry.ts';
import type { EventLog } from '../log/event-log.ts';
import { CellState, FOLD_VERSION, type KeptState } from '../state/cell-state.ts';

/** A kept state with what it says of itself. */
export interface StoredState extends KeptState {
  readonly foldVersion: number;
}

/** Why a kept state is not used. */
type Doubt = string;

/**
 * The kept state's fold if its position is on the log, its fold version is ours and its recomputed hash matches the
 * entry's; undefined otherwise, with the reason logged: the log is then replayed from its beginning.
 */
export async function trustedState(
  stored: StoredState | undefined,
  log: EventLog,
  logger: Logger,
): Promise<CellState | undefined> {
  if (stored === undefined || stored.position.entry === 0) return undefined;
  const checked = await check(stored, log);
  if (typeof checked !== 'string') return checked;
  logger.warn('the kept state is not trusted: replaying the log', { why: checked, position: stored.position });
  return undefined;
}

/** Why a kept state is not to be trusted; undefined where it is. Raises LogUnavailableError. */
export async function doubtOfState(stored: StoredState, log: EventLog): Promise<Doubt | undefined> {
  const checked = await check(stored, log);
  return typeof checked === 'string' ? checked : undefined;
}

async function check(stored: StoredState, log: EventLog): Promise<CellState | Doubt> {
  const { position } = stored;
  if (stored.foldVersion !== FOLD_VERSION) return `its fold version is ${stored.foldVersion}, ours ${FOLD_VERSION}`;
  const entry = await log.get(position.entry);
  if (entry === undefined) return `entry ${position.entry} is not in the log`;
  if (hashOf(entry.payload) !== position.hash) return `entry ${position.entry} of the log is another one`;
  const state = CellState.from(stored);
  const { state: expected, fold } = decodeEntry(entry.payload, position);
  if (fold !== FOLD_VERSION) return `the log's hash there is by fold version ${fold}`;
  const actual = state.stateHash();
  return actual === expected ? state : `its state hash is ${actual}, the log says ${expected}`;
}
