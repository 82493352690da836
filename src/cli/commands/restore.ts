/** `restore`: makes a cell from an export, in a data directory of its own. */
import type { Command } from 'commander';
import type { CellRestore } from '../../cell/restore-cell.ts';
import type { CommandContext } from '../context.ts';
import { revisionNumber, type GlobalOptions } from '../flags.ts';
import { progressOf } from '../progress.ts';

interface RestoreOptions extends GlobalOptions {
  readonly to?: number;
  readonly keepName?: boolean;
}

/** Standard input. */
const STDIN = '-';

export function addRestore(program: Command, context: CommandContext): void {
  program
    .command('restore <file>')
    .description('make a cell from an export, in an empty data directory; - for standard input')
    .option('--to <revision>', 'only what was done up to this revision', revisionNumber)
    .option(
      '--keep-name',
      "under the exported cell's name, taking over what still runs of it: only when that cell is gone",
    )
    .action(async (file: string, _, self: Command) => {
      const { data, to, keepName } = self.optsWithGlobals<RestoreOptions>();
      const { terminal, signal } = context;
      const { restoreCell } = await import('../../cell/restore-cell.ts');
      const progress = progressOf(terminal, 'entries');
      const restored = await restoreCell({
        file: file === STDIN ? '/dev/stdin' : file,
        data,
        ...(to === undefined ? {} : { to }),
        ...(keepName === undefined ? {} : { keepName }),
        signal,
        onProgress: (entry, until) => progress.show(entry, until),
      }).finally(() => progress.clear());
      await terminal.write(describe(restored, data));
    });
}

function describe(restored: CellRestore, data: string): string {
  const { cell, lineage, from, takenOver, firstOwnEntry, firstRevision, carriedOutAgain } = restored;
  const lines = [
    `Restored cell ${from.cell} (lineage ${from.lineage}) up to revision ${takenOver.revision} as cell ${cell} (lineage ${lineage}): ${takenOver.entry} entries, proven.`,
  ];
  if (carriedOutAgain > 0) {
    const old = span(takenOver.revision + 1, carriedOutAgain);
    lines.push(
      `${old} came in an entry that goes on beyond: entry ${firstOwnEntry} carries that out again as ${span(firstRevision, carriedOutAgain).toLowerCase()}.`,
    );
  }
  lines.push(
    `New revisions begin at ${firstRevision + carriedOutAgain}.`,
    `Start it with: scripts/periplus up --detach --data ${data}`,
  );
  return lines.map((text) => `${text}\n`).join('');
}

function span(first: number, count: number): string {
  return count === 1 ? `Revision ${first}` : `Revisions ${first} to ${first + count - 1}`;
}
