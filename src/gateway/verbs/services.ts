/** What the verbs stand on: the gateway's own state, the past, and the way to the writer. */
import type { CellClient } from '../../bus/cell-client.ts';
import type { Clock } from '../../foundation/clock.ts';
import type { Identifiers } from '../../foundation/identifiers.ts';
import type { Logger } from '../../foundation/logger.ts';
import type { Follower } from '../state/follower.ts';
import type { PastReader } from '../state/past-reader.ts';
import type { Writes } from '../state/writes.ts';
import type { KeptPages } from './kept-pages.ts';

export interface Services {
  readonly follower: Follower;
  readonly past: PastReader;
  readonly writes: Writes;
  readonly pages: KeptPages;
  /** Containers' logs. */
  readonly sessions: Pick<CellClient, 'logs'>;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly logger: Logger;
}
