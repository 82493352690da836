/** A real container registry on loopback, for tests of pulling; Debian's docker-registry, which scripts/setup knows to find. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { vi } from 'vitest';
import { freePort } from './ports.ts';

/** A user that every test registry lets in, and its line in the registry's password file (bcrypt, the only hash it takes). */
export const REGISTRY_CREDENTIALS = { username: 'captain', password: 'follow-the-coast' };
const PASSWORD_LINE = 'captain:$2b$05$abcdefghijklmnopqrstuu5ox6wzOEICgsqdRjXSX4pG.p90ENTm6\n';

const START_TIMEOUT_MS = 15_000;

export interface Registry {
  /** `127.0.0.1:PORT`, the beginning of its images' names; engines take loopback without TLS. */
  readonly host: string;
  stop(): Promise<void>;
}

/** The program's path, or undefined where there is none. */
export function findRegistryProgram(): string | undefined {
  const setup = fileURLToPath(new URL('../../scripts/setup', import.meta.url));
  try {
    return execFileSync(setup, ['--print', 'docker-registry'], { encoding: 'utf8', stdio: 'pipe' }).trim();
  } catch {
    return undefined;
  }
}

/** Starts an empty registry that asks for credentials. */
export async function startRegistry(program: string): Promise<Registry> {
  const directory = mkdtempSync(join(tmpdir(), 'periplus-registry-'));
  const port = await freePort();
  writeFileSync(join(directory, 'passwords'), PASSWORD_LINE);
  writeFileSync(join(directory, 'config.yml'), configuration(directory, port));
  const registry = spawn(program, ['serve', join(directory, 'config.yml')], { stdio: 'ignore' });
  const ended = new Promise<void>((resolve) => registry.once('exit', () => resolve()));
  await vi.waitFor(() => fetch(`http://127.0.0.1:${port}/v2/`), { timeout: START_TIMEOUT_MS });
  return {
    host: `127.0.0.1:${port}`,
    async stop() {
      registry.kill();
      await ended;
      rmSync(directory, { recursive: true });
    },
  };
}

function configuration(directory: string, port: number): string {
  return JSON.stringify({
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(directory, 'images') } },
    http: { addr: `127.0.0.1:${port}`, secret: 'for tests' },
    auth: { htpasswd: { realm: 'periplus-test', path: join(directory, 'passwords') } },
  });
}
