/** Starts the small processes that stand between the agent and what it runs, and gives them orders; they outlive the agent. */
import { spawn } from 'node:child_process';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { packagePath } from '../../../foundation/package-path.ts';
import { RuntimeError } from '../container-runtime.ts';

/**
 * Perl, because a shim stays for as long as its container does and every Debian and Ubuntu has perl-base: 1.4 MB of its own
 * memory where a Node takes 40, and it can wait for processes, pipes and system calls, which a shell cannot.
 */
const INTERPRETER = 'perl';
const SHIM_DIRECTORY = packagePath('src/agent/runtimes/process/shim');
const READY = 'ready ';
const ERROR_LENGTH_MAX = 4096;

export type ShimProgram = 'supervise' | 'pause' | 'enter';

/** A key may have several values; values hold no zero byte. */
export type ShimSpecification = readonly (readonly [key: string, value: string])[];

export function shimCommand(program: ShimProgram, args: readonly string[]): readonly [string, ...string[]] {
  return [INTERPRETER, join(SHIM_DIRECTORY, `${program}.pl`), ...args];
}

/**
 * Resolves once it has taken its control pipe, or seen that another has it. `ended` is called when it ends while we live.
 * Rejects with RuntimeError `refused` and the shim's own words when it cannot do its work.
 */
export function startShim(
  program: ShimProgram,
  /** Shown by `ps`, so that a person sees whose it is. */
  label: string,
  specification: ShimSpecification,
  ended: () => void,
): Promise<void> {
  const [command, ...args] = shimCommand(program, [label]);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // Of the agent's environment it gets what finds programs, nothing else: a container must not inherit credentials.
  const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' };
  const shim = spawn(command, args, { detached: true, cwd: '/', env, stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  let output = '';
  shim.once('error', (cause) =>
    reject(new RuntimeError('refused', `the process runtime needs ${INTERPRETER}: ${cause.message}`, { cause })),
  );
  shim.stderr.on('data', (bytes: Buffer) => (errors = (errors + bytes.toString()).slice(-ERROR_LENGTH_MAX)));
  shim.stdout.on('data', (bytes: Buffer) => {
    output += bytes.toString();
    if (output.startsWith(READY)) resolve();
  });
  shim.once('close', (code) => {
    if (code === 0) resolve();
    else reject(new RuntimeError('refused', errors.trim() || `${program} ended with ${code}`));
    ended();
  });
  // A shim that died at once says why by its exit; the broken pipe adds nothing.
  shim.stdin.on('error', () => {});
  shim.stdin.end(specification.map(([key, value]) => `${key}=${value}\0`).join(''));
  shim.unref();
  return promise;
}

/** False when nobody listens: the shim is dead. A pipe with a reader is what being alive means, no pid can be mistaken. */
export async function order(recordPath: string, line: string): Promise<boolean> {
  try {
    const pipe = await open(`${recordPath}.control`, constants.O_WRONLY | constants.O_NONBLOCK);
    try {
      if (line !== '') await pipe.write(`${line}\n`);
    } finally {
      await pipe.close();
    }
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && NOBODY_LISTENS.has(String(error.code))) return false;
    throw error;
  }
}

const NOBODY_LISTENS: ReadonlySet<string> = new Set(['ENOENT', 'ENXIO', 'EPIPE']);

export function isAlive(recordPath: string): Promise<boolean> {
  return order(recordPath, '');
}
