/** `exec POD -- COMMAND`: runs a command in a container, with its input, output and terminal. */
import type { Command } from 'commander';
import type { ExecHandle } from '../../bus/session-client.ts';
import { withCell, type CommandContext } from '../context.ts';
import { CommandFailure } from '../exit-codes.ts';
import { addNamespace, type GlobalOptions } from '../flags.ts';
import { podTarget, type PodOptions } from '../pod-target.ts';

interface ExecOptions extends GlobalOptions, PodOptions {
  readonly stdin?: boolean;
  readonly tty?: boolean;
}

export function addExec(program: Command, context: CommandContext): void {
  const command = program
    .command('exec <pod> <command...>')
    .description('run a command in a container: exec web-1 -it -- sh')
    .option('-c, --container <name>', 'which container; the first when absent')
    .option('-i, --stdin', 'pass on standard input')
    .option('-t, --tty', 'with a terminal');
  addNamespace(command).action(async (pod: string, words: string[], _, self: Command) => {
    const options = self.optsWithGlobals<ExecOptions>();
    const exitCode = await withCell(context, options.data, async (cell) => {
      const target = await podTarget(cell, context.terminal, pod, options);
      const tty = hasTerminal(context, options);
      const exec = cell.exec(target, { command: words, stdin: options.stdin ?? false, tty });
      return attach(context, exec, { stdin: options.stdin ?? false, tty });
    });
    if (exitCode !== 0) throw new CommandFailure('', exitCode);
  });
}

function hasTerminal({ terminal }: CommandContext, { stdin, tty }: ExecOptions): boolean {
  if (!tty) return false;
  if (stdin && terminal.input.isTTY) return true;
  terminal.complain('Unable to use a TTY - input is not a terminal or the right kind of file\n');
  return false;
}

/** Connects the terminal until the command has ended; resolves with its exit code. */
async function attach(
  { terminal, signal }: CommandContext,
  exec: ExecHandle,
  { stdin, tty }: { readonly stdin: boolean; readonly tty: boolean },
): Promise<number> {
  const { input } = terminal;
  const close = () => exec.close();
  signal.addEventListener('abort', close, { once: true });
  const resize = () => {
    const size = terminal.size();
    if (size) exec.resize(size);
  };
  const forgetResize = tty ? terminal.onResize(resize) : () => undefined;
  if (tty) {
    input.setRawMode?.(true);
    resize();
  }
  if (stdin) void feed(input, exec);
  try {
    for await (const { stream, data } of exec.output) {
      if (stream === 'stderr') terminal.complain(data);
      else await terminal.write(data);
    }
    return await exec.exitCode;
  } finally {
    forgetResize();
    signal.removeEventListener('abort', close);
    if (tty) input.setRawMode?.(false);
    // Otherwise an open standard input keeps this process alive.
    if (stdin) input.destroy();
  }
}

async function feed(input: CommandContext['terminal']['input'], exec: ExecHandle): Promise<void> {
  try {
    for await (const chunk of input) await exec.write(Buffer.from(chunk as Uint8Array | string));
  } catch {
    // The command ended before its input did.
  }
  exec.endInput();
}
