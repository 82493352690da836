/** A ReplicationController's manifest, defaults and rules. */
import type { FieldError } from '../refusal.ts';
import { matchesLabels } from '../labels.ts';
import { MetadataManifest } from '../metadata.ts';
import type { AnyManifest } from '../object-rules.ts';
import { PodTemplateSpec, preparePodTemplate, type PodTemplate } from '../pod/index.ts';
import { INT32_MAX, strictObject, StringMap, Type, type Static } from '../schema.ts';
import type { ObjectContext } from '../view.ts';

const SpecManifest = strictObject({
  replicas: Type.Optional(Type.Integer({ maximum: INT32_MAX })),
  minReadySeconds: Type.Optional(Type.Integer({ maximum: INT32_MAX })),
  selector: Type.Optional(StringMap),
  template: Type.Optional(PodTemplateSpec),
});
type SpecManifest = Static<typeof SpecManifest>;

/** `status` is the controller's; a manifest's is ignored, as Kubernetes ignores it. */
export const ReplicationControllerManifest = strictObject({
  apiVersion: Type.Optional(Type.Literal('v1')),
  kind: Type.Optional(Type.Literal('ReplicationController')),
  metadata: MetadataManifest,
  spec: SpecManifest,
  status: Type.Optional(Type.Unknown()),
});

export interface ReplicationControllerSpec {
  readonly replicas: number;
  readonly minReadySeconds?: number;
  readonly selector: StringMap;
  readonly template: PodTemplate;
}

/** Counts of live pods; absent ones are zero, as Kubernetes leaves them out. */
export const ReplicationControllerStatus = strictObject({
  replicas: Type.Integer({ minimum: 0 }),
  fullyLabeledReplicas: Type.Optional(Type.Integer({ minimum: 0 })),
  readyReplicas: Type.Optional(Type.Integer({ minimum: 0 })),
  availableReplicas: Type.Optional(Type.Integer({ minimum: 0 })),
  /** Generation of the spec these counts were made under. */
  observedGeneration: Type.Optional(Type.Integer({ minimum: 0 })),
});
export type ReplicationControllerStatus = Static<typeof ReplicationControllerStatus>;

export interface ReplicationControllerContext extends ObjectContext {
  readonly spec: ReplicationControllerSpec;
  readonly status: ReplicationControllerStatus;
}

/** Labels default to those of the template, as Kubernetes does. */
export function completeMetadata(manifest: AnyManifest): AnyManifest {
  const { labels } = manifest.metadata;
  const template = (manifest['spec'] as SpecManifest).template?.metadata?.labels;
  if (template === undefined || Object.keys(labels ?? {}).length > 0) return manifest;
  return { ...manifest, metadata: { ...manifest.metadata, labels: template } };
}

/** The spec with defaults, or what is wrong with it. */
export function prepareSpec(
  given: SpecManifest,
): { readonly spec: ReplicationControllerSpec } | { readonly errors: readonly FieldError[] } {
  const { replicas = 1, minReadySeconds = 0, template } = given;
  const labels = template?.metadata?.labels ?? {};
  const selector = given.selector && Object.keys(given.selector).length > 0 ? given.selector : labels;
  const errors = [
    ...negative('spec.minReadySeconds', minReadySeconds),
    ...(Object.keys(selector).length === 0 ? [required('spec.selector')] : []),
    ...negative('spec.replicas', replicas),
  ];
  if (template === undefined) return { errors: [...errors, required('spec.template')] };
  if (!matchesLabels(labels, selector)) errors.push(mismatch(labels));
  const prepared = preparePodTemplate(template, 'spec.template');
  if ('errors' in prepared) return { errors: [...errors, ...prepared.errors] };
  const { restartPolicy } = prepared.template.spec;
  if (restartPolicy !== 'Always') errors.push(unsupportedRestartPolicy(restartPolicy));
  if (errors.length > 0) return { errors };
  const ready = minReadySeconds > 0 ? { minReadySeconds } : {};
  return { spec: { replicas, ...ready, selector, template: prepared.template } };
}

function required(field: string): FieldError {
  return { type: 'FieldValueRequired', field, message: 'Required value' };
}

function negative(field: string, value: number): FieldError[] {
  if (value >= 0) return [];
  const message = `Invalid value: ${value}: must be greater than or equal to 0`;
  return [{ type: 'FieldValueInvalid', field, message }];
}

function mismatch(labels: StringMap): FieldError {
  return {
    type: 'FieldValueInvalid',
    field: 'spec.template.metadata.labels',
    message: `Invalid value: ${JSON.stringify(labels)}: \`selector\` does not match template \`labels\``,
  };
}

function unsupportedRestartPolicy(policy: string): FieldError {
  return {
    type: 'FieldValueNotSupported',
    field: 'spec.template.spec.restartPolicy',
    message: `Unsupported value: ${JSON.stringify(policy)}: supported values: "Always"`,
  };
}
