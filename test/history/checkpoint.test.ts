/** A checkpoint proves what its key signed, and nothing else. */
import { describe, expect, test } from 'vitest';
import { newSigningKey } from '../../src/foundation/signing-key.ts';
import { checkCheckpoint, publicKeyOf, signCheckpoint, signingKeyOf } from '../../src/log/checkpoint.ts';

const key = signingKeyOf(newSigningKey());
const facts = {
  cell: 'cell-abcde',
  lineage: '1',
  entry: 12,
  revision: 40,
  hash: 'h'.repeat(43),
  state: '0123456789abcdef',
  fold: 1,
  time: 1_700_000_000_000,
};
const signed = signCheckpoint(facts, key);

function why(value: unknown): string {
  const checked = checkCheckpoint(value);
  return checked.outcome === 'invalid' ? checked.why : 'valid';
}

test('what was signed is valid, also after JSON and with its members in another order', () => {
  expect(checkCheckpoint(signed)).toEqual({ outcome: 'valid', checkpoint: signed });
  expect(signed.key).toBe(publicKeyOf(key));
  const turned = Object.fromEntries(Object.entries(JSON.parse(JSON.stringify(signed)) as object).toReversed());
  expect(why(turned)).toBe('valid');
});

test('every field is covered by the signature', () => {
  const changes: Readonly<Record<string, unknown>> = {
    cell: 'cell-other',
    lineage: '2',
    entry: 13,
    revision: 41,
    hash: `${'h'.repeat(42)}i`,
    state: '0123456789abcdee',
    fold: 2,
    time: facts.time + 1,
    key: publicKeyOf(signingKeyOf(newSigningKey())),
  };
  for (const [field, value] of Object.entries(changes)) {
    expect(why({ ...signed, [field]: value }), field).toContain('its signature is not of the key');
  }
});

test('no single bit of the signature can be another', () => {
  const bytes = Buffer.from(signed.signature, 'base64url');
  for (let bit = 0; bit < bytes.length * 8; bit++) {
    const other = Buffer.from(bytes);
    other.writeUInt8(other.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    expect(why({ ...signed, signature: other.toString('base64url') })).not.toBe('valid');
  }
});

test('the bits that base64url leaves over make no second text of the same signature', () => {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  const last = alphabet.indexOf(signed.signature.at(-1) ?? '');
  const text = signed.signature.slice(0, -1) + alphabet[last ^ 1];
  expect(Buffer.from(text, 'base64url')).toEqual(Buffer.from(signed.signature, 'base64url'));
  expect(why({ ...signed, signature: text })).not.toBe('valid');
});

describe('no checkpoint, and that is said without an exception, is', () => {
  test.each<[string, unknown, string]>([
    ['nothing', undefined, 'no checkpoint of version 1'],
    ['a number', 12, 'no checkpoint of version 1'],
    ['an empty object', {}, 'Required value'],
    ['one of a later version', { ...signed, version: 2 }, 'version'],
    ['one with an unknown field', { ...signed, note: 'x' }, 'unknown field "note"'],
    ['one of entry 0', { ...signed, entry: 0 }, 'entry'],
    ['one of half an entry', { ...signed, entry: 1.5 }, 'entry'],
    ['one whose key is no key', { ...signed, key: 'A'.repeat(43) }, 'signature'],
    ['one whose signature is cut', { ...signed, signature: signed.signature.slice(1) }, 'signature'],
  ])('%s', (_, value, says) => {
    expect(why(value)).toContain(says);
  });
});

test('a key that is none, or not Ed25519, is not taken', () => {
  expect(() => signingKeyOf('garbage')).toThrow();
});
