/** Pod: containers that share a node, a network and volumes, from their creation to their end. */
import type { Kind } from '../kind.ts';
import { podColumns } from './columns.ts';
import { EVICTION_DEADLINE, WATCHED_BEFORE_EVICTION_MS } from './decide-node-loss.ts';
import { podVerbs } from './decide.ts';
import { podEvents } from './events.ts';
import { podIndexes } from './indexes.ts';
import { podMachine } from './machine.ts';
import { PodManifest } from './manifest.ts';
import type { PodContext } from './status.ts';

export { statusWord } from './columns.ts';
export * from './commands.ts';
export { containerMachine } from './container.ts';
export type { Container, ContainerPort, ContainerResources, ResourceList, VolumeMount } from './container-manifest.ts';
export * from './facts.ts';
export { hostPortsConflict, hostPortsOf, type HostPortClaim } from './host-ports.ts';
export { NODE_INDEX, UNSCHEDULED, UNSCHEDULED_INDEX } from './indexes.ts';
export { PodTemplateSpec, type PodSpec, type RestartPolicy, type Toleration } from './manifest.ts';
export { resourceRequests, type ResourceRequests } from './resources.ts';
export type {
  ContainerState,
  ContainerStatus,
  PodCondition,
  PodContext,
  PodPhase,
  PodRecord,
  PodStatus,
  TerminatedState,
} from './status.ts';
export { preparePodTemplate, type PodTemplate } from './template.ts';
export type { Volume } from './volume-manifest.ts';

export const pod: Kind<PodContext> = {
  kind: 'Pod',
  apiVersion: 'v1',
  group: '',
  plural: 'pods',
  singular: 'pod',
  shortNames: ['po'],
  namespaced: true,
  nameRule: 'subdomain',
  parts: ['spec', 'status'],
  manifest: PodManifest,
  machine: podMachine,
  verbs: podVerbs,
  events: podEvents,
  indexes: podIndexes,
  columns: podColumns,
  /** The node it was bound to is the scheduler's, unless it was made for that node. */
  written: ({ context }, born) => {
    const { nodeName: _, ...spec } = context.spec;
    const { nodeName } = born.context.spec;
    return { spec: nodeName === undefined ? spec : { ...spec, nodeName } };
  },
  deadlines: ({ context }) => {
    const at = context.nodeLoss?.evictAt;
    return at === undefined ? [] : [{ name: EVICTION_DEADLINE, at, watchedMs: WATCHED_BEFORE_EVICTION_MS }];
  },
};
