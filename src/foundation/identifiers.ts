/** Identifiers and randomness as a port, so that a seed can stand in for chance. */
import { hash, randomBytes, randomUUID } from 'node:crypto';

export interface Identifiers {
  /** A version 4 UUID. */
  uuid(): string;
  /** Five characters as Kubernetes appends them to generateName: lower-case consonants and digits, no vowels, so no words. */
  suffix(): string;
  /** A number in [0, 1). */
  random(): number;
}

const SUFFIX_ALPHABET = 'bcdfghjklmnpqrstvwxz2456789';
const SUFFIX_LENGTH = 5;

/** Makes the suffix that Kubernetes appends to generateName out of bytes. */
export function suffixFromBytes(bytes: Uint8Array): string {
  let suffix = '';
  for (let i = 0; i < SUFFIX_LENGTH; i++) suffix += SUFFIX_ALPHABET[(bytes[i] ?? 0) % SUFFIX_ALPHABET.length];
  return suffix;
}

/** The machine's own randomness. */
export const systemIdentifiers: Identifiers = {
  uuid: () => randomUUID(),
  suffix: () => suffixFromBytes(randomBytes(SUFFIX_LENGTH)),
  random: () => randomBytes(4).readUInt32BE() / 0x1_0000_0000,
};

/** Five name characters derived from a text: the same text always gives the same ones. */
export function suffixOf(text: string): string {
  return suffixFromBytes(hash('sha256', text, 'buffer'));
}
