/** What the agent keeps on disk: its last work list and the attempts made, so that it goes on without the control plane after a restart. */
import { createHash } from 'node:crypto';
import type { Clock, Timer } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import type { WorkPod, WorkPosition } from './control-plane-link.ts';
import type { DurableText } from './storage.ts';

/** Attempts made of a pod, so that none is made twice. */
export interface PodAttempts {
  /** Sandboxes made so far. */
  readonly sandboxes: number;
  /** By container: highest attempt made. */
  readonly containers: Readonly<Record<string, number>>;
}

/** Where the highest work list stood. */
export interface WorkMark {
  readonly position: WorkPosition;
  readonly term: number;
  readonly sequence: number;
}

export interface SavedState {
  readonly mark?: WorkMark;
  /** Lineages of the log that were left behind; their lists are refused. */
  readonly formerLineages: readonly string[];
  readonly pods: readonly WorkPod[];
  readonly attempts: Readonly<Record<string, PodAttempts>>;
}

/** Work comes in bursts; one write after the burst is enough, since what is lost is sent again or still on the engine. */
export const QUIET_MS = 500;

/** But a stream of changes that never pauses is written at least this often. */
export const WRITE_INTERVAL_MAX_MS = 5_000;

/** Shape of the file; a file of another version counts as none. */
const VERSION = 1;

/** What such a file says; undefined for one of another version. */
export function parseSavedState(text: string): SavedState | 'damaged' | undefined {
  const [hash, body = ''] = text.split('\n');
  if (hash !== hashOf(body)) return 'damaged';
  const saved = JSON.parse(body) as SavedState & { readonly version: number };
  return saved.version === VERSION ? saved : undefined;
}

export interface LocalStateOptions {
  readonly file: DurableText;
  readonly clock: Clock;
  readonly logger: Logger;
  /** What to write, asked when it is written. */
  snapshot(): SavedState;
}

export class LocalState {
  readonly #options: LocalStateOptions;
  #timer: Timer | undefined;
  #firstChangeAt: number | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: LocalStateOptions) {
    this.#options = options;
  }

  /** Undefined when there is none, or none that can be trusted: then the engine and a full work list say it all. */
  async load(): Promise<SavedState | undefined> {
    const { file, logger } = this.#options;
    const text = await file.read();
    if (text === undefined) return undefined; // The first start of this node.
    const saved = parseSavedState(text);
    if (saved === 'damaged') {
      logger.warn('the saved work list is damaged and is not used', { path: file.path });
      return undefined;
    }
    return saved;
  }

  /** Something changed: written once it is quiet. */
  changed(): void {
    const { clock } = this.#options;
    this.#firstChangeAt ??= clock.monotonic();
    const latest = this.#firstChangeAt + WRITE_INTERVAL_MAX_MS - clock.monotonic();
    this.#timer?.cancel();
    this.#timer = clock.after(Math.max(0, Math.min(QUIET_MS, latest)), () => void this.flush(), { background: true });
  }

  /** Writes now. A disk that refuses is told of in the logs; the agent goes on. */
  flush(): Promise<void> {
    this.#timer?.cancel();
    this.#firstChangeAt = undefined;
    this.#writing = this.#writing.then(() => this.#write());
    return this.#writing;
  }

  async #write(): Promise<void> {
    const { file, logger } = this.#options;
    const body = JSON.stringify({ version: VERSION, ...this.#options.snapshot() });
    try {
      await file.write(`${hashOf(body)}\n${body}`);
    } catch (error) {
      logger.error('the work list could not be saved; a restart without the control plane would not know it', {
        error,
        path: file.path,
      });
    }
  }
}

function hashOf(body: string): string {
  return createHash('sha256').update(body).digest('hex');
}
