/** An object as a user would write it again: what was decided by the cluster left out. For undoing what users did. */
import type { Kind } from './kind.ts';
import type { ObjectMeta } from './metadata.ts';
import type { ObjectRecord } from './view.ts';

/** Reported, never written; where a kind says nothing else, all its other parts are the user's. */
const STATUS = 'status';

type WrittenMeta = Pick<
  ObjectMeta,
  'name' | 'generateName' | 'namespace' | 'labels' | 'annotations' | 'finalizers' | 'ownerReferences'
>;

/** A manifest that a user could have written. */
export interface WrittenManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: WrittenMeta;
  readonly [part: string]: unknown;
}

/**
 * The manifest that, sent in a `create`, makes the object anew as it was. `born` is the object at its first revision, when it
 * had nothing but what its user said.
 */
export function asWritten(kind: Kind, record: ObjectRecord, born: ObjectRecord = record): WrittenManifest {
  const {
    uid: _uid,
    creationTimestamp: _created,
    generation: _generation,
    deletionTimestamp: _deleted,
    deletionGracePeriodSeconds: _grace,
    ...metadata
  } = record.context.metadata;
  return { apiVersion: kind.apiVersion, kind: kind.kind, metadata, ...writtenParts(kind, record, born) };
}

function writtenParts(kind: Kind, record: ObjectRecord, born: ObjectRecord): Readonly<Record<string, unknown>> {
  if (kind.written !== undefined) return kind.written(record, born);
  const context = record.context as unknown as Readonly<Record<string, unknown>>;
  const written = kind.parts.filter((part) => part !== STATUS && context[part] !== undefined);
  return Object.fromEntries(written.map((part) => [part, context[part]]));
}
