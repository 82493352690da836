/** What the gateway keeps on disk: its authority, certificates, and where it last listened. Readable by their owner only. */
import { X509Certificate } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Issuance, KeyPair } from './certificates.ts';
import { ADMIN_GROUP } from './user.ts';

/** The user of the kubeconfig. */
export const ADMIN_USER = 'kubernetes-admin';
/** A certificate is made anew this long before its end, so that a kubeconfig printed today works for months. */
export const RENEW_BEFORE_MS = 90 * 86_400_000;
const AUTHORITY_NAME = 'periplus';

/** Where the gateway listens. */
export interface Endpoint {
  /** `https://127.0.0.1:6443`. */
  readonly url: string;
  readonly address: string;
  readonly port: number;
  /** Of the process that listens. */
  readonly process: number;
}

/** All a gateway needs to prove who it is, and its admin. */
export interface Identity {
  readonly authority: KeyPair;
  readonly server: KeyPair;
  readonly admin: KeyPair;
}

/** What is on disk; undefined where nothing is. */
export function readEndpoint(directory: string): Endpoint | undefined {
  const text = readText(join(directory, 'endpoint.json'));
  return text === undefined ? undefined : (JSON.parse(text) as Endpoint);
}

export function writeEndpoint(directory: string, endpoint: Endpoint): void {
  writeText(join(directory, 'endpoint.json'), `${JSON.stringify(endpoint, null, 2)}\n`);
}

/** A key pair that was kept under a name; undefined where there is none. */
export function readPair(directory: string, name: string): KeyPair | undefined {
  const certificate = readText(join(directory, `${name}.crt`));
  const key = readText(join(directory, `${name}.key`));
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

/** The library that makes certificates is loaded only where one is made. */
const issue = () => import('./certificates.ts');

/** Reads the identity, making what is missing, near its end, or of another authority or other names. */
export async function keptIdentity(
  directory: string,
  serverNames: readonly string[],
  issuance: Issuance,
): Promise<Identity> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const kept = async (name: string, isGood: (pair: KeyPair) => boolean, make: () => Promise<KeyPair>) => {
    const found = readPair(directory, name);
    if (found !== undefined && isFresh(found, issuance.now) && isGood(found)) return found;
    const made = await make();
    writeText(join(directory, `${name}.key`), made.key);
    writeText(join(directory, `${name}.crt`), made.certificate);
    return made;
  };
  const authority = await kept(
    'ca',
    () => true,
    async () => (await issue()).makeAuthority(AUTHORITY_NAME, issuance),
  );
  const isOurs = (pair: KeyPair) =>
    new X509Certificate(pair.certificate).checkIssued(new X509Certificate(authority.certificate));
  const server = await kept(
    'server',
    (pair) => isOurs(pair) && serverNames.every((name) => namesOf(pair).has(name)),
    async () => (await issue()).makeServerCertificate(authority, serverNames, issuance),
  );
  const admin = await kept('admin', isOurs, async () =>
    (await issue()).makeClientCertificate(authority, { name: ADMIN_USER, groups: [ADMIN_GROUP] }, issuance),
  );
  return { authority, server, admin };
}

function isFresh({ certificate }: KeyPair, now: number): boolean {
  return new X509Certificate(certificate).validToDate.getTime() - now > RENEW_BEFORE_MS;
}

/** Names a certificate was made for; addresses in the way Node writes them. */
function namesOf({ certificate }: KeyPair): ReadonlySet<string> {
  const { subjectAltName = '' } = new X509Certificate(certificate);
  const names = subjectAltName.split(', ').map((name) => name.replace(/^(DNS|IP Address):/, ''));
  return new Set(names.map((name) => (name === '0:0:0:0:0:0:0:1' ? '::1' : name)));
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function writeText(path: string, text: string): void {
  const partial = `${path}.${process.pid}.partial`;
  writeFileSync(partial, text, { mode: 0o600 });
  renameSync(partial, path);
}
