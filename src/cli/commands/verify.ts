/** `verify`: proves the log from its first entry, and that it contains what an auditor kept of it, or says where it is wrong. */
import { readFileSync } from 'node:fs';
import { Option, type Command } from 'commander';
import { verifyCell, type CellVerification } from '../../cell/verify-cell.ts';
import { parseCheckpoints } from '../../history/verify-against.ts';
import { isSame } from '../../history/verify-deep.ts';
import { isProven } from '../../history/verify.ts';
import type { Checkpoint } from '../../log/checkpoint.ts';
import type { CommandContext, Terminal } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import type { GlobalOptions } from '../flags.ts';
import { formatJson } from '../output.ts';
import { describeVerification } from '../verification-lines.ts';

interface VerifyOptions extends GlobalOptions {
  readonly against?: string;
  readonly deep?: boolean;
  readonly output?: 'json';
}

/** Entries between two lines of progress on a terminal. */
const PROGRESS_EVERY = 1_000;

export function addVerify(program: Command, context: CommandContext): void {
  program
    .command('verify')
    .description('prove the log: chain, revisions, machines, state hashes and checkpoints from its first entry')
    .option('--against <file>', 'prove that the log contains the checkpoint, or list of checkpoints, in a file')
    .option('--deep', 'compare every row of the read model and the state in memory with what the log makes of them')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['json']))
    .action(async (_options, self: Command) => {
      const { data, against: file, deep = false, output } = self.optsWithGlobals<VerifyOptions>();
      const { terminal, signal } = context;
      const against = file === undefined ? [] : readCheckpoints(file);
      const verification = await verifyCell({ data, against, deep, signal, onProgress: progressOn(terminal) });
      if (terminal.isTerminal) terminal.complain('\r');
      await terminal.write(output === 'json' ? formatJson(verification) : describeVerification(verification, file));
      const exitCode = exitCodeOf(verification);
      if (exitCode !== EXIT.ok) throw new CommandFailure('', exitCode);
    });
}

function exitCodeOf({ deep, ...verification }: CellVerification): number {
  if (!isProven(verification)) return EXIT.failed;
  if (deep === undefined || isSame(deep)) return EXIT.ok;
  const differs = [deep.readModel, deep.live].some((part) => 'difference' in part);
  return !differs && 'uncompared' in deep.live ? EXIT.noAnswer : EXIT.failed;
}

function progressOn(terminal: Terminal): (entry: number, until: number) => void {
  return (entry, until) => {
    if (terminal.isTerminal && entry % PROGRESS_EVERY === 0) terminal.complain(`\r${entry} of ${until} entries`);
  };
}

function readCheckpoints(file: string): readonly Checkpoint[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandFailure(`--against ${file}: it cannot be read: ${(error as Error).message}`, EXIT.usage);
  }
  const checkpoints = parseCheckpoints(text);
  if (typeof checkpoints === 'string') throw new CommandFailure(`--against ${file}: ${checkpoints}`, EXIT.usage);
  return checkpoints;
}
