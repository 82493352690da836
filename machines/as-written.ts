/** An object as a user would write it again: what was decided by the cluster left out. For undoing what users did. */
import type { Kind } from './kind.ts';
import type { AnyManifest } from './object-rules.ts';
import { userMetadata } from './object-rules.ts';
import type { ObjectRecord } from './view.ts';

/** Reported, never written; where a kind says nothing else, all its other parts are the user's. */
const STATUS = 'status';

/**
 * The manifest that, sent in a `create`, makes the object anew as it was: name, labels, annotations, finalizers, owners, and
 * the parts that users write. `born` is the object at its first revision: what it had then, its user said.
 */
export function asWritten(kind: Kind, record: ObjectRecord, born: ObjectRecord = record): AnyManifest {
  const { name, generateName, namespace, ...metadata } = record.context.metadata;
  return {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    metadata: {
      name,
      ...(generateName === undefined ? {} : { generateName }),
      ...(namespace === undefined ? {} : { namespace }),
      ...userMetadata(metadata as AnyManifest['metadata']),
    },
    ...writtenParts(kind, record, born),
  };
}

function writtenParts(kind: Kind, record: ObjectRecord, born: ObjectRecord): Readonly<Record<string, unknown>> {
  if (kind.written !== undefined) return kind.written(record, born);
  const context = record.context as unknown as Readonly<Record<string, unknown>>;
  const written = kind.parts.filter((part) => part !== STATUS && context[part] !== undefined);
  return Object.fromEntries(written.map((part) => [part, context[part]]));
}
