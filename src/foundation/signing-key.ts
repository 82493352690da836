/** New keys for signing: the one place, beside identifiers, where chance makes something that is kept. */
import { generateKeyPairSync } from 'node:crypto';

/** A new private Ed25519 key as PEM (PKCS #8). */
export function newSigningKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
}
