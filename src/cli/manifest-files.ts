/** Reads manifests for `-f`: YAML or JSON, several documents, List objects, directories, standard input. */
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { parseAllDocuments } from 'yaml';
import { kinds, strictObject, StringMap, Type, validator } from '../../machines/index.ts';
import type { GivenManifest } from '../bus/apply.ts';
import { describeFaults } from '../bus/faults.ts';
import { CommandFailure } from './exit-codes.ts';

const EXTENSIONS = ['.yaml', '.yml', '.json'];

/** Only what is needed to send it somewhere; the cell checks the rest. */
const manifestValidator = validator(
  Type.Object({
    apiVersion: Type.Optional(Type.String()),
    kind: Type.String({ minLength: 1 }),
    metadata: Type.Object({
      name: Type.Optional(Type.String()),
      generateName: Type.Optional(Type.String()),
      namespace: Type.Optional(Type.String()),
      annotations: Type.Optional(StringMap),
    }),
  }),
);
const listValidator = validator(
  strictObject({
    apiVersion: Type.Optional(Type.String()),
    kind: Type.Literal('List'),
    metadata: Type.Optional(Type.Unknown()),
    items: Type.Array(Type.Unknown()),
  }),
);

/** All manifests of the given files, in order, in the namespace given for those that name none. */
export async function readManifests(
  files: readonly string[],
  input: Readable,
  namespace: string | undefined,
): Promise<readonly GivenManifest[]> {
  const manifests: GivenManifest[] = [];
  for (const file of files.flatMap(expand)) {
    const text = file === '-' ? await readAll(input) : readText(file);
    const contents = parseDocuments(file, text);
    if (contents.length === 0) throw new CommandFailure(`no objects in ${file}`);
    for (const content of contents) manifests.push(...manifestsIn(file, content, namespace));
  }
  return manifests;
}

/** The manifests of content that was parsed already: one, or a List; `file` names where it is from. */
export function manifestsIn(file: string, content: unknown, namespace: string | undefined): readonly GivenManifest[] {
  return manifestsOf(file, content).map((manifest) => placed(manifest, namespace));
}

function expand(path: string): readonly string[] {
  if (path === '-') return [path];
  try {
    if (!statSync(path).isDirectory()) return [path];
  } catch (cause) {
    throw new CommandFailure(`the path "${path}" does not exist${codeOf(cause)}`);
  }
  const names = readdirSync(path).filter((name) => EXTENSIONS.some((extension) => name.endsWith(extension)));
  if (names.length === 0) throw new CommandFailure(`no ${EXTENSIONS.join(', ')} files in "${path}"`);
  return names.toSorted().map((name) => join(path, name));
}

function codeOf(cause: unknown): string {
  const { code } = cause as { readonly code?: string };
  return code && code !== 'ENOENT' ? ` (${code})` : '';
}

/** Raises CommandFailure for a file that cannot be read. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CommandFailure(`cannot read "${path}"${codeOf(cause)}`);
  }
}

export async function readAll(input: Readable): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of input) chunks.push(Buffer.from(chunk as Uint8Array | string));
  return Buffer.concat(chunks).toString();
}

/** The documents of a YAML or JSON text, empty ones left out. Raises CommandFailure for text that is neither. */
export function parseDocuments(file: string, text: string): readonly unknown[] {
  const contents: unknown[] = [];
  // `merge` understands <<, which Kubernetes' own parser does too.
  for (const document of parseAllDocuments(text, { merge: true })) {
    const [error] = document.errors;
    if (error) throw new CommandFailure(`error parsing ${file}: ${error.message}`);
    const content: unknown = document.toJS();
    if (content !== null && content !== undefined) contents.push(content);
  }
  return contents;
}

function manifestsOf(file: string, content: unknown): readonly GivenManifest[] {
  if (listValidator.check(content)) return content.items.flatMap((item) => manifestsOf(file, item));
  if (manifestValidator.check(content)) return [content];
  throw new CommandFailure(
    `${file} holds no manifest: ${describeFaults(manifestValidator.errors(content)) || 'not an object'}`,
  );
}

function placed(manifest: GivenManifest, namespace: string | undefined): GivenManifest {
  const kind = kinds.get(manifest.kind);
  const { apiVersion = kind?.apiVersion ?? 'v1' } = manifest;
  if (kind === undefined || apiVersion !== kind.apiVersion) {
    throw new CommandFailure(`no matches for kind "${manifest.kind}" in version "${apiVersion}"`);
  }
  const { namespace: own } = manifest.metadata;
  if (own !== undefined && namespace !== undefined && own !== namespace) {
    throw new CommandFailure(
      `the namespace from the provided object "${own}" does not match the namespace "${namespace}". You must pass '--namespace=${own}' to perform this operation.`,
    );
  }
  if (!kind.namespaced || own !== undefined) return manifest;
  return { ...manifest, metadata: { ...manifest.metadata, namespace: namespace ?? 'default' } };
}
