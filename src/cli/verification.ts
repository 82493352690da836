/** One run of `verify`: reads the files it was given, verifies, prints what was found. */
import { accessSync, constants, readFileSync } from 'node:fs';
import { verifyCell, type CellVerification } from '../cell/verify-cell.ts';
import { parseCheckpoints } from '../history/verify-against.ts';
import { isSame } from '../history/verify-deep.ts';
import { verifyExport } from '../history/verify-export.ts';
import { isProven } from '../history/verify.ts';
import type { Checkpoint } from '../log/checkpoint.ts';
import type { VerifyOptions } from './commands/verify.ts';
import type { CommandContext } from './context.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';
import { formatJson } from './output.ts';
import { progressOf } from './progress.ts';
import { describeVerification } from './verification-lines.ts';

/** Resolves with the exit code. Raises CommandFailure for files that cannot be read, and what the verifications reject with. */
export async function verify(context: CommandContext, options: VerifyOptions): Promise<number> {
  const verification = await run(context, options);
  const isJson = options.output === 'json';
  await context.terminal.write(isJson ? formatJson(verification) : describeVerification(verification, options));
  return exitCodeOf(verification);
}

async function run({ terminal, signal }: CommandContext, options: VerifyOptions): Promise<CellVerification> {
  const { data, against: file, export: exported, deep = false } = options;
  const against = file === undefined ? [] : readCheckpoints(file);
  if (exported !== undefined) requireReadable(exported);
  const progress = progressOf(terminal, 'entries');
  const onProgress = (entry: number, until: number) => progress.show(entry, until);
  try {
    if (exported === undefined) return await verifyCell({ data, against, deep, signal, onProgress });
    const { header, ...verification } = await verifyExport({ file: exported, against, signal, onProgress });
    return { cell: header.cell, lineage: header.lineage, ...verification };
  } finally {
    progress.clear();
  }
}

function exitCodeOf({ deep, ...verification }: CellVerification): number {
  if (!isProven(verification)) return EXIT.failed;
  if (deep === undefined) return EXIT.ok;
  const { history } = deep;
  const isHistorySame = !('uncompared' in history) && history.difference === undefined;
  if (isSame(deep) && isHistorySame) return EXIT.ok;
  const differs = [deep.readModel, history, deep.live].some((part) => 'difference' in part);
  return !differs && 'uncompared' in deep.live ? EXIT.noAnswer : EXIT.failed;
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

function requireReadable(file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    throw new CommandFailure(`--export ${file}: it cannot be read: ${(error as Error).message}`, EXIT.usage);
  }
}
