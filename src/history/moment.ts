/** What queries about the past have in common: moments, kinds and keys as they arrive. */
import { kinds, type Kind, type ObjectKey } from '../../machines/index.ts';
import { formatTime } from '../foundation/clock.ts';
import { PastError, pointOf, type Moment, type Past, type PastPoint } from './past.ts';

/** The point a moment means; the last one where none is given. Raises PastError. */
export function pointAt(past: Past, moment: Moment | undefined, now: number): PastPoint {
  return pointOf(past, moment ?? { revision: past.last()?.revision ?? 0 }, now);
}

/** Raises PastError for a kind there is not. */
export function kindOf(name: string): Kind {
  const kind = kinds.get(name);
  if (kind === undefined) throw new PastError('NotFound', `the server doesn't have a resource type "${name}"`);
  return kind;
}

/** The key of one object. Raises PastError where a namespace is missing, or said of a kind that has none. */
export function keyOf(
  kind: Kind,
  { namespace = '', name }: { readonly namespace?: string; readonly name: string },
): ObjectKey {
  if (kind.namespaced && namespace === '') throw new PastError('BadRequest', `${kind.kind} needs a namespace`);
  if (!kind.namespaced && namespace !== '')
    throw new PastError('BadRequest', `${kind.kind} has no namespace: it is of cluster scope`);
  return { kind: kind.kind, namespace, name };
}

/** For sentences: `revision 12 (2026-01-01T00:00:00Z)`. */
export function describePoint({ revision, time }: PastPoint): string {
  return `revision ${revision} (${formatTime(time)})`;
}
