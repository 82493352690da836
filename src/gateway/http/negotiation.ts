/** Content negotiation: which of the forms that a client accepts the gateway answers in. */
import { StatusError } from './status.ts';

/** One media type of an Accept header. */
export interface MediaType {
  readonly type: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** How an answer is written. */
export type Encoding = 'json' | 'yaml';

/** What a client wants an object or list to look like: itself, a table of rows, or its metadata alone. */
export type Shape = { readonly as: 'object' } | { readonly as: 'table' | 'metadata'; readonly version: string };

export interface Negotiated {
  readonly encoding: Encoding;
  readonly shape: Shape;
}

const ENCODINGS: Readonly<Record<string, Encoding>> = {
  'application/json': 'json',
  'application/yaml': 'yaml',
  'application/*': 'json',
  '*/*': 'json',
};
const SHAPES: Readonly<Record<string, 'table' | 'metadata'>> = {
  Table: 'table',
  PartialObjectMetadata: 'metadata',
  PartialObjectMetadataList: 'metadata',
};
const META_GROUP = 'meta.k8s.io';
const META_VERSIONS: readonly string[] = ['v1', 'v1beta1'];
/** Most media types that are looked at: clients send three. */
const ACCEPT_MAX = 32;

/** The media types of a header, best first. */
export function parseAccept(header: string | undefined): readonly MediaType[] {
  const text = header?.trim() ? header : '*/*';
  return text
    .split(',', ACCEPT_MAX)
    .map(parseMediaType)
    .map((media, index) => ({ media, index, quality: Number(media.parameters['q'] ?? 1) }))
    .toSorted((one, other) => other.quality - one.quality || one.index - other.index)
    .map(({ media }) => media);
}

export function parseMediaType(text: string): MediaType {
  const [type = '', ...rest] = text.split(';').map((part) => part.trim());
  const pairs = rest.map((part) => [part.split('=')[0]?.trim() ?? '', part.slice(part.indexOf('=') + 1).trim()]);
  return { type: type.toLowerCase(), parameters: Object.fromEntries(pairs) as Record<string, string> };
}

/** The first form that we can answer in. Raises NotAcceptable where there is none. */
export function negotiate(header: string | undefined): Negotiated {
  for (const { type, parameters } of parseAccept(header)) {
    const encoding = Object.hasOwn(ENCODINGS, type) ? ENCODINGS[type] : undefined;
    if (encoding === undefined) continue;
    const shape = shapeOf(parameters);
    if (shape !== undefined) return { encoding, shape };
  }
  throw new StatusError(
    'NotAcceptable',
    'only the following media types are accepted: application/json, application/yaml, application/json;as=Table;v=v1;g=meta.k8s.io',
  );
}

/** Undefined for one that we do not know. */
function shapeOf(parameters: Readonly<Record<string, string>>): Shape | undefined {
  const { as, v = '', g } = parameters;
  if (as === undefined) return { as: 'object' };
  const shape = Object.hasOwn(SHAPES, as) ? SHAPES[as] : undefined;
  if (shape === undefined || g !== META_GROUP || !META_VERSIONS.includes(v)) return undefined;
  return { as: shape, version: `${META_GROUP}/${v}` };
}
