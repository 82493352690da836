/** The list of kinds and the door to the vocabulary: all that `src/` imports from here. Adding a plain kind is one line. */
import { cellConfiguration } from './cell-configuration/index.ts';
import { configMap } from './config-map/index.ts';
import { garbageCollector } from './garbage-collector.ts';
import type { Kind, Reconciler } from './kind.ts';
import { namespace, namespaceReconciler } from './namespace/index.ts';
import { node } from './node/index.ts';
import { nodeLifecycle } from './node-lifecycle.ts';
import { pod } from './pod/index.ts';
import { replicationController } from './replication-controller/index.ts';

const list: readonly Kind[] = [namespace, node, pod, replicationController, configMap, cellConfiguration];

/** Every kind a cell has, by name. */
export const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>(list.map((kind) => [kind.kind, kind]));

/** Every controller a cell runs: the kinds' own, and those across kinds. */
export const reconcilers: readonly Reconciler[] = [
  ...list.flatMap((kind) => kind.reconcilers ?? []),
  nodeLifecycle,
  namespaceReconciler(list),
  garbageCollector(list),
];

export { bootstrapCommands } from './bootstrap.ts';
export { DEFAULT_SETTINGS, settingsOf, type CellSettings } from './cell-configuration/index.ts';
export * from './as-written.ts';
export * from './decide.ts';
export * from './evolve.ts';
export * from './identity.ts';
export * from './kind.ts';
export * from './labels.ts';
export * from './merge-patch.ts';
export * from './message.ts';
export * from './metadata.ts';
export type { Manifests, ObjectKind, Objects, Shown, Written } from './objects.ts';
export * from './quantity.ts';
export * from './refusal.ts';
export * from './schema.ts';
export * from './table.ts';
export * from './view.ts';

// What the control loop and the gateway ask of nodes and pods; scheduler and agent open these doors themselves.
export * from './node/index.ts';
export * from './pod/index.ts';
