/** Finds the nats-server to run and refuses one that is too old to keep a log. */
import { execFile } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { packagePath } from '../foundation/package-path.ts';
import { NatsServerError } from './server-error.ts';

const run = promisify(execFile);

/** 2.10 brought `sync_interval: always`; 2.10.20 to 2.10.22 can lose a replicated stream on kill -9. */
const MINIMUM_VERSION = [2, 10, 23] as const;

export interface NatsServerExecutable {
  readonly path: string;
  /** `2.10.27`. */
  readonly version: string;
}

/** The first of: the path given, PERIPLUS_NATS_SERVER, what scripts/setup found, the PATH. Raises NatsServerError. */
export async function findNatsServer(given?: string): Promise<NatsServerExecutable> {
  const path = given ?? process.env['PERIPLUS_NATS_SERVER'] ?? (await foundBySetup()) ?? (await foundOnPath());
  if (path === undefined) {
    throw new NatsServerError('no nats-server found: run scripts/setup, or name one in PERIPLUS_NATS_SERVER');
  }
  const version = await versionOf(path);
  requireVersion(path, version);
  return { path, version };
}

/** Raises NatsServerError for a version that is too old, or none. */
export function requireVersion(path: string, version: string): void {
  const numbers = /^(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
  if (numbers !== undefined && !isBelow(numbers, MINIMUM_VERSION)) return;
  throw new NatsServerError(
    `${path} has version ${version || 'unknown'}, but at least ${MINIMUM_VERSION.join('.')} is needed: run scripts/setup, or name a newer one in PERIPLUS_NATS_SERVER`,
  );
}

function isBelow(version: readonly number[], minimum: readonly number[]): boolean {
  for (const [place, least] of minimum.entries()) {
    const number = version[place] ?? 0;
    if (number !== least) return number < least;
  }
  return false;
}

async function versionOf(path: string): Promise<string> {
  try {
    const { stdout } = await run(path, ['--version']);
    return /v?(\d+\.\d+\.\d+\S*)/.exec(stdout)?.[1] ?? '';
  } catch (cause) {
    throw new NatsServerError(`cannot run ${path}: check the path in PERIPLUS_NATS_SERVER, or run scripts/setup`, {
      cause,
    });
  }
}

/** Setup also looks where it unpacks packages itself. */
async function foundBySetup(): Promise<string | undefined> {
  const setup = packagePath('scripts/setup');
  try {
    const { stdout } = await run(setup, ['--print', 'nats-server']);
    return stdout.trim() || undefined;
  } catch {
    return undefined;
  }
}

async function foundOnPath(): Promise<string | undefined> {
  // Debian puts daemons where an ordinary user's PATH does not look.
  const directories = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/sbin', '/usr/local/sbin'];
  for (const directory of directories.filter((name) => name !== '')) {
    const path = join(directory, 'nats-server');
    try {
      await access(path, constants.X_OK);
      return path;
    } catch {
      continue;
    }
  }
  return undefined;
}
