/** `export`: the log as one file, from which `restore` makes a cell and `verify` proves it anywhere. */
import type { Command } from 'commander';
import type { CellExport } from '../../cell/export-cell.ts';
import type { CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { revisionNumber, type GlobalOptions } from '../flags.ts';
import { progressOf } from '../progress.ts';

interface ExportOptions extends GlobalOptions {
  readonly output: string;
  readonly to?: number;
  readonly withKeys?: boolean;
}

/** Standard output. */
const STDOUT = '-';

export function addExport(program: Command, context: CommandContext): void {
  program
    .command('export')
    .description('write the log, up to where it is now, as one compressed file')
    .requiredOption('-o, --output <file>', 'where to; - for standard output')
    .option('--to <revision>', 'only as far as the entry that holds this revision', revisionNumber)
    .option('--with-keys', 'also the keys of Secrets')
    .action(async (_options, self: Command) => {
      const options = self.optsWithGlobals<ExportOptions>();
      if (options.withKeys) {
        const message = '--with-keys: this cell has no sealed Secrets, so there are no keys to export: leave it out';
        throw new CommandFailure(message, EXIT.usage);
      }
      await exportTo(context, options);
    });
}

async function exportTo({ terminal, signal }: CommandContext, options: ExportOptions): Promise<void> {
  const { data, to, output } = options;
  if (output === STDOUT && terminal.isTerminal) {
    throw new CommandFailure(
      '-o -: an export is no text for a terminal: name a file, or send it to a program',
      EXIT.usage,
    );
  }
  const { exportCell } = await import('../../cell/export-cell.ts');
  const progress = progressOf(terminal, 'entries');
  const made = await exportCell({
    data,
    ...(to === undefined ? {} : { to }),
    target: output === STDOUT ? { write: async (bytes) => terminal.write(bytes) } : { file: output },
    signal,
    onProgress: (entry, until) => progress.show(entry, until),
  }).finally(() => progress.clear());
  const notice = noticeOf(made, to);
  if (notice !== undefined) terminal.complain(`${notice}\n`);
  if (output !== STDOUT) await terminal.write(describe(output, made));
}

/** An entry is written and chained as a whole, so it is exported as a whole. */
function noticeOf({ header }: CellExport, to: number | undefined): string | undefined {
  const { entry, revision } = header.last;
  if (to === undefined || revision === to) return undefined;
  return `Revision ${to} is inside entry ${entry}, which is exported as a whole: the export ends at revision ${revision}. "restore --to ${to}" leaves out the rest.`;
}

function describe(file: string, { header, end }: CellExport): string {
  const { cell, lineage, last } = header;
  return `Exported cell ${cell} (lineage ${lineage}) to ${file}: ${end.entries} entries, ${end.commits} commits, up to revision ${last.revision}.\n`;
}
