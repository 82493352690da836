/** The diff of one object between two moments: what became of it, as fields for people and as a JSON Patch for programs. */
import type { Manifest } from '../../machines/index.ts';
import type { ObjectVersions } from '../bus/history-messages/diff.ts';
import { fieldChanges, type FieldChange } from './diff-fields.ts';
import { jsonPatchOf, type JsonPatch } from './diff-patch.ts';

/**
 * `replaced`: deleted, and another object created under its name. `passing`: created and deleted again in between.
 * `restored`: changed, and changed back.
 */
export type WhatBecame = 'created' | 'removed' | 'replaced' | 'changed' | 'passing' | 'restored';

export interface DiffOptions {
  /** Without status and what the cluster counts, so that what people and controllers want is compared. */
  readonly specOnly: boolean;
}

export interface ObjectDiff {
  readonly change: WhatBecame;
  /** Undefined where it is not there, or what is not looked at is left out. */
  readonly before: Manifest | undefined;
  readonly after: Manifest | undefined;
}

/** Undefined where nothing that is looked at is different. */
export function diffOf({ before, after }: ObjectVersions, { specOnly }: DiffOptions): ObjectDiff | undefined {
  if (before === null && after === null) return { change: 'passing', before: undefined, after: undefined };
  const seen = (manifest: Manifest | null) =>
    manifest === null ? undefined : specOnly ? withoutStatus(manifest) : manifest;
  const diff = { before: seen(before), after: seen(after) };
  if (diff.before === undefined) return { change: 'created', ...diff };
  if (diff.after === undefined) return { change: 'removed', ...diff };
  if (diff.before.metadata.uid !== diff.after.metadata.uid) return { change: 'replaced', ...diff };
  if (readableChanges(diff).length > 0) return { change: 'changed', ...diff };
  return specOnly ? undefined : { change: 'restored', ...diff };
}

/** Fields that are different, without those that count changes: of every change they say nothing but that there was one. */
export function readableChanges({ before, after }: Pick<ObjectDiff, 'before' | 'after'>): readonly FieldChange[] {
  return fieldChanges(before && withoutCounts(before), after && withoutCounts(after));
}

/** Applied to the object before, it gives the object after; none is null. */
export function patchOf({ before, after }: Pick<ObjectDiff, 'before' | 'after'>): JsonPatch {
  return jsonPatchOf(before, after);
}

function withoutStatus(manifest: Manifest): Manifest {
  const { status: _, ...rest } = manifest;
  return rest;
}

function withoutCounts(manifest: Manifest): object {
  const { resourceVersion: _revision, generation: _generation, ...metadata } = manifest.metadata;
  return { ...manifest, metadata };
}
