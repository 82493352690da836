/** The kinds of faults, how often each happens where nothing else is said, and how long it lasts. */

export interface FaultRate {
  /** Average time between two, milliseconds. */
  readonly everyMs: number;
  /** Least and most, milliseconds. */
  readonly lastsMs: readonly [number, number];
}

const SECOND = 1_000;
const MINUTE = 60_000;
const NO_TIME = [0, 1] as const;

export const FAULTS = {
  // Messages on one host's wire.
  'message-loss': { everyMs: 90 * SECOND, lastsMs: [5 * SECOND, 40 * SECOND] },
  'message-doubling': { everyMs: 90 * SECOND, lastsMs: [5 * SECOND, 40 * SECOND] },
  'message-delay': { everyMs: 90 * SECOND, lastsMs: [5 * SECOND, 40 * SECOND] },
  'message-reorder': { everyMs: 90 * SECOND, lastsMs: [5 * SECOND, 40 * SECOND] },
  // Appends.
  'append-late': { everyMs: 120 * SECOND, lastsMs: [2 * SECOND, 20 * SECOND] },
  'append-after-timeout': { everyMs: 120 * SECOND, lastsMs: [2 * SECOND, 20 * SECOND] },
  'append-never': { everyMs: 120 * SECOND, lastsMs: [2 * SECOND, 20 * SECOND] },
  'append-stored-late': { everyMs: 120 * SECOND, lastsMs: [2 * SECOND, 20 * SECOND] },
  'append-lost': { everyMs: 120 * SECOND, lastsMs: [2 * SECOND, 20 * SECOND] },
  // The log's store.
  'log-unavailable': { everyMs: 180 * SECOND, lastsMs: [SECOND, 40 * SECOND] },
  'log-rewound': { everyMs: 10 * MINUTE, lastsMs: NO_TIME },
  'log-tail-lost': { everyMs: 12 * MINUTE, lastsMs: NO_TIME },
  'power-loss': { everyMs: 12 * MINUTE, lastsMs: [SECOND, 4 * SECOND] },
  // Control planes.
  'writer-crash': { everyMs: 60 * SECOND, lastsMs: [200, 20 * SECOND] },
  'standby-crash': { everyMs: 180 * SECOND, lastsMs: [200, 20 * SECOND] },
  'writer-paused': { everyMs: 120 * SECOND, lastsMs: [SECOND, 3 * MINUTE] },
  'writer-partition': { everyMs: 120 * SECOND, lastsMs: [SECOND, 60 * SECOND] },
  'read-model-damaged': { everyMs: 300 * SECOND, lastsMs: NO_TIME },
  'lease-lost': { everyMs: 150 * SECOND, lastsMs: NO_TIME },
  'lease-rewound': { everyMs: 150 * SECOND, lastsMs: NO_TIME },
  // Nodes.
  'agent-crash': { everyMs: 60 * SECOND, lastsMs: [200, 30 * SECOND] },
  'node-crash': { everyMs: 120 * SECOND, lastsMs: [2 * SECOND, 60 * SECOND] },
  // Longer than most runs: the cell has to settle without it first.
  'node-gone': { everyMs: 10 * MINUTE, lastsMs: [5 * MINUTE, 40 * MINUTE] },
  'node-partition': { everyMs: 60 * SECOND, lastsMs: [SECOND, 60 * SECOND] },
  'nodes-partition': { everyMs: 6 * MINUTE, lastsMs: [5 * SECOND, 60 * SECOND] },
  'node-slow': { everyMs: 90 * SECOND, lastsMs: [5 * SECOND, 60 * SECOND] },
  'agent-paused': { everyMs: 120 * SECOND, lastsMs: [SECOND, 60 * SECOND] },
  'clock-skew': { everyMs: 120 * SECOND, lastsMs: [5 * SECOND, 120 * SECOND] },
  // Engines.
  'create-fails': { everyMs: 60 * SECOND, lastsMs: [5 * SECOND, 60 * SECOND] },
  'container-exits': { everyMs: 60 * SECOND, lastsMs: [5 * SECOND, 60 * SECOND] },
  'out-of-memory': { everyMs: 120 * SECOND, lastsMs: [5 * SECOND, 60 * SECOND] },
  'engine-away': { everyMs: 120 * SECOND, lastsMs: [SECOND, 30 * SECOND] },
  'container-removed': { everyMs: 60 * SECOND, lastsMs: NO_TIME },
} as const satisfies Readonly<Record<string, FaultRate>>;

export type FaultKind = keyof typeof FAULTS;

export const FAULT_KINDS = Object.keys(FAULTS) as readonly FaultKind[];

/** Faults that do not end where all others do: the cell settles with them, and once more after they have ended. */
export const LASTING_FAULTS: ReadonlySet<FaultKind> = new Set(['node-gone']);

/** Faults that lose what was acknowledged: what is lost then is an operator's to accept. */
export const LOSING_FAULTS: ReadonlySet<FaultKind> = new Set(['log-rewound', 'log-tail-lost', 'power-loss']);
