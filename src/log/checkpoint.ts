/** A signed checkpoint: what the log's writer vouches for at one entry, so that an auditor who keeps it can have today's log prove that it still holds it. */
import { createPrivateKey, createPublicKey, sign, verify, type KeyObject } from 'node:crypto';
import { strictObject, Type, validator, type Static } from '../../machines/index.ts';

/** Version of a checkpoint's own shape. */
export const CHECKPOINT_VERSION = 1;
/** base64url of the 32 bytes of an Ed25519 public key, of its 64 bytes of signature, and of a SHA-256. */
const KEY = '^[A-Za-z0-9_-]{43}$';
const SIGNATURE = '^[A-Za-z0-9_-]{86}$';
/** As subjects and streams take them. */
const NAME = { minLength: 1, maxLength: 253 };

/** What travels in files, exports and over the bus. */
export const CheckpointSchema = strictObject({
  version: Type.Literal(CHECKPOINT_VERSION),
  /** Name of the cell whose writer signed it. */
  cell: Type.String(NAME),
  /** Lineage in which the entry was written. */
  lineage: Type.String(NAME),
  /** The entry's number. */
  entry: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER }),
  /** Revision after it. */
  revision: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  /** The entry's hash, which covers every entry before it. */
  hash: Type.String({ pattern: KEY }),
  /** Hash of the cell's state after the entry, by the fold of that version. */
  state: Type.String({ pattern: '^[0-9a-f]{16}$' }),
  fold: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  /** When it was signed, Unix milliseconds. */
  time: Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }),
  /** The signer's raw Ed25519 public key. */
  key: Type.String({ pattern: KEY }),
  /** Ed25519 over the canonical JSON of all other fields. */
  signature: Type.String({ pattern: SIGNATURE }),
});

export type Checkpoint = Readonly<Static<typeof CheckpointSchema>>;

/** What is vouched for. */
export type CheckpointFacts = Omit<Checkpoint, 'version' | 'key' | 'signature'>;

/** A checkpoint, or why it proves nothing. */
export type CheckedCheckpoint =
  | { readonly outcome: 'valid'; readonly checkpoint: Checkpoint }
  | {
      readonly outcome: 'invalid';
      /** `Malformed`: it is no checkpoint at all. `BadSignature`: it says something its key did not sign. */
      readonly reason: 'Malformed' | 'BadSignature';
      readonly why: string;
    };

/** Where the cell's checkpoints are kept, beside the log and not in it: they speak about entries that stand already. */
export interface CheckpointStore {
  /** All, by entry; of all lineages. Values as stored: check them before believing them. */
  list(): Promise<readonly Checkpoint[]>;
  /** Keeps one; one that is there already for the same entry of the same lineage stands. */
  add(checkpoint: Checkpoint): Promise<void>;
}

/** What is none at all has a fault in every field. */
const FAULTS_SHOWN = 3;

const shape = validator(CheckpointSchema);

/** The public half of a key as checkpoints carry it. */
export function publicKeyOf(privateKey: KeyObject): string {
  const { x } = createPublicKey(privateKey).export({ format: 'jwk' });
  if (x === undefined) throw new Error('checkpoints are signed with Ed25519 keys');
  return x;
}

/** A key from PEM (PKCS #8). Raises where it is none, or not Ed25519. */
export function signingKeyOf(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error(`the key is ${key.asymmetricKeyType}, not ed25519`);
  return key;
}

export function signCheckpoint(facts: CheckpointFacts, privateKey: KeyObject): Checkpoint {
  const { cell, lineage, entry, revision, hash, state, fold, time } = facts;
  const key = publicKeyOf(privateKey);
  const unsigned = {
    version: CHECKPOINT_VERSION,
    cell,
    lineage,
    entry,
    revision,
    hash,
    state,
    fold,
    time,
    key,
  } as const;
  return { ...unsigned, signature: sign(null, signedBytes(unsigned), privateKey).toString('base64url') };
}

/** Whether a value is a checkpoint whose signature is of the key it names. Who has that key is for the reader to know. */
export function checkCheckpoint(value: unknown): CheckedCheckpoint {
  if (!shape.check(value)) {
    const faults = shape.errors(value).map(({ field, message }) => (field === '' ? message : `${field}: ${message}`));
    return {
      outcome: 'invalid',
      reason: 'Malformed',
      why: `it is no checkpoint of version ${CHECKPOINT_VERSION} (${faults.slice(0, FAULTS_SHOWN).join('; ')})`,
    };
  }
  if (!isSigned(value)) {
    return {
      outcome: 'invalid',
      reason: 'BadSignature',
      why: `its signature is not of the key ${value.key} over what it says`,
    };
  }
  return { outcome: 'valid', checkpoint: value };
}

function isSigned(checkpoint: Checkpoint): boolean {
  const { signature: text, ...unsigned } = checkpoint;
  const signature = Buffer.from(text, 'base64url');
  // The last character of base64url has bits to spare: a text that another one stands for is no signature.
  if (signature.toString('base64url') !== text) return false;
  try {
    const key = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: unsigned.key }, format: 'jwk' });
    return verify(null, signedBytes(unsigned), key, signature);
  } catch {
    return false;
  }
}

/** Canonical JSON (RFC 8785): of flat texts and whole numbers that is JSON without spaces, members sorted by name. */
function signedBytes(unsigned: Omit<Checkpoint, 'signature'>): Buffer {
  const members = Object.entries(unsigned).toSorted(([one], [other]) => (one < other ? -1 : 1));
  return Buffer.from(JSON.stringify(Object.fromEntries(members)));
}
