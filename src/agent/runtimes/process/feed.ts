/** Tells what changed: watches the shims' records, and looks after shims that may die without leaving one. */
import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import type { Clock, Timer } from '../../../foundation/clock.ts';
import type { Logger } from '../../../foundation/logger.ts';
import type { PodIdentity, RuntimeEvent } from '../container-runtime.ts';
import type { Records } from './records.ts';

export interface Feed {
  /** Nothing that happens after it resolves is missed. */
  open(): Promise<void>;
  /** A shim that this process started ended; what it looked after may have ended with it. */
  shimEnded(id: string): void;
  /** Resolves true once the check holds; false after the time. Checks at each change and now and then. */
  until(check: () => Promise<boolean>, timeoutMs: number): Promise<boolean>;
  close(): void;
}

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

export function createFeed(options: FeedOptions): Feed {
  const { directory, records, clock, logger, publish } = options;
  const pods = new Map<string, PodIdentity>();
  /** Sandboxes and containers that were alive when last looked at. */
  const alive = new Set<string>();
  const waiting = new Set<() => void>();
  let watcher: FSWatcher | undefined;
  let timer: Timer | undefined;
  let turn: Promise<void> = Promise.resolve();
  let closed = false;

  /** One after the other, so that a container's events come in their order. */
  function inTurn(task: () => Promise<void>): Promise<void> {
    turn = turn.then(task).catch((error: unknown) => logger.error('a change was not understood', { error }));
    return turn;
  }

  async function learn(id: string): Promise<PodIdentity | undefined> {
    const known = pods.get(id);
    if (known !== undefined) return known;
    const pod = (await records.description(id))?.pod;
    if (pod !== undefined) pods.set(id, pod);
    return pod;
  }

  async function onChange(name: string): Promise<void> {
    const [, id, suffix] = /^(.+)\.(json|running|exit)$/.exec(name) ?? [];
    if (id === undefined) return;
    const pod = await learn(id);
    if (pod === undefined) return;
    if (suffix === 'running' && (await records.running(id)) !== undefined) {
      alive.add(id);
      publish({ type: 'started', id, pod });
    } else if (suffix === 'exit' && (await records.exit(id)) !== undefined) {
      alive.delete(id);
      publish({ type: 'exited', id, pod });
    } else if (suffix === 'json' && (await records.description(id)) === undefined) {
      alive.delete(id);
      pods.delete(id);
      publish({ type: 'removed', id, pod });
    }
  }

  /** A container whose end had to be noted is told of by its record; a sandbox has none. */
  async function checkLife(id: string): Promise<void> {
    if (!alive.has(id) || (await options.isRunning(id)) || !alive.delete(id)) return;
    const pod = await learn(id);
    if (pod !== undefined) publish({ type: 'exited', id, pod });
  }

  function checkAllLater(): void {
    timer = clock.after(LIVENESS_INTERVAL_MS, () => void checkAll(), { background: true });
  }

  async function checkAll(): Promise<void> {
    for (const id of alive) await inTurn(() => checkLife(id));
    if (!closed) checkAllLater();
  }

  function wake(): void {
    for (const resolve of waiting) resolve();
    waiting.clear();
  }

  return {
    async open() {
      watcher = watch(directory, { persistent: false }, (_, name) => {
        wake();
        if (name !== null) void inTurn(() => onChange(name));
      });
      watcher.on('error', (error) => logger.error('the state directory cannot be watched', { directory, error }));
      for (const id of await records.ids()) {
        await learn(id);
        if (await options.isRunning(id)) alive.add(id);
      }
      checkAllLater();
    },
    shimEnded(id) {
      if (!closed) void inTurn(() => checkLife(id));
    },
    async until(check, timeoutMs) {
      const giveUpAt = clock.monotonic() + timeoutMs;
      while (!(await check())) {
        if (clock.monotonic() >= giveUpAt) return false;
        await new Promise<void>((resolve) => {
          const poll = clock.after(CHECK_INTERVAL_MS, () => {
            waiting.delete(done);
            resolve();
          });
          const done = () => {
            poll.cancel();
            resolve();
          };
          waiting.add(done);
        });
      }
      return true;
    },
    close() {
      closed = true;
      timer?.cancel();
      watcher?.close();
    },
  };
}
