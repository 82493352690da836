// Runs a program of the project the way a person does, and gives back all it said.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

export const projectRoot = join(import.meta.dirname, '..', '..');

/** Nothing that is started this way takes longer, even on a loaded machine. */
const COMMAND_TIMEOUT_MS = 120_000;

export type CommandResult = { readonly status: number | null; readonly output: string; readonly errors: string };

/** Variables given as undefined are taken out of the environment. */
export function runCommand(
  command: string,
  args: readonly string[] = [],
  options: {
    readonly cwd?: string;
    readonly env?: Readonly<Record<string, string | undefined>>;
    readonly input?: string;
  } = {},
): CommandResult {
  const { status, stdout, stderr, error } = spawnSync(command, [...args], {
    cwd: options.cwd ?? projectRoot,
    env: { ...process.env, ...options.env },
    input: options.input ?? '',
    encoding: 'utf8',
    timeout: COMMAND_TIMEOUT_MS,
  });
  if (error !== undefined) throw error;
  return { status, output: stdout, errors: stderr };
}
