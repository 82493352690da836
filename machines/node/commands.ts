/** The arguments of a node's own verbs: what its agent and the health controller may say of it. */
import { strictObject, StringMap, Type, type Static } from '../schema.ts';
import { NodeAddress, NodeInfo } from './manifest.ts';

/** Kubernetes' default of a kubelet's maxPods. */
export const DEFAULT_MAX_PODS = '110';

const Resources = strictObject({
  /** A quantity: `2`, `1500m`. */
  cpu: Type.String({ minLength: 1 }),
  /** A quantity: `8148412Ki`. */
  memory: Type.String({ minLength: 1 }),
  /** DEFAULT_MAX_PODS when absent. */
  pods: Type.Optional(Type.String({ minLength: 1 })),
});

/** `register`: the agent introduces its node, or tells what became of it. A level: sent again on each start, unchanged when all is so. */
export const RegisterArguments = strictObject({
  capacity: Resources,
  /** What is left for pods; the capacity when absent. */
  allocatable: Type.Optional(Resources),
  nodeInfo: NodeInfo,
  addresses: Type.Array(NodeAddress),
  /** Beside kubernetes.io/hostname, os and arch, which follow from name and nodeInfo. */
  labels: Type.Optional(StringMap),
});
export type RegisterArguments = Static<typeof RegisterArguments>;

/** `markUnreachable`: the health controller has not heard of the agent for too long. */
export const MarkUnreachableArguments = strictObject({
  /** When it was last heard, Unix milliseconds. */
  since: Type.Number(),
  /** For how long the observer had been listening in vain. */
  silentMs: Type.Number({ minimum: 0 }),
  /** Too many nodes fell silent at once: nothing is evicted, only reported. Sent again without it when that is over. */
  evictionsSuspended: Type.Optional(Type.Boolean()),
});
export type MarkUnreachableArguments = Static<typeof MarkUnreachableArguments>;

/** `markReachable`: the agent is heard again. */
export const MarkReachableArguments = strictObject({});
export type MarkReachableArguments = Static<typeof MarkReachableArguments>;
