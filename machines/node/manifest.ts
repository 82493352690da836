/** A Node's manifest and the parts of its context: what people may write, and what its agent reports. */
import { MetadataManifest } from '../metadata.ts';
import { oneOf, strictObject, StringMap, Type, unsupported, type Static } from '../schema.ts';
import type { ObjectContext } from '../view.ts';

export const Taint = strictObject({
  key: Type.String({ minLength: 1 }),
  value: Type.Optional(Type.String()),
  effect: oneOf(['NoSchedule', 'PreferNoSchedule', 'NoExecute']),
  timeAdded: Type.Optional(Type.String()),
});
export type Taint = Static<typeof Taint>;

export const NodeSpec = strictObject({
  unschedulable: Type.Optional(Type.Boolean()),
  taints: Type.Optional(Type.Array(Taint)),
  providerID: Type.Optional(Type.String()),
  podCIDR: unsupported(),
  podCIDRs: unsupported(),
  configSource: unsupported(),
  externalID: unsupported(),
});
export type NodeSpec = Static<typeof NodeSpec>;

/** `status` is what the agent reports; a manifest's is ignored, as Kubernetes ignores it. */
export const NodeManifest = strictObject({
  apiVersion: Type.Optional(Type.Literal('v1')),
  kind: Type.Optional(Type.Literal('Node')),
  metadata: MetadataManifest,
  spec: Type.Optional(NodeSpec),
  status: Type.Optional(Type.Unknown()),
});

/** Resources as Kubernetes writes them: quantities as text. */
export const NodeResources = strictObject({
  cpu: Type.String(),
  memory: Type.String(),
  pods: Type.String(),
});
export type NodeResources = Static<typeof NodeResources>;

export const NodeAddress = strictObject({
  type: oneOf(['InternalIP', 'ExternalIP', 'Hostname', 'InternalDNS', 'ExternalDNS']),
  address: Type.String({ minLength: 1 }),
});
export type NodeAddress = Static<typeof NodeAddress>;

/** What the machine and its software are. */
export const NodeInfo = strictObject({
  operatingSystem: Type.String(),
  architecture: Type.String(),
  osImage: Type.String(),
  kernelVersion: Type.String(),
  containerRuntimeVersion: Type.String(),
  /** Version of the agent, under Kubernetes' name for it. */
  kubeletVersion: Type.String(),
  kubeProxyVersion: Type.Optional(Type.String()),
  machineID: Type.Optional(Type.String()),
  systemUUID: Type.Optional(Type.String()),
  bootID: Type.Optional(Type.String()),
});
export type NodeInfo = Static<typeof NodeInfo>;

/** What an agent says of its node, whole. */
export const NodeDescription = strictObject({
  labels: StringMap,
  capacity: NodeResources,
  allocatable: NodeResources,
  addresses: Type.Array(NodeAddress),
  nodeInfo: NodeInfo,
});
export type NodeDescription = Static<typeof NodeDescription>;

/** A condition as Kubernetes writes it. */
export interface NodeCondition {
  readonly type: 'Ready';
  readonly status: 'True' | 'False' | 'Unknown';
  readonly reason: string;
  readonly message: string;
  /** RFC 3339. */
  readonly lastTransitionTime: string;
}

export interface NodeStatus {
  readonly capacity?: NodeResources;
  readonly allocatable?: NodeResources;
  readonly conditions?: readonly NodeCondition[];
  readonly addresses?: readonly NodeAddress[];
  readonly nodeInfo?: NodeInfo;
}

export interface NodeContext extends ObjectContext {
  readonly spec: NodeSpec;
  readonly status: NodeStatus;
  /** While it is silent together with too many others, its pods are left alone. Private. */
  readonly evictionsSuspended: boolean;
}
