/** What `periplus up` and `down` are asked for. */
import type { RuntimeName } from './runtime-name.ts';

export interface UpOptions {
  /** The cell's data directory. */
  readonly data: string;
  /** How many nodes this machine pretends to be. */
  readonly nodes: number;
  readonly runtime: RuntimeName | 'auto';
  /** Return once all is ready instead of staying in the foreground. */
  readonly detach: boolean;
  /** Apply the demo into a fresh cell. */
  readonly demo: boolean;
  /** A second control plane beside the first. */
  readonly standby: boolean;
  /** Address for the bus to listen on; loopback when absent. */
  readonly listen?: string;
  /** Port of the Kubernetes API; the last one, or Kubernetes' own, when absent. Another where it is taken. */
  readonly apiPort?: number;
  /** Begin a new lineage where the log is damaged or shorter than known. */
  readonly acceptLoss: boolean;
  /** Use a bus that does not sync every entry. */
  readonly acceptUnsynced: boolean;
}

export interface DownOptions {
  readonly data: string;
}

/** `up` or `down` could not do it; the message says why and what to do next. */
export class CellStartError extends Error {
  override readonly name = 'CellStartError';
}

/** Most nodes on one machine: as many as fit a name, far beyond what is sensible. */
export const NODES_MAX = 1_000;
