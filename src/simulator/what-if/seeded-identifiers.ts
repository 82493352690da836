/** Identifiers of a what-if: derived from a seed and a count, so that the same scenario gives the same answer. */
import { hash } from 'node:crypto';
import { suffixOf, type Identifiers } from '../../foundation/identifiers.ts';

export function seededIdentifiers(seed: string): Identifiers {
  let count = 0;
  const next = () => `${seed}/${++count}`;
  return {
    uuid: () => uuidOf(next()),
    suffix: () => suffixOf(next()),
    random: () => Number.parseInt(hash('sha1', next()).slice(0, 8), 16) / 0x1_0000_0000,
  };
}

/** Shaped as version 5: made of a name. */
function uuidOf(text: string): string {
  const digits = hash('sha1', text);
  const groups = [digits.slice(0, 8), digits.slice(8, 12), `5${digits.slice(13, 16)}`, `8${digits.slice(17, 20)}`];
  return `${groups.join('-')}-${digits.slice(20, 32)}`;
}
