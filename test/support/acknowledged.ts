/** A client that keeps writing while the cell is broken under it, and remembers what was acknowledged. */
import type { Entry } from '../../src/log/entry.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import type { RealCell } from './real-cell.ts';

/** Commands on their way at the same time: enough that every fault hits some. */
const IN_FLIGHT = 4;
/** A command a few milliseconds keeps the log short and still has some in flight at any moment. */
const PAUSE_MS = 20;

export interface AcknowledgedCommand {
  readonly id: string;
  readonly revision: number;
}

/** What a log says of a background client's commands. */
export interface Tally {
  readonly acknowledged: number;
  /** Acknowledged, but not exactly once in the log at the revision that was answered. */
  readonly wrong: readonly string[];
  /** In the log more than once, acknowledged or not. */
  readonly doubled: readonly string[];
}

export class BackgroundClient {
  readonly #cell: RealCell;
  readonly #prefix: string;
  readonly #deadlineMs: number | undefined;
  readonly #acknowledged: AcknowledgedCommand[] = [];
  readonly #failures: unknown[] = [];
  readonly #workers: Promise<void>[];
  #sent = 0;
  #stopped = false;

  /** `deadlineMs`: how long each command is repeated before it counts as failed; as long as no fault of a test lasts when absent. */
  constructor(cell: RealCell, prefix = 'background', deadlineMs?: number) {
    this.#cell = cell;
    this.#prefix = prefix;
    this.#deadlineMs = deadlineMs;
    this.#workers = Array.from({ length: IN_FLIGHT }, () => this.#work());
  }

  get acknowledged(): readonly AcknowledgedCommand[] {
    return this.#acknowledged;
  }

  /** Why commands were given up, if any were. */
  get failures(): readonly unknown[] {
    return this.#failures;
  }

  /** Stops sending; resolves once every command is answered or given up. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await Promise.all(this.#workers);
  }

  /** Compares what was acknowledged with the log as it is read now. */
  async tally(): Promise<Tally> {
    const revisions = await this.#cell.withLog(async (log) => {
      const found = new Map<string, number[]>();
      const last = await log.lastNumber();
      const stop = new AbortController();
      for await (const batch of log.read(1, stop.signal)) {
        for (const { payload } of batch) {
          const entry = JSON.parse(Buffer.from(payload).toString()) as Entry;
          for (const { commandId, revision } of entry.commits) {
            found.set(commandId, [...(found.get(commandId) ?? []), revision]);
          }
        }
        if ((batch.at(-1)?.number ?? 0) >= last) break;
      }
      stop.abort();
      return found;
    });
    const wrong = this.#acknowledged.filter(({ id, revision }) => revisions.get(id)?.join() !== String(revision));
    const doubled = [...revisions].filter(([, places]) => places.length > 1).map(([id]) => id);
    return { acknowledged: this.#acknowledged.length, wrong: wrong.map(({ id }) => id), doubled };
  }

  async #work(): Promise<void> {
    const client = await this.#cell.connect(this.#deadlineMs);
    while (!this.#stopped) {
      const name = `${this.#prefix}-${++this.#sent}`;
      const id = `test/${name}`;
      const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data: { name } };
      try {
        const { revision } = await client.send({
          id,
          kind: 'ConfigMap',
          name,
          verb: 'create',
          arguments: { manifest },
        });
        this.#acknowledged.push({ id, revision });
      } catch (error) {
        this.#failures.push(error);
      }
      await systemClock.sleep(PAUSE_MS);
    }
    await client.close();
  }
}
