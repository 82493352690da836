/** Node: a machine that runs pods, as its agent registers it and the health controller judges it. */
import type { Kind, PrinterColumn } from '../kind.ts';
import { age } from '../table.ts';
import { nodeVerbs } from './decide.ts';
import { nodeEvents } from './events.ts';
import { isCordoned, isReachable, isRegistered, type NodeRecord } from './facts.ts';
import { nodeMachine } from './machine.ts';
import { NodeManifest, type NodeContext } from './manifest.ts';

export { DEFAULT_MAX_PODS, MarkReachableArguments, MarkUnreachableArguments, RegisterArguments } from './commands.ts';
export * from './facts.ts';
export type { NodeAddress, NodeContext, NodeInfo, NodeResources, NodeSpec, NodeStatus, Taint } from './manifest.ts';

const NONE = '<none>';
const ROLE_LABEL = 'node-role.kubernetes.io/';

function status(record: NodeRecord): string {
  const health = isReachable(record) ? 'Ready' : isRegistered(record) ? 'NotReady' : 'Unknown';
  return isCordoned(record) ? `${health},SchedulingDisabled` : health;
}

function roles({ context }: NodeRecord): string {
  const keys = Object.keys(context.metadata.labels ?? {}).filter((key) => key.startsWith(ROLE_LABEL));
  return (
    keys
      .map((key) => key.slice(ROLE_LABEL.length))
      .toSorted()
      .join(',') || NONE
  );
}

function address({ context }: NodeRecord, type: string): string {
  return context.status.addresses?.find((candidate) => candidate.type === type)?.address ?? NONE;
}

const columns: readonly PrinterColumn<NodeContext>[] = [
  { name: 'NAME', cell: (record) => record.name },
  { name: 'STATUS', cell: status },
  { name: 'ROLES', cell: roles },
  { name: 'AGE', cell: age },
  { name: 'VERSION', cell: ({ context }) => context.status.nodeInfo?.kubeletVersion ?? '' },
  { name: 'INTERNAL-IP', wide: true, cell: (record) => address(record, 'InternalIP') },
  { name: 'EXTERNAL-IP', wide: true, cell: (record) => address(record, 'ExternalIP') },
  { name: 'OS-IMAGE', wide: true, cell: ({ context }) => context.status.nodeInfo?.osImage ?? '<unknown>' },
  { name: 'KERNEL-VERSION', wide: true, cell: ({ context }) => context.status.nodeInfo?.kernelVersion ?? '<unknown>' },
  {
    name: 'CONTAINER-RUNTIME',
    wide: true,
    cell: ({ context }) => context.status.nodeInfo?.containerRuntimeVersion ?? '<unknown>',
  },
];

export const node: Kind<NodeContext> = {
  kind: 'Node',
  apiVersion: 'v1',
  group: '',
  plural: 'nodes',
  singular: 'node',
  shortNames: ['no'],
  namespaced: false,
  nameRule: 'subdomain',
  parts: ['spec', 'status'],
  manifest: NodeManifest,
  machine: nodeMachine,
  verbs: nodeVerbs,
  events: nodeEvents,
  columns,
  /** Taints follow from its state. */
  written: ({ context }) => {
    const { taints: _, ...spec } = context.spec;
    return { spec };
  },
};
