/** Objects as Kubernetes' clients read them: rendered once a version, however many ask. */
import { kinds, renderManifest, type Kind, type Manifest, type ObjectRecord } from '../../../machines/index.ts';

const texts = new WeakMap<ObjectRecord, string>();

/** The kind of a record. One that is not ours is our own bug. */
export function kindOfRecord(record: ObjectRecord): Kind {
  const kind = kinds.get(record.kind);
  if (kind === undefined) throw new Error(`there is no kind ${record.kind}`);
  return kind;
}

/** What was only tried has no version yet. */
export function manifestOf(record: ObjectRecord): Manifest {
  const manifest = renderManifest(kindOfRecord(record), record);
  if (record.revision !== 0) return manifest;
  const { resourceVersion: _, ...metadata } = manifest.metadata;
  return { ...manifest, metadata: metadata as Manifest['metadata'] };
}

/** The object's JSON. */
export function manifestText(record: ObjectRecord): string {
  let text = texts.get(record);
  if (text === undefined) texts.set(record, (text = JSON.stringify(manifestOf(record))));
  return text;
}

/** Only what is said of every object: meta.k8s.io's PartialObjectMetadata. */
export function metadataOf(record: ObjectRecord, apiVersion: string): object {
  return { kind: 'PartialObjectMetadata', apiVersion, metadata: manifestOf(record).metadata };
}

/** An object as it was when the commit of a revision removed it. */
export function removedAt(record: ObjectRecord, revision: number): ObjectRecord {
  return { ...record, revision };
}
