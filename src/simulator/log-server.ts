/** The store of the simulated cell's log: its lineages, and what befalls them. */
import type { Clock } from '../foundation/clock.ts';
import type { StoredEntry } from '../log/event-log.ts';
import { MemoryLog, type AppendFault } from '../log/memory-log.ts';
import type { Random } from './random.ts';
import type { Wire } from './wire.ts';
import { CELL } from './virtual-bus.ts';

/** As the production log waits. */
export const APPEND_TIMEOUT_MS = 2_000;
/** A write and its fsync on a good disk, milliseconds. */
const STORING_MS = { least: 0.3, most: 3 } as const;

/**
 * What befalls appends now, each a probability. `late`: stored, and acknowledged so late that it is barely in time;
 * `afterTimeout`: acknowledged only after the sender has given up; `never`: stored, and never acknowledged; `storedLate`: stored
 * only after the sender has given up; `notSynced`: acknowledged without being on disk.
 */
export type AppendTrouble = Record<'late' | 'afterTimeout' | 'never' | 'storedLate' | 'lost' | 'notSynced', number>;

const NO_TROUBLE: AppendTrouble = { late: 0, afterTimeout: 0, never: 0, storedLate: 0, lost: 0, notSynced: 0 };

export interface LogServerOptions {
  readonly clock: Clock;
  readonly random: Random;
  /** Where its processes reach it. */
  readonly wire: Wire;
  onStored(lineage: string, entry: StoredEntry): void;
}

export class LogServer {
  readonly wire: Wire;
  readonly trouble: AppendTrouble = { ...NO_TROUBLE };
  readonly lineages = new Map<string, MemoryLog>();
  readonly #options: LogServerOptions;
  #current: string;
  /** Some entry of some lineage cannot be read any more. */
  hasHoles = false;

  constructor(options: LogServerOptions) {
    this.#options = options;
    this.wire = options.wire;
    this.#current = this.create('1').lineage;
  }

  get current(): MemoryLog {
    return this.lineages.get(this.#current) as MemoryLog;
  }

  create(lineage: string): MemoryLog {
    const { clock, onStored } = this.#options;
    const log = new MemoryLog({
      cell: CELL,
      lineage,
      clock,
      appendTimeoutMs: APPEND_TIMEOUT_MS,
      // While entries are copied into it nobody else knows of it.
      faultOf: () => (this.#current === lineage ? this.#faultOf() : undefined),
      onStored: (entry) => onStored(lineage, entry),
    });
    this.lineages.set(lineage, log);
    return log;
  }

  /** From now on the cell goes on in this lineage. */
  makeCurrent(lineage: string): void {
    this.#current = lineage;
  }

  calm(): void {
    Object.assign(this.trouble, NO_TROUBLE);
  }

  #faultOf(): AppendFault {
    const { random } = this.#options;
    const storedAfterMs = random.between(STORING_MS.least, STORING_MS.most);
    const late = APPEND_TIMEOUT_MS * random.between(1.01, 3);
    switch (this.#befalls()) {
      case 'late':
        return { storedAfterMs, acknowledgedAfterMs: APPEND_TIMEOUT_MS * random.between(0.5, 0.98) };
      case 'afterTimeout':
        return { storedAfterMs, acknowledgedAfterMs: late };
      case 'never':
        return { storedAfterMs, acknowledgementLost: true };
      case 'storedLate':
        return { storedAfterMs: late };
      case 'lost':
        return { lostOnTheWay: true };
      case 'notSynced':
        return { storedAfterMs, notSynced: true };
      default:
        return { storedAfterMs };
    }
  }

  #befalls(): keyof AppendTrouble | undefined {
    const draw = this.#options.random.fraction();
    let sum = 0;
    for (const [name, probability] of Object.entries(this.trouble) as [keyof AppendTrouble, number][]) {
      sum += probability;
      if (draw < sum) return name;
    }
    return undefined;
  }
}
