/** A bug that is planted to see whether the simulator finds it: which text of which files becomes which. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** One place that is changed. */
export interface Edit {
  /** From the root of the sources. */
  readonly file: string;
  /** Must stand there exactly once. */
  readonly find: string;
  readonly put: string;
}

export interface PlantedBug {
  /** A few words, as the table names it. */
  readonly name: string;
  /** What a careless programmer might have thought or done. */
  readonly mistake: string;
  readonly edits: readonly Edit[];
  /** What else would hide it from everybody, and is taken away with it. */
  readonly secondDefence?: string;
  /** Further options of `simulate`, where the usual conditions come to it too rarely. */
  readonly simulate?: readonly string[];
  /** Seeds tried before it counts as not found; DEFAULT_SEEDS_MAX where absent. */
  readonly seedsMax?: number;
}

/** What is to be found must be found within the seeds that a developer runs after a change: half a minute. */
export const DEFAULT_SEEDS_MAX = 60;

/** The sources are not what the table of planted bugs says any more. */
export class PlantingError extends Error {
  override readonly name = 'PlantingError';
}

/** The text with the edit made. Raises PlantingError where there is not exactly one place for it. */
export function edited(text: string, { file, find, put }: Edit): string {
  const places = text.split(find).length - 1;
  if (places !== 1)
    throw new PlantingError(
      `${file} has ${places} places for a planted bug where it needs one, with the text: ${find}`,
    );
  return text.replace(find, () => put);
}

/** Plants a bug under a root; returns how to take it out again. */
export function plant({ edits }: Pick<PlantedBug, 'edits'>, root: string): () => void {
  const before = new Map<string, string>();
  const after = new Map<string, string>();
  for (const edit of edits) {
    const path = join(root, edit.file);
    if (!before.has(path)) before.set(path, readFileSync(path, 'utf8'));
    after.set(path, edited(after.get(path) ?? before.get(path) ?? '', edit));
  }
  for (const [path, text] of after) writeFileSync(path, text);
  return () => {
    for (const [path, text] of before) writeFileSync(path, text);
  };
}
