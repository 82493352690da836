/** The list of kinds and the door to the vocabulary: all that `src/` imports from here. Adding a plain kind is one line. */
import { configMap } from './config-map/index.ts';
import type { Kind } from './kind.ts';

/** Every kind a cell has, by name. */
export const kinds: ReadonlyMap<string, Kind> = new Map<string, Kind>([configMap].map((kind) => [kind.kind, kind]));

export * from './decide.ts';
export * from './evolve.ts';
export * from './identity.ts';
export * from './kind.ts';
export * from './labels.ts';
export * from './merge-patch.ts';
export * from './message.ts';
export * from './metadata.ts';
export * from './refusal.ts';
export * from './schema.ts';
export * from './table.ts';
export * from './view.ts';
