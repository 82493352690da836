/** How long the engine may take for each sort of call before it counts as not answering. */

export interface EngineTimeouts {
  /** Inspect, list, info: an engine answers these in milliseconds, a starved one within seconds. */
  readonly readMs: number;
  /** Create, start, remove: 16 at once took under 2 s each on two busy cores; a slow disk is given twenty times that. */
  readonly changeMs: number;
  /** Added to the grace of a stop: the kill after it, and the engine's clearing up. */
  readonly stopMs: number;
  /** Silence during a pull; each line of progress starts it anew. Registries and unpacking may pause for long. */
  readonly pullSilenceMs: number;
}

export const ENGINE_TIMEOUTS: EngineTimeouts = {
  readMs: 20_000,
  changeMs: 60_000,
  stopMs: 60_000,
  pullSilenceMs: 300_000,
};
