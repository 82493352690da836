/** A kubeconfig: where the gateway is, how to know it, and the admin's certificate. */
import { stringify } from 'yaml';
import type { KeyPair } from './certificates.ts';
import { ADMIN_USER } from './gateway-files.ts';

export interface KubeconfigOptions {
  readonly cell: string;
  /** `https://127.0.0.1:6443`. */
  readonly url: string;
  /** The authority's certificate, PEM. */
  readonly authority: string;
  readonly admin: KeyPair;
}

/** The file's text. */
export function kubeconfig({ cell, url, authority, admin }: KubeconfigOptions): string {
  const context = `${ADMIN_USER}@${cell}`;
  return stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: cell, cluster: { server: url, 'certificate-authority-data': encoded(authority) } }],
      users: [
        {
          name: ADMIN_USER,
          user: { 'client-certificate-data': encoded(admin.certificate), 'client-key-data': encoded(admin.key) },
        },
      ],
      contexts: [{ name: context, context: { cluster: cell, user: ADMIN_USER, namespace: 'default' } }],
      'current-context': context,
    },
    // Data that is folded over lines is not read by everybody.
    { lineWidth: 0 },
  );
}

function encoded(pem: string): string {
  return Buffer.from(pem).toString('base64');
}
