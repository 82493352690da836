/** Makes the cell's certificates: an authority, the gateway's server certificate, clients' certificates. Loaded only when one is made. */
// The certificate library looks for what this adds when it is loaded.
// oxlint-disable-next-line no-unassigned-import -- It is loaded for what it does.
import 'reflect-metadata';
import {
  AuthorityKeyIdentifierExtension,
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
  type JsonGeneralName,
} from '@peculiar/x509';
import type { webcrypto } from 'node:crypto';
import { isIP } from 'node:net';
import { dateOf } from '../../foundation/clock.ts';

/** A certificate and its private key, PEM. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const DAY_MS = 86_400_000;
/** As kubeadm does: ten years for the authority, one for what it signs. */
const AUTHORITY_DAYS = 3_650;
const CERTIFICATE_DAYS = 365;
/** Clocks of two machines differ. */
const BACKDATED_MS = 3_600_000;

/** What a certificate takes from outside. */
export interface Issuance {
  /** Unix milliseconds. */
  readonly now: number;
  /** Up to 20 bytes in hexadecimal that no other certificate of the authority has. */
  serialNumber(): string;
}

/** A new authority of this common name. */
export async function makeAuthority(commonName: string, issuance: Issuance): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.createSelfSigned({
    serialNumber: issuance.serialNumber(),
    name: [{ CN: [commonName] }],
    ...validity(issuance.now, AUTHORITY_DAYS),
    signingAlgorithm: ALGORITHM,
    keys,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return pairOf(certificate, keys.privateKey);
}

/** The gateway's certificate for these host names and addresses. */
export function makeServerCertificate(
  authority: KeyPair,
  names: readonly string[],
  issuance: Issuance,
): Promise<KeyPair> {
  const alternatives = names.map((name): JsonGeneralName => ({ type: isIP(name) === 0 ? 'dns' : 'ip', value: name }));
  return sign(authority, issuance, {
    subject: [{ CN: ['periplus-gateway'] }],
    usage: ExtendedKeyUsage.serverAuth,
    alternatives,
  });
}

/** A client's certificate: Kubernetes reads the user's name from CN and groups from O. */
export function makeClientCertificate(
  authority: KeyPair,
  user: { readonly name: string; readonly groups: readonly string[] },
  issuance: Issuance,
): Promise<KeyPair> {
  return sign(authority, issuance, {
    subject: [...user.groups.map((group) => ({ O: [group] })), { CN: [user.name] }],
    usage: ExtendedKeyUsage.clientAuth,
  });
}

interface Signing {
  readonly subject: Record<string, string[]>[];
  readonly usage: ExtendedKeyUsage;
  readonly alternatives?: readonly JsonGeneralName[];
}

async function sign(
  authority: KeyPair,
  issuance: Issuance,
  { subject, usage, alternatives }: Signing,
): Promise<KeyPair> {
  const issuer = new X509Certificate(authority.certificate);
  const signingKey = await crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(authority.key), ALGORITHM, false, [
    'sign',
  ]);
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const certificate = await X509CertificateGenerator.create({
    serialNumber: issuance.serialNumber(),
    subject,
    issuer: issuer.subject,
    ...validity(issuance.now, CERTIFICATE_DAYS),
    signingAlgorithm: ALGORITHM,
    publicKey: keys.publicKey,
    signingKey,
    extensions: [
      new BasicConstraintsExtension(false, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
      new ExtendedKeyUsageExtension([usage]),
      await AuthorityKeyIdentifierExtension.create(issuer),
      ...(alternatives ? [new SubjectAlternativeNameExtension([...alternatives])] : []),
    ],
  });
  return pairOf(certificate, keys.privateKey);
}

async function pairOf(certificate: X509Certificate, key: webcrypto.CryptoKey): Promise<KeyPair> {
  const exported = await crypto.subtle.exportKey('pkcs8', key);
  return { certificate: `${certificate.toString('pem')}\n`, key: `${PemConverter.encode(exported, 'PRIVATE KEY')}\n` };
}

function validity(now: number, days: number) {
  return { notBefore: dateOf(now - BACKDATED_MS), notAfter: dateOf(now + days * DAY_MS) };
}
