/** The arguments of a pod's own verbs: what the scheduler, the agent and the node controllers may say of a pod. */
import { oneOf, strictObject, Type, type Static } from '../schema.ts';

/** `bind`: the scheduler's choice and why, counted by reason. Decided again against the current state: node ready, schedulable, roomy. */
export const BindArguments = strictObject({
  node: Type.String({ minLength: 1 }),
  /** The chosen node's total score, 0 to 100, and its parts by name. */
  score: Type.Optional(Type.Number()),
  scores: Type.Optional(Type.Record(Type.String(), Type.Number())),
  feasibleNodes: Type.Optional(Type.Integer({ minimum: 0 })),
  totalNodes: Type.Optional(Type.Integer({ minimum: 0 })),
  /** How many nodes were ruled out, by reason (`Insufficient memory`: 2). */
  ruledOut: Type.Optional(Type.Record(Type.String(), Type.Integer({ minimum: 1 }))),
});
export type BindArguments = Static<typeof BindArguments>;

/** `markUnschedulable`: Kubernetes' sentence, `0/3 nodes are available: 2 Insufficient memory, 1 node(s) were unschedulable.` */
export const MarkUnschedulableArguments = strictObject({
  message: Type.String(),
  ruledOut: Type.Record(Type.String(), Type.Integer({ minimum: 1 })),
});
export type MarkUnschedulableArguments = Static<typeof MarkUnschedulableArguments>;

/** Longest tail of a container's output kept in its exit event, bytes. */
export const LAST_LINES_MAX_BYTES = 4096;

/** How a container's run ended. */
export const TerminatedReport = strictObject({
  exitCode: Type.Integer(),
  signal: Type.Optional(Type.Integer()),
  /** `Completed`, `Error`, `OOMKilled`, `ContainerCannotRun`, as Kubernetes writes them. */
  reason: Type.String(),
  message: Type.Optional(Type.String()),
  /** Unix milliseconds. */
  startedAt: Type.Optional(Type.Number()),
  finishedAt: Type.Number(),
  /** The last lines it printed. */
  lastLines: Type.Optional(Type.String({ maxLength: LAST_LINES_MAX_BYTES })),
  containerId: Type.Optional(Type.String()),
});
export type TerminatedReport = Static<typeof TerminatedReport>;

const Waiting = strictObject({ reason: Type.String(), message: Type.Optional(Type.String()) });
const Running = strictObject({ startedAt: Type.Number() });

/** Exactly one of the three. Not a union, whose errors would not name what is wrong. */
const ContainerLevelState = Type.Unsafe<
  | { readonly waiting: Static<typeof Waiting> }
  | { readonly running: Static<typeof Running> }
  | { readonly terminated: TerminatedReport }
>(
  strictObject(
    {
      waiting: Type.Optional(Waiting),
      running: Type.Optional(Running),
      terminated: Type.Optional(TerminatedReport),
    },
    { minProperties: 1, maxProperties: 1 },
  ),
);

/** A container as its agent sees it now: a level, not a change. */
export const ContainerReport = strictObject({
  name: Type.String(),
  /** Grows with every report of this container; a report with a number already seen or lower changes nothing. */
  number: Type.Integer({ minimum: 0 }),
  /** Runs before this one: Kubernetes' restartCount. */
  attempt: Type.Integer({ minimum: 0 }),
  state: ContainerLevelState,
  /** How the run before this one ended, where the agent knows. */
  lastTerminated: Type.Optional(TerminatedReport),
  ready: Type.Boolean(),
  image: Type.String(),
  imageId: Type.Optional(Type.String()),
  containerId: Type.Optional(Type.String()),
});
export type ContainerReport = Static<typeof ContainerReport>;

/** Something worth telling about a pod that is no state: an image pulled, a limit that cannot be enforced. Becomes a Kubernetes Event later. */
export const PodNotice = strictObject({
  type: oneOf(['Normal', 'Warning']),
  /** CamelCase, as Kubernetes' event reasons: `Pulled`, `Created`, `Started`, `Killing`, `BackOff`, `FailedMount`. */
  reason: Type.String({ pattern: '^[A-Z][A-Za-z]{1,63}$' }),
  message: Type.String({ maxLength: 1024 }),
  container: Type.Optional(Type.String()),
});
export type PodNotice = Static<typeof PodNotice>;

/** `report`: what the pod's agent sees. Only containers that changed need to be in it. */
export const ReportArguments = strictObject({
  node: Type.String({ minLength: 1 }),
  sandbox: Type.Optional(
    strictObject({
      /** Sandboxes made before this one. */
      attempt: Type.Integer({ minimum: 0 }),
      podIP: Type.Optional(Type.String()),
      hostIP: Type.Optional(Type.String()),
      /** Port that a process-runtime pod without its own network was given. */
      assignedPort: Type.Optional(Type.Integer()),
    }),
  ),
  containers: Type.Array(ContainerReport),
  notices: Type.Optional(Type.Array(PodNotice)),
  /** Nothing of the pod is left on the node: containers, sandbox, volumes. Sent after a deletion was asked for. */
  cleanedUp: Type.Optional(Type.Boolean()),
});
export type ReportArguments = Static<typeof ReportArguments>;

/** `fail`: the agent refuses or gives up the pod for good (Kubernetes' phase Failed with a reason). */
export const FailArguments = strictObject({
  node: Type.String({ minLength: 1 }),
  reason: Type.String(),
  message: Type.String(),
});
export type FailArguments = Static<typeof FailArguments>;

/** `markNodeLost`: the node went silent; the pod loses readiness, and is evicted at the deadline when a controller will replace it. */
export const MarkNodeLostArguments = strictObject({
  node: Type.String({ minLength: 1 }),
  /** Tolerance where the pod names none, seconds. */
  defaultTolerationSeconds: Type.Integer({ minimum: 0 }),
});
export type MarkNodeLostArguments = Static<typeof MarkNodeLostArguments>;

/** `markNodeReturned`: the node is heard again before the eviction was due. */
export const MarkNodeReturnedArguments = strictObject({ node: Type.String({ minLength: 1 }) });
export type MarkNodeReturnedArguments = Static<typeof MarkNodeReturnedArguments>;

/** `expire`: a deadline of this object is due. */
export const ExpireArguments = strictObject({ deadline: Type.String() });
export type ExpireArguments = Static<typeof ExpireArguments>;

/** Premises of `create` by a controller, checked again by the decider. */
export const CreatePremise = {
  /** Number of the replica slot this pod takes; refused while another live pod of the same controller has it. */
  slot: Type.Optional(Type.Integer({ minimum: 0 })),
};
