// Each library's one home: the folders that may import it, so that it can be replaced there and nowhere else.
import type { Rule } from './violation.ts';

/** Folders end with a slash, files do not. Tests and scripts may import any library. */
const HOMES: Readonly<Record<string, readonly string[]>> = {
  xstate: ['machines/'],
  typebox: ['machines/schema.ts', 'src/'],
  nats: ['src/bus/', 'src/log/'],
  kysely: ['src/read-model/', 'migrations/'],
  'better-sqlite3': ['src/read-model/'],
  dockerode: ['src/agent/runtimes/docker/'],
  pino: ['src/foundation/'],
  rfc6902: ['src/history/', 'src/gateway/'],
  'find-my-way': ['src/gateway/'],
  '@peculiar/x509': ['src/gateway/'],
  protobufjs: ['src/gateway/protobuf/'],
  'reflect-metadata': ['src/gateway/'],
  commander: ['src/cli/', 'src/main.ts'],
  listr2: ['src/cli/', 'src/cell/bring-up.ts'],
  yaml: ['src/cli/', 'src/gateway/'],
  // Kubernetes' HTTP is the gateway's; probes and the process runtime's demo are HTTP's other ends, and Docker's API is HTTP.
  'node:http': ['src/gateway/', 'src/agent/probes/', 'src/agent/runtimes/docker/', 'src/agent/runtimes/process/'],
  'node:https': ['src/gateway/', 'src/agent/probes/', 'src/agent/runtimes/docker/'],
  'node:http2': ['src/gateway/'],
};

/** `@scope/name/path` and `name/path` belong to the package they are a part of. */
function packageOf(specifier: string): string {
  if (specifier.startsWith('node:')) return specifier;
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');
}

export const librariesStayAtHome: Rule = (file) => {
  if (file.path.startsWith('test/') || file.path.startsWith('scripts/')) return [];
  return file.imports.flatMap(({ specifier, path, line }) => {
    if (path !== undefined) return [];
    const name = packageOf(specifier);
    const homes = Object.hasOwn(HOMES, name) ? HOMES[name] : undefined;
    if (homes === undefined)
      return name.startsWith('node:')
        ? []
        : [{ path: file.path, line, reason: `${name} has no home yet; give it one in test/architecture/libraries.ts` }];
    const home = homes.some((prefix) => (prefix.endsWith('/') ? file.path.startsWith(prefix) : file.path === prefix));
    return home ? [] : [{ path: file.path, line, reason: `${name} may only be imported in ${homes.join(', ')}` }];
  });
};
