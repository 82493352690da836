/** A namespace's verbs: the common ones under its rules, and `finalize`, the controller's word that nothing is left in it. */
import { verb, type DecideInput, type Decision, type Verb } from '../kind.ts';
import { isBeingDeleted, MetadataManifest } from '../metadata.ts';
import { objectVerbs } from '../object-commands.ts';
import { currentOf, eventVersion, removed, type ObjectRules } from '../object-rules.ts';
import { refuse } from '../refusal.ts';
import { strictObject, Type } from '../schema.ts';
import type { NamespaceContext } from './machine.ts';

/** The finalizer in a namespace's spec: its content must go first. */
const KUBERNETES_FINALIZER = 'kubernetes';
/** Namespaces that every cell has and that may not be deleted. */
export const PROTECTED_NAMESPACES: readonly string[] = ['default', 'kube-system'];
const NAME_LABEL = 'kubernetes.io/metadata.name';

export const NamespaceManifest = strictObject({
  apiVersion: Type.Optional(Type.Literal('v1')),
  kind: Type.Optional(Type.Literal('Namespace')),
  metadata: MetadataManifest,
  /** The cluster's own: accepted and ignored in a manifest, as the content controller alone takes the finalizer off. */
  spec: Type.Optional(strictObject({ finalizers: Type.Optional(Type.Array(Type.String())) })),
  status: Type.Optional(Type.Unknown()),
});

/** Whether its content has not been seen to be gone yet. */
export function holdsContent({ context }: { readonly context: NamespaceContext }): boolean {
  return (context.spec.finalizers ?? []).includes(KUBERNETES_FINALIZER);
}

const rules: ObjectRules<NamespaceContext> = {
  prefix: 'Namespace',
  manifest: NamespaceManifest,
  desired: [],
  observed: ['spec', 'status'],
  complete: (manifest, name) => ({
    ...manifest,
    metadata: { ...manifest.metadata, labels: { ...manifest.metadata.labels, [NAME_LABEL]: name } },
  }),
  prepare: () => ({ parts: { spec: { finalizers: [KUBERNETES_FINALIZER] }, status: { phase: 'Active' } } }),
  holdsDeletion: holdsContent,
  isDone: (record) => !holdsContent(record),
  admitDeletion: (record, { kind }) =>
    PROTECTED_NAMESPACES.includes(record.name)
      ? refuse.forbidden(kind, record.name, 'this namespace may not be deleted')
      : undefined,
};

function decideFinalize(input: DecideInput<NamespaceContext, unknown>): Decision {
  const current = currentOf(input);
  const { kind, name } = { kind: input.kind, name: current.name };
  if (!isBeingDeleted(current.context.metadata)) {
    return { refusal: refuse.conflict(kind, name, 'it is not being deleted') };
  }
  if (!holdsContent(current)) return { events: [] };
  const finalized = { type: 'NamespaceFinalized', version: eventVersion(kind, 'NamespaceFinalized'), data: {} };
  const held = (current.context.metadata.finalizers ?? []).length > 0;
  return { events: held ? [finalized] : [finalized, removed(rules, kind)] };
}

export const namespaceVerbs: Readonly<Record<string, Verb>> = {
  ...objectVerbs(rules),
  finalize: verb(strictObject({}), decideFinalize),
};
