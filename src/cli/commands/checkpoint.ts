/** `checkpoint`: has the writer sign what the log is now, for an auditor to keep and to verify the log against later. */
import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { withCell, type CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import type { GlobalOptions } from '../flags.ts';
import { formatJson } from '../output.ts';

interface CheckpointOptions extends GlobalOptions {
  readonly output?: string;
  readonly all?: boolean;
}

export function addCheckpoint(program: Command, context: CommandContext): void {
  program
    .command('checkpoint')
    .description('sign what the log is now, for "verify --against" later, on whatever machine it is kept')
    .option('--all', 'instead, all checkpoints that the cell keeps')
    .option('-o, --output <file>', 'a new file to write to; standard output when absent')
    .action(async (_options, self: Command) => {
      const { data, output, all = false } = self.optsWithGlobals<CheckpointOptions>();
      const answer = all ? await allKept(data) : await withCell(context, data, (cell) => cell.checkpoint());
      if (output === undefined) return context.terminal.write(formatJson(answer));
      writeNew(output, formatJson(answer));
    });
}

async function allKept(data: string): Promise<unknown> {
  const { keptCheckpoints } = await import('../../cell/verify-cell.ts');
  return keptCheckpoints(data);
}

/** Never over another one: what an auditor keeps is worth most when it is old. */
function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: 'wx' });
  } catch (error) {
    const isThere = (error as NodeJS.ErrnoException).code === 'EEXIST';
    const why = isThere ? 'it exists already; name another file' : (error as Error).message;
    throw new CommandFailure(`--output ${file}: ${why}`, EXIT.usage);
  }
}
