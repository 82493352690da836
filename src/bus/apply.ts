/** kubectl's apply: what a manifest says becomes so, what it once said and says no longer goes, what others wrote stays. */

/** Holds the manifest as it was last applied, so that the next apply knows what was taken out of it. */
export const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

type Fields = Readonly<Record<string, unknown>>;

/** A manifest as a file has it. */
export interface GivenManifest {
  readonly apiVersion?: string;
  readonly kind: string;
  readonly metadata: {
    readonly name?: string;
    readonly generateName?: string;
    readonly namespace?: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
}

/** The manifest with its own text as an annotation, for creation. */
export function withLastApplied<Manifest extends GivenManifest>(manifest: Manifest): Manifest {
  const { [LAST_APPLIED]: _, ...annotations } = manifest.metadata.annotations ?? {};
  const bare = { ...manifest, metadata: { ...manifest.metadata, annotations } };
  const text = `${JSON.stringify(sorted(bare))}\n`;
  return { ...manifest, metadata: { ...manifest.metadata, annotations: { ...annotations, [LAST_APPLIED]: text } } };
}

/** The merge patch that makes an existing object what the manifest says. */
export function applyPatch(manifest: GivenManifest, live: { readonly metadata: object }): Fields {
  const wanted = withLastApplied(manifest);
  const annotations = (live.metadata as { readonly annotations?: Readonly<Record<string, string>> }).annotations;
  const before = parseLastApplied(annotations?.[LAST_APPLIED]);
  return withRemovals(before, wanted as unknown as Fields);
}

function parseLastApplied(text: string | undefined): unknown {
  if (text === undefined) return {};
  try {
    return JSON.parse(text);
  } catch {
    // Somebody wrote something else there; nothing is known to have been taken out.
    return {};
  }
}

/** The wanted fields, and null for each that was there before and is no longer. Lists are replaced whole. */
function withRemovals(before: unknown, wanted: Fields): Fields {
  const patch: Record<string, unknown> = {};
  if (isFields(before)) for (const field of Object.keys(before)) if (!(field in wanted)) patch[field] = null;
  for (const [field, value] of Object.entries(wanted)) {
    if (!isFields(value)) patch[field] = value;
    else patch[field] = withRemovals(isFields(before) ? before[field] : undefined, value);
  }
  return patch;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The same with its fields in order, so that a manifest written in another order is the same text. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isFields(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([left], [right]) => (left < right ? -1 : 1))
      .map(([field, inner]) => [field, sorted(inner)]),
  );
}
