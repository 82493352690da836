/** `verify`: proves the log from its first entry, and that it contains what an auditor kept of it, or says where it is wrong. */
import { Option, type Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import type { GlobalOptions } from '../flags.ts';

export interface VerifyOptions extends GlobalOptions {
  readonly against?: string;
  readonly export?: string;
  readonly deep?: boolean;
  readonly output?: 'json';
}

export function addVerify(program: Command, context: CommandContext): void {
  program
    .command('verify')
    .description('prove the log: chain, revisions, machines, state hashes and checkpoints from its first entry')
    .option('--against <file>', 'prove that the log contains the checkpoint, or list of checkpoints, in a file')
    .option('--deep', 'compare the read model, the history and the state in memory with what the log makes of them')
    .addOption(new Option('--export <file>', 'prove an exported log; no cell need run').conflicts('deep'))
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['json']))
    .action(async (_options, self: Command) => {
      // Folding needs all kinds, which no other command does.
      const { verify } = await import('../verification.ts');
      const exitCode = await verify(context, self.optsWithGlobals<VerifyOptions>());
      if (exitCode !== EXIT.ok) throw new CommandFailure('', exitCode);
    });
}
