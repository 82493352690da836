/** Credentials for registries: dockerconfigjson documents on the node, named by a pod's imagePullSecrets. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { RegistryCredentials } from './runtimes/container-runtime.ts';

const DEFAULT_REGISTRY = 'docker.io';
/** What docker writes for its default registry. */
const DEFAULT_REGISTRY_NAMES: ReadonlySet<string> = new Set(['docker.io', 'index.docker.io', 'registry-1.docker.io']);

/** The registry an image is pulled from, and its repository there; `docker.io` where none is named. */
export function registryOf(image: string): { readonly host: string; readonly repository: string } {
  const [first = '', ...rest] = image.split('/');
  const isHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const repository = (isHost ? rest.join('/') : image).replace(/@.*$/, '').replace(/:[^/:]*$/, '');
  if (!isHost || DEFAULT_REGISTRY_NAMES.has(first)) return { host: DEFAULT_REGISTRY, repository };
  return { host: first, repository };
}

/** The credentials of a document that are for an image's registry; the most specific first. Undefined when it is no dockerconfigjson. */
export function credentialsFor(image: string, document: string): RegistryCredentials[] | undefined {
  const entries = parseDocument(document);
  if (entries === undefined) return undefined;
  const { host, repository } = registryOf(image);
  return entries
    .filter((entry) => matches(entry, host, repository))
    .toSorted((a, b) => b.path.length - a.path.length)
    .map(({ credentials }) => credentials);
}

interface Entry {
  readonly host: string;
  readonly path: string;
  readonly credentials: RegistryCredentials;
}

function matches(entry: Entry, host: string, repository: string): boolean {
  if (!matchesHost(entry.host, host)) return false;
  return entry.path === '' || repository === entry.path || repository.startsWith(`${entry.path}/`);
}

/** Label by label, so that `*.example.com` is for `a.example.com` and not for `a.b.example.com`. */
function matchesHost(pattern: string, host: string): boolean {
  const patterns = pattern.split('.');
  const labels = host.split('.');
  return patterns.length === labels.length && patterns.every((label, i) => label === '*' || label === labels[i]);
}

function parseDocument(document: string): Entry[] | undefined {
  const parsed = parseJson(document);
  const auths = isObject(parsed) ? parsed['auths'] : undefined;
  if (!isObject(auths)) return undefined;
  return Object.entries(auths).flatMap(([key, value]) => {
    const credentials = isObject(value) ? credentialsOf(value) : undefined;
    return credentials === undefined ? [] : [{ ...parseKey(key), credentials }];
  });
}

/** Keys are hosts, with or without scheme, path and the version of docker's default (`https://index.docker.io/v1/`). */
function parseKey(key: string): { host: string; path: string } {
  const [host = '', ...path] = key.replace(/^https?:\/\//, '').split('/');
  const known = DEFAULT_REGISTRY_NAMES.has(host) ? DEFAULT_REGISTRY : host;
  return { host: known, path: path.filter((part) => part !== '' && !/^v[12]$/.test(part)).join('/') };
}

function credentialsOf(value: Record<string, unknown>): RegistryCredentials | undefined {
  const { username, password, auth } = value;
  if (typeof username === 'string' && typeof password === 'string') return { username, password };
  if (typeof auth !== 'string') return undefined;
  const decoded = Buffer.from(auth, 'base64').toString();
  const colon = decoded.indexOf(':');
  return colon < 0 ? undefined : { username: decoded.slice(0, colon), password: decoded.slice(colon + 1) };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // The caller names the document that is none.
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export interface FoundCredentials {
  readonly credentials: readonly RegistryCredentials[];
  /** Names of those that are not there or cannot be read. */
  readonly missing: readonly string[];
}

/** Reads a pod's pull secrets from `DATA/image-pull-secrets/<namespace>.<name>.json`. */
export async function readPullSecrets(
  dataDirectory: string,
  request: { readonly namespace: string; readonly names: readonly string[]; readonly image: string },
): Promise<FoundCredentials> {
  const credentials: RegistryCredentials[] = [];
  const missing: string[] = [];
  for (const name of request.names) {
    const path = join(dataDirectory, 'image-pull-secrets', `${request.namespace}.${name}.json`);
    const document = await readFile(path, 'utf8').catch(() => ''); // Missing or unreadable: told by name, and pulled without.
    const found = credentialsFor(request.image, document);
    if (found === undefined) missing.push(name);
    else credentials.push(...found);
  }
  return { credentials, missing };
}
