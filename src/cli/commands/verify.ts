/** `verify`: proves the log from its first entry, or says where it is wrong. */
import { Option, type Command } from 'commander';
import { verifyCell, type CellVerification } from '../../cell/verify-cell.ts';
import type { CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import type { GlobalOptions } from '../flags.ts';
import { formatJson } from '../output.ts';

interface VerifyOptions extends GlobalOptions {
  readonly output?: 'json';
}

/** Entries between two lines of progress on a terminal. */
const PROGRESS_EVERY = 1_000;

export function addVerify(program: Command, context: CommandContext): void {
  program
    .command('verify')
    .description('prove the log: chain, revisions, machines and state hashes from its first entry')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['json']))
    .action(async (_options, self: Command) => {
      const { data, output } = self.optsWithGlobals<VerifyOptions>();
      const { terminal, signal } = context;
      const verification = await verifyCell({
        data,
        signal,
        onProgress: (entry, until) => {
          if (terminal.isTerminal && entry % PROGRESS_EVERY === 0) terminal.complain(`\r${entry} of ${until} entries`);
        },
      });
      if (terminal.isTerminal) terminal.complain('\r');
      await terminal.write(output === 'json' ? formatJson(verification) : describe(verification));
      if (verification.damage) throw new CommandFailure('', EXIT.failed);
    });
}

function describe({ cell, lineage, position, commits, refusals, stateHash, damage }: CellVerification): string {
  const counts = `${position.entry} entries, ${commits} commits, ${refusals} refusals`;
  if (damage === undefined) {
    return `The log of cell ${cell} (lineage ${lineage}) is right: ${counts}, up to revision ${position.revision}, state ${stateHash}.\n`;
  }
  return `${damage.message[0]?.toUpperCase()}${damage.message.slice(1)}.\nRight up to there: ${counts}, revision ${position.revision}.\nRestore the log, or accept the loss with "periplus up --accept-loss".\n`;
}
