/** The command line as a whole: its commands, and how one run of it ends. */
import { Command, CommanderError } from 'commander';
import { defaultDataDirectory } from '../cell/default-data-directory.ts';
import { addApply } from './commands/apply.ts';
import { addCheckpoint } from './commands/checkpoint.ts';
import { addCordon } from './commands/cordon.ts';
import { addDelete } from './commands/delete.ts';
import { addDiff } from './commands/diff.ts';
import { addExec } from './commands/exec.ts';
import { addExport } from './commands/export.ts';
import { addGet } from './commands/get.ts';
import { addHistory } from './commands/history.ts';
import { addKubeconfig } from './commands/kubeconfig.ts';
import { addLogs } from './commands/logs.ts';
import { addRestore } from './commands/restore.ts';
import { addRollback } from './commands/rollback.ts';
import { addScale } from './commands/scale.ts';
import { addSend } from './commands/send.ts';
import { addSnapshot } from './commands/snapshot.ts';
import { addStatus } from './commands/status.ts';
import { addUndelete } from './commands/undelete.ts';
import { addUpAndDown, type CellControl } from './commands/up.ts';
import { addSimulate } from './commands/simulate.ts';
import { addVerify } from './commands/verify.ts';
import { addWhatIf } from './commands/what-if.ts';
import { addWho } from './commands/who.ts';
import { addWhyNot } from './commands/why-not.ts';
import { addWhy } from './commands/why.ts';
import type { CommandContext } from './context.ts';
import { EXIT, EXIT_CODES_HELP } from './exit-codes.ts';
import { failureOf } from './failures.ts';

export interface ProgramOptions {
  readonly context: CommandContext;
  readonly control: CellControl;
  readonly version: string;
}

/** Runs one command line (without the program's name) and resolves with its exit code. Rejects only for a bug of ours. */
export async function runProgram(words: readonly string[], options: ProgramOptions): Promise<number> {
  let exitCode: number = EXIT.ok;
  const program = makeProgram(options, (code) => {
    exitCode = code;
  });
  try {
    await program.parseAsync([...words], { from: 'user' });
    return options.context.signal.aborted ? EXIT.interrupted : exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    if (options.context.signal.aborted) return EXIT.interrupted;
    const failure = failureOf(error);
    if (failure === undefined) throw error;
    if (failure.message !== '') options.context.terminal.complain(`${failure.message}\n`);
    return failure.exitCode;
  }
}

function makeProgram({ context, control, version }: ProgramOptions, done: (exitCode: number) => void): Command {
  const program = new Command('periplus');
  const { terminal } = context;
  program
    .description('A container orchestrator you can rewind.')
    .version(version)
    .option('--data <directory>', 'the cell, by its data directory', defaultDataDirectory(context.environment))
    .addHelpText('after', EXIT_CODES_HELP)
    .showHelpAfterError('(see "periplus --help")')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({
      writeOut: (text) => void terminal.write(text),
      writeErr: (text) => terminal.complain(text),
    })
    // Errors come back as values, so that tests and main decide how the process ends.
    .exitOverride();
  // Subcommands copy the settings of the program they are added to.
  addUpAndDown(program, control, done);
  addStatus(program, context);
  addApply(program, context);
  addGet(program, context);
  addDelete(program, context);
  addScale(program, context);
  addCordon(program, context);
  addLogs(program, context);
  addExec(program, context);
  addKubeconfig(program, context);
  addSend(program, context);
  addHistory(program, context);
  addWhy(program, context);
  addWhyNot(program, context);
  addWho(program, context);
  addDiff(program, context);
  addUndelete(program, context);
  addRollback(program, context);
  addVerify(program, context);
  addSimulate(program, context);
  addWhatIf(program, context);
  addCheckpoint(program, context);
  addExport(program, context);
  addRestore(program, context);
  addSnapshot(program, context);
  return program;
}
