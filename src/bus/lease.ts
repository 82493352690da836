/** The writer's lease in a NATS KV bucket: taken over when its holder has not renewed it for its life, by the observer's own clock. */
import type { NatsConnection } from 'nats';
import type { Clock } from '../foundation/clock.ts';
import { LEASE_MS, LEASE_STEP_MS, type Lease } from '../writer/lease.ts';

const KEY = 'writer';
/** Value of a lease that nobody holds. */
const NOBODY = '';

export interface NatsLeaseOptions {
  readonly connection: NatsConnection;
  readonly cell: string;
  /** Names this process. */
  readonly holder: string;
  readonly clock: Clock;
  readonly replicas?: number;
}

/** Opens the bucket, making it where there is none. */
export async function openLease(options: NatsLeaseOptions): Promise<Lease> {
  const { connection, replicas = 1 } = options;
  const bucket = `${options.cell}-control`;
  await connection.jetstream().views.kv(bucket, { history: 1, replicas });
  // An answer after the next step is of no use, and a process that ends must not wait for a bus that is gone.
  const kv = await connection.jetstream({ timeout: LEASE_STEP_MS }).views.kv(bucket, { bindOnly: true });
  return new StoredLease(kv, options);
}

/** An entry of the store: who holds the lease, and the number of that write. */
export interface LeaseEntry {
  readonly revision: number;
  readonly operation: string;
  string(): string;
}

/** Where the lease is kept: a NATS KV bucket, or what the simulator puts in its place. */
export interface LeaseStore {
  get(key: string): Promise<LeaseEntry | null>;
  /** Rejects with error code 10071 where there is one already. */
  create(key: string, value: string): Promise<number>;
  /** Rejects with error code 10071 where the last write is another one. */
  update(key: string, value: string, revision: number): Promise<number>;
}

/** The lease by compare-and-swap on one key. */
export class StoredLease implements Lease {
  readonly #kv: LeaseStore;
  readonly #holder: string;
  readonly #clock: Clock;
  /** Revision of our own last write, while we hold it. */
  #held: number | undefined;
  /** What we last saw of another's, and since when it stands so. */
  #seen: { readonly revision: number; readonly since: number } | undefined;

  constructor(kv: LeaseStore, options: Pick<NatsLeaseOptions, 'holder' | 'clock'>) {
    this.#kv = kv;
    this.#holder = options.holder;
    this.#clock = options.clock;
  }

  async tryAcquire(): Promise<boolean> {
    const entry = await this.#kv.get(KEY);
    if (entry === null) return this.#take(() => this.#kv.create(KEY, this.#holder));
    const holder = entry.operation === 'PUT' ? entry.string() : NOBODY;
    if (holder !== NOBODY && holder !== this.#holder && !this.#isStale(entry.revision)) return false;
    return this.#take(() => this.#kv.update(KEY, this.#holder, entry.revision));
  }

  /** Whether the same revision has stood for the lease's whole life. */
  #isStale(revision: number): boolean {
    const now = this.#clock.monotonic();
    if (this.#seen?.revision !== revision) this.#seen = { revision, since: now };
    return now - this.#seen.since > LEASE_MS;
  }

  async #take(write: () => Promise<number>): Promise<boolean> {
    try {
      this.#held = await write();
      return true;
    } catch (error) {
      if (isWrongRevision(error)) return false;
      throw error;
    }
  }

  async renew(): Promise<boolean> {
    const held = this.#held;
    if (held === undefined) return false;
    return this.#take(() => this.#kv.update(KEY, this.#holder, held));
  }

  async release(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) await this.#take(() => this.#kv.update(KEY, NOBODY, held));
    this.#held = undefined;
  }
}

/** JetStream's "wrong last sequence". */
export const WRONG_LAST_SEQUENCE = 10071;

function isWrongRevision(error: unknown): boolean {
  const code = (error as { readonly api_error?: { readonly err_code?: number } }).api_error?.err_code;
  return code === WRONG_LAST_SEQUENCE;
}
