// The gateway's certificates: made once, kept, renewed before their end, and in the kubeconfig.
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { parse } from 'yaml';
import { makeAuthority } from '../../src/gateway/identity/certificates.ts';
import { keptIdentity, RENEW_BEFORE_MS } from '../../src/gateway/identity/gateway-files.ts';
import { kubeconfig } from '../../src/gateway/identity/kubeconfig.ts';

const NOW = Date.UTC(2026, 10, 22);
const DAY_MS = 86_400_000;
const NAMES = ['127.0.0.1', '::1', 'localhost', 'kubernetes.default.svc'];

let directory: string;
let serial = 0;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'periplus-identity-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
});
const issuance = (now = NOW) => ({ now, serialNumber: () => `0${++serial}` });
const identity = (now = NOW, names = NAMES) => keptIdentity(directory, names, issuance(now));

describe('certificates', () => {
  test('are of one authority, for the names that clients use', async () => {
    const { authority, server, admin } = await identity();
    const root = new X509Certificate(authority.certificate);
    expect(root.ca).toBe(true);
    for (const { certificate } of [server, admin])
      expect(new X509Certificate(certificate).verify(root.publicKey)).toBe(true);
    const { subjectAltName } = new X509Certificate(server.certificate);
    expect(subjectAltName).toContain('IP Address:127.0.0.1');
    expect(subjectAltName).toContain('DNS:kubernetes.default.svc');
    expect(new X509Certificate(admin.certificate).subject).toBe('O=system:masters\nCN=kubernetes-admin');
  });

  test('are kept, and nobody else may read their keys', async () => {
    const first = await identity();
    expect(await identity(NOW + DAY_MS)).toEqual(first);
    for (const name of ['ca.key', 'server.key', 'admin.key'])
      expect(statSync(join(directory, name)).mode & 0o077).toBe(0);
  });

  test('are made anew before their end, under the same authority', async () => {
    const first = await identity();
    const later = await identity(NOW + 366 * DAY_MS - RENEW_BEFORE_MS);
    expect(later.authority).toEqual(first.authority);
    expect(later.server.certificate).not.toBe(first.server.certificate);
    expect(later.admin.certificate).not.toBe(first.admin.certificate);
  });

  test('are made anew for another name, and under another authority', async () => {
    const first = await identity();
    const renamed = await identity(NOW, [...NAMES, 'elsewhere']);
    expect([renamed.server.certificate === first.server.certificate, renamed.admin]).toEqual([false, first.admin]);
    const other = await makeAuthority('periplus', issuance());
    writeFileSync(join(directory, 'ca.crt'), other.certificate);
    writeFileSync(join(directory, 'ca.key'), other.key);
    expect((await identity()).admin).not.toEqual(first.admin);
  });
});

test('a kubeconfig names the cell and embeds the certificates', async () => {
  const { authority, admin } = await identity();
  const text = kubeconfig({ cell: 'c', url: 'https://127.0.0.1:1', authority: authority.certificate, admin });
  expect(parse(text)).toMatchObject({
    clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }],
    'current-context': 'kubernetes-admin@c',
    users: [{ user: { 'client-certificate-data': Buffer.from(admin.certificate).toString('base64') } }],
  });
});
