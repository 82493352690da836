/** How a process proves who it is on the bus: a file readable by its owner only. */
import { readFileSync } from 'node:fs';
import { strictObject, Type, validator, type Static } from '../../machines/index.ts';
import { describeFaults } from './faults.ts';

const CredentialsSchema = strictObject({
  cell: Type.String({ minLength: 1 }),
  /** Who its commands are from. */
  actor: Type.String({ minLength: 1 }),
  /** `nats://127.0.0.1:4222`; several, separated by commas. */
  url: Type.String({ minLength: 1 }),
  user: Type.String({ minLength: 1 }),
  password: Type.String(),
});

/** What the bus asks of a peer. */
export type Credentials = Static<typeof CredentialsSchema>;

const credentialsValidator = validator(CredentialsSchema);

/** The credentials file is missing or is none. Terminal. */
export class CredentialsFileError extends Error {
  override readonly name = 'CredentialsFileError';
}

/** Reads a credentials file (DATA/credentials/<actor>.json). Raises CredentialsFileError. */
export function readCredentials(path: string): Credentials {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new CredentialsFileError(`cannot read the credentials file ${path}`, { cause });
  }
  if (credentialsValidator.check(content)) return content;
  const faults = describeFaults(credentialsValidator.errors(content));
  throw new CredentialsFileError(`${path} is no credentials file: ${faults}`);
}
