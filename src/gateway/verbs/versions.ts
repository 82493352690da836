/** resourceVersion and resourceVersionMatch: which state of the cell a read asks for. */
import { BehindError, type Follower } from '../state/follower.ts';
import { StatusError, type StatusCause } from '../http/status.ts';

/** Kubernetes' words for a version nobody can mean yet. */
const TOO_LARGE = 'ResourceVersionTooLarge';
/** How long a version from elsewhere is waited for, as Kubernetes' watch cache does. */
const TOO_LARGE_WAIT_MS = 3_000;

/** What a read asks for. */
export type Asked =
  /** All that anybody was told before. */
  | { readonly of: 'latest' }
  /** Whatever is at hand. */
  | { readonly of: 'any' }
  | { readonly of: 'at-least'; readonly revision: number }
  | { readonly of: 'exactly'; readonly revision: number };

/** Reads the two parameters. Raises Invalid or BadRequest. */
export function askedVersion(query: URLSearchParams): Asked {
  const version = query.get('resourceVersion') ?? '';
  const match = query.get('resourceVersionMatch') ?? '';
  if (match === '') {
    if (version === '') return { of: 'latest' };
    const revision = revisionOf(version);
    return revision === 0 ? { of: 'any' } : { of: 'at-least', revision };
  }
  if (match !== 'Exact' && match !== 'NotOlderThan') {
    throw invalidOption(
      'resourceVersionMatch',
      'FieldValueNotSupported',
      `Unsupported value: ${JSON.stringify(match)}: supported values: "Exact", "NotOlderThan", ""`,
    );
  }
  if (version === '') {
    const why = 'Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided';
    throw invalidOption('resourceVersionMatch', 'FieldValueForbidden', why);
  }
  const revision = revisionOf(version);
  if (match === 'NotOlderThan') return revision === 0 ? { of: 'any' } : { of: 'at-least', revision };
  if (revision === 0) {
    const why = 'Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"';
    throw invalidOption('resourceVersionMatch', 'FieldValueForbidden', why);
  }
  return { of: 'exactly', revision };
}

/** A resourceVersion as a number. Raises BadRequest. */
export function revisionOf(version: string): number {
  const revision = Number(version);
  if (/^(0|[1-9]\d*)$/.test(version) && Number.isSafeInteger(revision)) return revision;
  throw new StatusError('BadRequest', `Invalid value: ${JSON.stringify(version)}: invalid resource version`);
}

/** Waits until the gateway's state is one that was asked for. Raises Timeout. */
export async function reach(follower: Follower, asked: Exclude<Asked, { of: 'exactly' }>): Promise<void> {
  if (asked.of === 'latest') return follower.upToDate();
  if (asked.of === 'any') return;
  try {
    await follower.reached(asked.revision, TOO_LARGE_WAIT_MS);
  } catch (error) {
    if (!(error instanceof BehindError)) throw error;
    const message = `Too large resource version: ${asked.revision}, current: ${follower.revision}`;
    const causes: StatusCause[] = [{ reason: TOO_LARGE, message: 'Too large resource version' }];
    throw new StatusError('Timeout', `Timeout: ${message}`, { causes, retryAfterSeconds: 1 });
  }
}

/** A parameter that does not make sense, as Kubernetes says it. */
export function invalidOption(field: string, reason: string, message: string, kind = 'ListOptions'): StatusError {
  return new StatusError('Invalid', `${kind}.meta.k8s.io "" is invalid: ${field}: ${message}`, {
    group: 'meta.k8s.io',
    kind,
    causes: [{ reason, message, field }],
  });
}

/** A parameter that is true or false. Raises BadRequest. */
export function flagOf(query: URLSearchParams, name: string): boolean | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (['true', '1', 't', 'T', 'TRUE', 'True'].includes(text)) return true;
  if (['false', '0', 'f', 'F', 'FALSE', 'False'].includes(text)) return false;
  throw new StatusError('BadRequest', `${name}: Invalid value: ${JSON.stringify(text)}: must be true or false`);
}

/** A parameter that is a whole number from 0 on. Raises BadRequest. */
export function numberOf(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null || text === '') return undefined;
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new StatusError('BadRequest', `${name}: Invalid value: ${JSON.stringify(text)}: must be a whole number`);
}
