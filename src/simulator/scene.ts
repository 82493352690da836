/** What checkers may look at of a simulated cell. */
import type { ControlPlaneHost } from './control-plane-host.ts';
import type { NodeHost } from './node-host.ts';
import type { LogServer } from './log-server.ts';
import type { Operator } from './operator.ts';
import type { Timeline } from './timeline.ts';
import type { Truth } from './truth.ts';
import type { Users } from './users.ts';

export interface Scene {
  readonly timeline: Timeline;
  readonly truth: Truth;
  readonly log: LogServer;
  readonly planes: readonly ControlPlaneHost[];
  readonly nodes: readonly NodeHost[];
  readonly users: Users;
  readonly operator: Operator;
  /** Whether a fault has lost what was acknowledged, so that a control plane may well stop. */
  readonly hasLost: () => boolean;
}
