/** Checks and completes a pod's spec, alone or in a controller's template. */
import { validateMetadata, type MetadataManifest } from '../metadata.ts';
import type { FieldError } from '../refusal.ts';
import { completeSpec } from './defaults.ts';
import type { PodSpec, PodSpecManifest, PodTemplateSpec } from './manifest.ts';
import { specErrors } from './validate-spec.ts';

export type PreparedSpec = { readonly spec: PodSpec } | { readonly errors: readonly FieldError[] };

/** A controller sends the spec of its template again and again: it is checked once, and its pods share what came of it. */
const prepared = new WeakMap<PodSpecManifest, PreparedSpec>();

export function preparePodSpec(given: PodSpecManifest, field = 'spec'): PreparedSpec {
  const known = field === 'spec' ? prepared.get(given) : undefined;
  if (known !== undefined) return known;
  const errors = specErrors(given, field);
  const result = errors.length > 0 ? { errors } : { spec: completeSpec(given) };
  if (field === 'spec') prepared.set(given, result);
  return result;
}

/** A controller's template with defaults. */
export interface PodTemplate {
  readonly metadata: Pick<MetadataManifest, 'labels' | 'annotations'>;
  readonly spec: PodSpec;
}

/** The template with defaults, or what is wrong with it; `field` is where it stands (`spec.template`). */
export function preparePodTemplate(
  given: PodTemplateSpec,
  field: string,
): { readonly template: PodTemplate } | { readonly errors: readonly FieldError[] } {
  const metadata = given.metadata ?? {};
  const errors = validateMetadata(metadata).map((error) => ({ ...error, field: `${field}.${error.field}` }));
  const result = preparePodSpec(given.spec, `${field}.spec`);
  if ('errors' in result) return { errors: [...errors, ...result.errors] };
  if (errors.length > 0) return { errors };
  const { labels, annotations } = metadata;
  const kept = { ...(labels ? { labels } : {}), ...(annotations ? { annotations } : {}) };
  return { template: { metadata: kept, spec: result.spec } };
}
