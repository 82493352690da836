/** Kubernetes' ObjectMeta: its schema, its rules, and what the cluster fills in. */
import { qualifiedNameError, validateAnnotations, validateLabels } from './labels.ts';
import type { FieldError } from './refusal.ts';
import { strictObject, StringMap, Type, type Static } from './schema.ts';

export const OwnerReference = strictObject({
  apiVersion: Type.String(),
  kind: Type.String(),
  name: Type.String(),
  uid: Type.String(),
  controller: Type.Optional(Type.Boolean()),
  blockOwnerDeletion: Type.Optional(Type.Boolean()),
});
export type OwnerReference = Static<typeof OwnerReference>;

/** What a manifest may say of an object's metadata. Fields that the cluster sets are accepted and ignored, as Kubernetes does. */
export const MetadataManifest = strictObject({
  name: Type.Optional(Type.String()),
  generateName: Type.Optional(Type.String()),
  namespace: Type.Optional(Type.String()),
  labels: Type.Optional(StringMap),
  annotations: Type.Optional(StringMap),
  finalizers: Type.Optional(Type.Array(Type.String())),
  ownerReferences: Type.Optional(Type.Array(OwnerReference)),
  uid: Type.Optional(Type.String()),
  resourceVersion: Type.Optional(Type.String()),
  generation: Type.Optional(Type.Integer()),
  creationTimestamp: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  deletionTimestamp: Type.Optional(Type.String()),
  deletionGracePeriodSeconds: Type.Optional(Type.Integer()),
  selfLink: Type.Optional(Type.String()),
  managedFields: Type.Optional(Type.Array(Type.Unknown())),
});
export type MetadataManifest = Static<typeof MetadataManifest>;

/** An object's metadata as stored. `resourceVersion` is the record's revision and is added when shown. */
export interface ObjectMeta {
  readonly name: string;
  readonly generateName?: string;
  readonly namespace?: string;
  readonly uid: string;
  /** RFC 3339. */
  readonly creationTimestamp: string;
  /** Counts changes of the desired state (spec). */
  readonly generation?: number;
  readonly labels?: StringMap;
  readonly annotations?: StringMap;
  readonly finalizers?: readonly string[];
  readonly ownerReferences?: readonly OwnerReference[];
  /** RFC 3339: when the object may be gone by. Set means: being deleted. */
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
}

/**
 * RFC 3339 in whole seconds, as Kubernetes writes metav1.Time. Pure: formats a number that came as an argument. What RFC 3339
 * cannot write is shown as the nearest time that it can: a number that somebody sent must stop nobody.
 */
export function timestamp(unixMs: number): string {
  if (unixMs !== latestTimestamp.unixMs) {
    const shown = Math.min(Math.max(unixMs, 0), LATEST_SHOWN_MS);
    latestTimestamp = { unixMs, text: `${new Date(shown).toISOString().slice(0, SECONDS_LENGTH)}Z` };
  }
  return latestTimestamp.text;
}

/** `10:02:11`, UTC: for sentences told beside the day. */
export function timeOfDay(unixMs: number): string {
  return timestamp(unixMs).slice(DAY_LENGTH, SECONDS_LENGTH);
}

/** 9999-12-31T23:59:59Z. */
const LATEST_SHOWN_MS = 253_402_300_799_000;
/** Length of `2026-01-01T00:00:00`. */
const SECONDS_LENGTH = 19;
/** Length of `2026-01-01T`. */
const DAY_LENGTH = 11;
/** An entry's time is written many times over, and writing it costs a microsecond. */
let latestTimestamp = { unixMs: 0, text: '1970-01-01T00:00:00Z' };

const DNS_LABEL = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** `label`: at most 63 characters, no dots (Namespace, Service). `subdomain`: at most 253 (most kinds). */
export type NameRule = 'label' | 'subdomain';

/** What is wrong with a name, in Kubernetes' words, or undefined. */
export function nameError(name: string, rule: NameRule): string | undefined {
  if (rule === 'label') {
    if (name.length > 63) return 'must be no more than 63 characters';
    if (!DNS_LABEL.test(name)) {
      return "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    }
    return undefined;
  }
  if (name.length > 253) return 'must be no more than 253 characters';
  if (!DNS_SUBDOMAIN.test(name)) {
    return "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
  }
  return undefined;
}

/** Checks labels, annotations, finalizers and owner references of a manifest; names are checked where the object is made. */
export function validateMetadata(metadata: MetadataManifest): FieldError[] {
  const errors = [
    ...validateLabels(metadata.labels, 'metadata.labels'),
    ...validateAnnotations(metadata.annotations, 'metadata.annotations'),
  ];
  for (const name of metadata.finalizers ?? []) {
    const error = finalizerError(name);
    if (error !== undefined)
      errors.push({
        type: 'FieldValueInvalid',
        field: 'metadata.finalizers',
        message: `Invalid value: ${JSON.stringify(name)}: ${error}`,
      });
  }
  let controllers = 0;
  for (const [index, owner] of (metadata.ownerReferences ?? []).entries()) {
    const field = `metadata.ownerReferences[${index}]`;
    for (const part of ['apiVersion', 'kind', 'name', 'uid'] as const) {
      if (owner[part] === '')
        errors.push({
          type: 'FieldValueInvalid',
          field: `${field}.${part}`,
          message: 'Invalid value: "": must not be empty',
        });
    }
    if (owner.controller) controllers++;
  }
  if (controllers > 1) {
    errors.push({
      type: 'FieldValueInvalid',
      field: 'metadata.ownerReferences',
      message: 'Invalid value: Only one reference can have Controller set to true',
    });
  }
  return errors;
}

/** Kubernetes' own, which need no domain in front. */
const STANDARD_FINALIZERS: ReadonlySet<string> = new Set(['orphan', 'foregroundDeletion', 'kubernetes']);

function finalizerError(name: string): string | undefined {
  if (STANDARD_FINALIZERS.has(name)) return undefined;
  return (
    qualifiedNameError(name) ??
    (name.includes('/') ? undefined : 'name is neither a standard finalizer name nor is it fully qualified')
  );
}

/** The owner that controls an object, if it has one. */
export function controllerOf(metadata: ObjectMeta): OwnerReference | undefined {
  return metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/** Whether the object is being deleted. */
export function isBeingDeleted(metadata: ObjectMeta): boolean {
  return metadata.deletionTimestamp !== undefined;
}
