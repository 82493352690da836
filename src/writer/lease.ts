/** Who should try to write. Only a hint: the chain's compare-and-swap decides; a lease keeps two writers from fighting over it. */

export interface Lease {
  /** One attempt to take it: true when this process holds it now. Rejects when the bus does not answer. */
  tryAcquire(): Promise<boolean>;
  /** Keeps it: false when somebody else has it. Rejects when the bus does not answer. */
  renew(): Promise<boolean>;
  /** Lets it go at once, so that another need not wait. */
  release(): Promise<void>;
}

/** How long a silent holder keeps the lease: long enough for a garbage collection or a full disk cache, short enough to fail over in seconds. */
export const LEASE_MS = 3_000;
/** How often it is renewed or tried: three times within its life. */
export const LEASE_STEP_MS = LEASE_MS / 3;
