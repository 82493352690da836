/** Tells what changed: watches the shims' records, and looks after shims that may die without leaving one. */
import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import type { Clock, Timer } from '../../../foundation/clock.ts';
import type { Logger } from '../../../foundation/logger.ts';
import type { PodIdentity, RuntimeEvent } from '../container-runtime.ts';
import type { Records } from './records.ts';

/** The kernel tells of each change; this is only for what it has no record of, a shim that dies without a word. */
const CHECK_INTERVAL_MS = 25;
/** Shims that an earlier agent started have no parent here that would hear of a violent death; their orderly end is a record. */
const LIVENESS_INTERVAL_MS = 1000;

export interface FeedOptions {
  readonly directory: string;
  readonly records: Records;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly publish: (event: RuntimeEvent) => void;
  /** Looks at it as it is now; false when it does not run. Notes an end that nobody else noted. */
  readonly isRunning: (id: string) => Promise<boolean>;
}

export class Feed {
  readonly #options: FeedOptions;
  readonly #pods = new Map<string, PodIdentity>();
  /** Sandboxes and containers that were alive when last looked at. */
  readonly #alive = new Set<string>();
  readonly #waiting = new Set<() => void>();
  #watcher: FSWatcher | undefined;
  #timer: Timer | undefined;
  #turn: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** Nothing that happens after it resolves is missed. */
  async open(): Promise<void> {
    const { directory, records, logger, isRunning } = this.#options;
    this.#watcher = watch(directory, { persistent: false }, (_, name) => {
      for (const wake of this.#waiting) wake();
      if (name !== null) void this.#inTurn(() => this.#onChange(name));
    });
    this.#watcher.on('error', (error) => logger.error('the state directory cannot be watched', { directory, error }));
    for (const id of await records.ids()) {
      await this.#learn(id);
      if (await isRunning(id)) this.#alive.add(id);
    }
    this.#checkAllLater();
  }

  /** A shim that this process started ended; what it looked after may have ended with it. */
  shimEnded(id: string): void {
    if (!this.#closed) void this.#inTurn(() => this.#checkLife(id));
  }

  /** Resolves true once the check holds; false after the time. Checks at each change and now and then. */
  async until(check: () => Promise<boolean>, timeoutMs: number): Promise<boolean> {
    const { clock } = this.#options;
    const giveUpAt = clock.monotonic() + timeoutMs;
    while (!(await check())) {
      if (clock.monotonic() >= giveUpAt) return false;
      await this.#changed();
    }
    return true;
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
    this.#watcher?.close();
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        poll.cancel();
        this.#waiting.delete(wake);
        resolve();
      };
      const poll = this.#options.clock.after(CHECK_INTERVAL_MS, wake);
      this.#waiting.add(wake);
    });
  }

  /** One after the other, so that a container's events come in their order. */
  #inTurn(task: () => Promise<void>): Promise<void> {
    const { logger } = this.#options;
    this.#turn = this.#turn
      .then(task)
      .catch((error: unknown) => logger.error('a change could not be looked at', { error }));
    return this.#turn;
  }

  async #learn(id: string): Promise<PodIdentity | undefined> {
    const known = this.#pods.get(id);
    if (known !== undefined) return known;
    const pod = (await this.#options.records.description(id))?.pod;
    if (pod !== undefined) this.#pods.set(id, pod);
    return pod;
  }

  async #onChange(name: string): Promise<void> {
    const { records, publish } = this.#options;
    const [, id, suffix] = /^(.+)\.(json|running|exit)$/.exec(name) ?? [];
    const pod = id === undefined ? undefined : await this.#learn(id);
    if (id === undefined || pod === undefined) return;
    if (suffix === 'running' && (await records.running(id)) !== undefined) {
      this.#alive.add(id);
      publish({ type: 'started', id, pod });
    } else if (suffix === 'exit' && (await records.exit(id)) !== undefined) {
      this.#alive.delete(id);
      publish({ type: 'exited', id, pod });
    } else if (suffix === 'json' && (await records.description(id)) === undefined) {
      this.#alive.delete(id);
      this.#pods.delete(id);
      publish({ type: 'removed', id, pod });
    }
  }

  async #checkLife(id: string): Promise<void> {
    if (!this.#alive.has(id) || (await this.#options.isRunning(id)) || !this.#alive.delete(id)) return;
    const pod = await this.#learn(id);
    if (pod !== undefined) this.#options.publish({ type: 'exited', id, pod });
  }

  #checkAllLater(): void {
    this.#timer = this.#options.clock.after(LIVENESS_INTERVAL_MS, () => void this.#checkAll(), { background: true });
  }

  async #checkAll(): Promise<void> {
    for (const id of this.#alive) await this.#inTurn(() => this.#checkLife(id));
    if (!this.#closed) this.#checkAllLater();
  }
}
