/** The agent's only way out: committed work in, reports and heartbeats out, log and exec requests served. The agent dials; nobody dials it. */
import type { CommandDraft, ObjectMeta, Outcome } from '../../machines/index.ts';
import type { PodSpec } from '../../machines/pod/index.ts';
import type { ExecRequest, LogRequest } from './runtimes/container-runtime.ts';

/** Where the control plane's fold was when it made a work list. */
export interface WorkPosition {
  readonly lineage: string;
  readonly entry: number;
  readonly revision: number;
  readonly hash: string;
}

/** A pod bound to this node, as far as the agent needs it. */
export interface WorkPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
  readonly metadata: ObjectMeta;
  readonly spec: PodSpec;
  /** Revision of the pod's last commit: the cause of what the agent does. */
  readonly revision: number;
  readonly correlation: number;
  /** Set once the pod is being deleted. */
  readonly deletion?: { readonly gracePeriodSeconds: number };
  /** The pod will not run again (Succeeded, Failed): stop what is left of it. */
  readonly ended: boolean;
  /** By container: highest report number folded and restarts so far; the agent continues above them. */
  readonly containers: Readonly<Record<string, { readonly number: number; readonly restartCount: number }>>;
  /** Sandboxes made so far. */
  readonly sandboxAttempts: number;
}

/** What a node has to run. A full list replaces everything; a change applies only on top of the list it names. */
export interface WorkList {
  readonly position: WorkPosition;
  /** Counts this node's lists within one writer's term. */
  readonly sequence: number;
  /** Which writer's term; a list of an older term or sequence is ignored. */
  readonly term: number;
  readonly full: boolean;
  readonly pods: readonly WorkPod[];
  /** uids that are no longer this node's work; only in changes. */
  readonly removed: readonly string[];
}

export interface ExecInput {
  /** Resolves once there is room for more: wait for it, so that a slow reader holds the process back instead of filling memory. */
  readonly output: (chunk: { readonly stream: 'stdout' | 'stderr'; readonly data: Uint8Array }) => void | Promise<void>;
  readonly input: AsyncIterable<Uint8Array>;
  readonly resizes: AsyncIterable<{ readonly columns: number; readonly rows: number }>;
}

/** What the control plane and its users may ask of a node. */
export interface NodeServices {
  logs(
    target: { readonly uid: string; readonly container?: string; readonly previous: boolean },
    request: LogRequest,
    signal: AbortSignal,
  ): AsyncIterable<{ readonly stream: 'stdout' | 'stderr'; readonly data: Uint8Array }>;
  /** Resolves with the exit code. */
  exec(
    target: { readonly uid: string; readonly container?: string },
    request: ExecRequest,
    session: ExecInput,
    signal: AbortSignal,
  ): Promise<number>;
}

export interface ControlPlaneLink {
  readonly node: string;
  /** Whether the bus is connected now. */
  connected(): boolean;
  /** Called with every work list that arrives, and with a full one after each (re)connect and on `requestWork`. */
  onWork(receive: (work: WorkList) => void): void;
  /** Asks for a full work list; it arrives through onWork. Rejects when nobody answers in time. */
  requestWork(): Promise<void>;
  /** Sends commands under this node's own actor (`system:node:<name>`); outcomes in the same order. Rejects when the bus is away: keep and retry with the same ids. */
  send(commands: readonly CommandDraft[]): Promise<readonly Outcome[]>;
  /** Core NATS, fire and forget. Says how far this node has seen the log, which proves a loss when the log is shorter later. */
  heartbeat(position: WorkPosition | undefined): void;
  serve(services: NodeServices): void;
  close(): Promise<void>;
}
