/** Which engine the user's docker command talks to: the current context, where DOCKER_HOST does not say otherwise. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The context that means "the usual place". */
const DEFAULT_CONTEXT = 'default';

interface ContextMeta {
  readonly Endpoints?: { readonly docker?: { readonly Host?: string } };
}

/**
 * The address of the current context's engine (`unix:///…`, `tcp://…`); undefined where the usual places apply: DOCKER_HOST
 * is set, the context is the default one, or its files cannot be read. Docker's documented order and file layout.
 */
export function contextHost(environment: NodeJS.ProcessEnv = process.env): string | undefined {
  if (environment['DOCKER_HOST']) return undefined;
  const directory = environment['DOCKER_CONFIG'] || join(homedir(), '.docker');
  const name =
    environment['DOCKER_CONTEXT'] ||
    readJson<{ readonly currentContext?: string }>(join(directory, 'config.json'))?.currentContext;
  if (!name || name === DEFAULT_CONTEXT) return undefined;
  const id = createHash('sha256').update(name).digest('hex');
  const meta = readJson<ContextMeta>(join(directory, 'contexts', 'meta', id, 'meta.json'));
  return meta?.Endpoints?.docker?.Host;
}

function readJson<Content>(path: string): Content | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Content;
  } catch {
    return undefined;
  }
}
