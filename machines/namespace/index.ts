/** Namespace: the scope of names; deleting one deletes what is in it. */
import type { Kind } from '../kind.ts';
import { age } from '../table.ts';
import { NamespaceManifest, namespaceVerbs } from './decide.ts';
import { namespaceEvents, namespaceMachine, type NamespaceContext } from './machine.ts';

export { PROTECTED_NAMESPACES } from './decide.ts';
export type { NamespaceContext } from './machine.ts';
export { NAMESPACE_BURST, namespaceReconciler } from './reconcile.ts';

export const namespace: Kind<NamespaceContext> = {
  kind: 'Namespace',
  apiVersion: 'v1',
  group: '',
  plural: 'namespaces',
  singular: 'namespace',
  shortNames: ['ns'],
  namespaced: false,
  nameRule: 'label',
  parts: ['spec', 'status'],
  manifest: NamespaceManifest,
  machine: namespaceMachine,
  verbs: namespaceVerbs,
  events: namespaceEvents,
  /** Its finalizers are the content controller's. */
  written: () => ({}),
  columns: [
    { name: 'NAME', cell: (record) => record.name },
    { name: 'STATUS', cell: ({ context }) => context.status.phase },
    { name: 'AGE', cell: age },
  ],
};
