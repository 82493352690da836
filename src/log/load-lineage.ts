/** Loads a lineage into an empty server, from an export: the old entries byte for byte, then the first of its own. */
import type { StoredEntry } from './event-log.ts';
import { CopyFlight, requireAppended } from './copy-entries.ts';
import { JetStreamApi } from './jetstream-api.ts';
import { JetStreamLog, type JetStreamLogOptions } from './jetstream-log.ts';
import { configOf, type TakenOver } from './lineage-stream.ts';

/** Many entries are in flight at once, and nobody waits for one of them: longer than any disk stands still. */
const LOAD_APPEND_TIMEOUT_MS = 60_000;

export class LineageLoader {
  readonly log: JetStreamLog;
  readonly #options: JetStreamLogOptions;
  readonly #flight: CopyFlight;

  private constructor(options: JetStreamLogOptions, lineage: string) {
    this.#options = options;
    this.log = new JetStreamLog({ ...options, appendTimeoutMs: LOAD_APPEND_TIMEOUT_MS }, lineage);
    this.#flight = new CopyFlight(this.log);
  }

  /** Makes the stream, which is nobody's log yet. Raises LogUnavailableError. */
  static async begin(options: JetStreamLogOptions, lineage: string): Promise<LineageLoader> {
    const { connection, cell, replicas = 1 } = options;
    await new JetStreamApi(connection).createStream(configOf({ cell, lineage, replicas, complete: false }));
    return new LineageLoader(options, lineage);
  }

  /** Sends the next entry, waiting only where too many are under way. Raises LineageInterruptedError. */
  send(entry: StoredEntry): Promise<void> {
    return this.#flight.send(entry);
  }

  /** Ends it with the lineage's first own entry: from now on it is the cell's log. Raises LineageInterruptedError. */
  async complete(takenOver: TakenOver, firstOwn: Uint8Array): Promise<JetStreamLog> {
    const { connection, cell, replicas = 1 } = this.#options;
    await this.#flight.land();
    requireAppended(await this.log.append(takenOver.lastGoodEntry + 1, firstOwn), this.log);
    const config = configOf({ cell, lineage: this.log.lineage, replicas, complete: true, takenOver });
    await new JetStreamApi(connection).updateStream(config);
    return this.log;
  }

  /** Nothing of it lands later. */
  settled(): Promise<void> {
    return this.#flight.settled();
  }
}
