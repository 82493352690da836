/** Reads an auditor's checkpoints from a file's text: one, or a list of them. */
import { checkCheckpoint, type Checkpoint } from '../log/checkpoint.ts';

/** Most in one file: as many as a log of a hundred million entries has by default. */
export const AGAINST_MAX_CHECKPOINTS = 10_000;

/** The checkpoints, or what is wrong with the file. Whether their signatures are right is for the verification to say. */
export function parseCheckpoints(text: string): readonly Checkpoint[] | string {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'it is not JSON';
  }
  const items: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (items.length === 0) return 'there is no checkpoint in it';
  if (items.length > AGAINST_MAX_CHECKPOINTS) return `it has more than ${AGAINST_MAX_CHECKPOINTS} checkpoints`;
  const checkpoints: Checkpoint[] = [];
  for (const [index, item] of items.entries()) {
    const checked = checkCheckpoint(item);
    if (checked.outcome === 'invalid' && checked.reason === 'Malformed') {
      return items.length === 1 ? checked.why : `of its number ${index + 1}, ${checked.why}`;
    }
    checkpoints.push(checked.outcome === 'valid' ? checked.checkpoint : (item as Checkpoint));
  }
  return checkpoints;
}
