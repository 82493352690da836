/** The store of the simulated cell's lease, in the place of a NATS KV bucket: it can lose the lease or go back to an older copy. */
import { WRONG_LAST_SEQUENCE, type LeaseEntry, type LeaseStore } from '../bus/lease.ts';
import { LEASE_STEP_MS } from '../writer/lease.ts';
import type { VirtualProcess } from './virtual-process.ts';
import type { Wire } from './wire.ts';

interface Stored {
  readonly revision: number;
  readonly value: string;
}

/** Older copies kept, to be put back. */
const COPIES_MAX = 16;

/** "Wrong last sequence", as JetStream says it. */
class WrongRevisionError extends Error {
  override readonly name = 'WrongRevisionError';
  readonly api_error = { err_code: WRONG_LAST_SEQUENCE };
}

export class LeaseServer {
  readonly wire: Wire;
  #stored: Stored | undefined;
  #copies: (Stored | undefined)[] = [];
  #revision = 0;

  constructor(wire: Wire) {
    this.wire = wire;
  }

  read(): Stored | undefined {
    return this.#stored;
  }

  /** Raises where the last write is another one; 0 for none. */
  write(value: string, revision: number): number {
    if ((this.#stored?.revision ?? 0) !== revision) throw new WrongRevisionError('wrong last sequence');
    this.#copies = [...this.#copies, this.#stored].slice(-COPIES_MAX);
    this.#stored = { revision: ++this.#revision, value };
    return this.#revision;
  }

  /** The bucket is empty, as after its loss. */
  lose(): void {
    this.#stored = undefined;
  }

  /** An older copy is put back, and its counter with it. */
  rewind(copies: number): void {
    this.#stored = this.#copies.at(-1 - copies) ?? this.#copies[0];
    this.#revision = this.#stored?.revision ?? 0;
  }
}

/** The store as one process reaches it. */
export function leaseClient(server: LeaseServer, process: VirtualProcess, wire: Wire): LeaseStore {
  function ask<Answer>(act: () => Answer): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const timer = process.clock.after(LEASE_STEP_MS, () => reject(new Error('the lease does not answer')));
      wire.carryOnce(server.wire, () => {
        const take = answerOf(act);
        server.wire.carryOnce(wire, () =>
          process.receive(() => {
            timer.cancel();
            if ('error' in take) reject(take.error);
            else resolve(take.value);
          }),
        );
      });
    });
  }
  return {
    get: () => ask(() => entryOf(server.read())),
    create: (_key, value) => ask(() => server.write(value, 0)),
    update: (_key, value, revision) => ask(() => server.write(value, revision)),
  };
}

function answerOf<Answer>(act: () => Answer): { readonly value: Answer } | { readonly error: unknown } {
  try {
    return { value: act() };
  } catch (error) {
    return { error };
  }
}

function entryOf(stored: Stored | undefined): LeaseEntry | null {
  return stored ? { revision: stored.revision, operation: 'PUT', string: () => stored.value } : null;
}
