/** ReplicationController: keeps a number of pods of one template alive. */
import type { Kind, PrinterColumn } from '../kind.ts';
import { age } from '../table.ts';
import { replicationControllerVerbs } from './decide.ts';
import { replicationControllerEvents } from './events.ts';
import { replicationControllerMachine } from './machine.ts';
import { ReplicationControllerManifest, type ReplicationControllerContext } from './manifest.ts';
import { replication } from './reconcile.ts';

export { ScaleArguments } from './decide.ts';
export type {
  ReplicationControllerContext,
  ReplicationControllerSpec,
  ReplicationControllerStatus,
} from './manifest.ts';
export { MINIMUM_LIFE_MS, REPLICATION_BURST, replication } from './reconcile.ts';

const columns: readonly PrinterColumn<ReplicationControllerContext>[] = [
  { name: 'NAME', cell: (record) => record.name },
  { name: 'DESIRED', cell: ({ context }) => String(context.spec.replicas) },
  { name: 'CURRENT', cell: ({ context }) => String(context.status.replicas) },
  { name: 'READY', cell: ({ context }) => String(context.status.readyReplicas ?? 0) },
  { name: 'AGE', cell: age },
  { name: 'CONTAINERS', wide: true, cell: ({ context }) => containers(context, 'name') },
  { name: 'IMAGES', wide: true, cell: ({ context }) => containers(context, 'image') },
  { name: 'SELECTOR', wide: true, cell: ({ context }) => selector(context) },
];

function containers({ spec }: ReplicationControllerContext, field: 'name' | 'image'): string {
  return spec.template.spec.containers.map((container) => container[field]).join(',');
}

function selector({ spec }: ReplicationControllerContext): string {
  return Object.entries(spec.selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',');
}

export const replicationController: Kind<ReplicationControllerContext> = {
  kind: 'ReplicationController',
  apiVersion: 'v1',
  group: '',
  plural: 'replicationcontrollers',
  singular: 'replicationcontroller',
  shortNames: ['rc'],
  namespaced: true,
  nameRule: 'subdomain',
  parts: ['spec', 'status'],
  manifest: ReplicationControllerManifest,
  machine: replicationControllerMachine,
  verbs: replicationControllerVerbs,
  events: replicationControllerEvents,
  columns,
  reconcilers: [replication],
};
