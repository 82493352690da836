/** `snapshot`: a copy of the read model that the next start may begin from, taken now; or which there are, and whether they check out. */
import { Option, type Command } from 'commander';
import { DEFAULT_SETTINGS } from '../../../machines/index.ts';
import type { CheckedSnapshot } from '../../cell/snapshot-cell.ts';
import { formatTime } from '../../foundation/clock.ts';
import { withCell, type CommandContext } from '../context.ts';
import type { GlobalOptions } from '../flags.ts';
import { formatJson, formatTable } from '../output.ts';

interface SnapshotOptions extends GlobalOptions {
  readonly list?: boolean;
  readonly output?: 'json';
}

export function addSnapshot(program: Command, context: CommandContext): void {
  program
    .command('snapshot')
    .description('take a snapshot to start from, or list those there are')
    .option('--list', 'list them, each checked as a start from it would')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['json']))
    .action(async (_options, self: Command) => {
      const options = self.optsWithGlobals<SnapshotOptions>();
      if (options.list) await list(context, options);
      else await take(context, options);
    });
}

async function take(context: CommandContext, { data, output }: SnapshotOptions): Promise<void> {
  const keep = await withCell(context, data, async (cell) => {
    // The answer to what is asked next is as late as what the writer has now: so is the read model then.
    await cell.status();
    const configuration = await cell.get('CellConfiguration', 'cell');
    return configuration?.spec?.snapshotsKept ?? DEFAULT_SETTINGS.snapshotsKept;
  });
  const { snapshotCell } = await import('../../cell/snapshot-cell.ts');
  const { path, facts } = await snapshotCell(data, keep);
  const said = `Took a snapshot of cell ${facts.cell} at revision ${facts.revision} (entry ${facts.entry}): ${path}, ${size(facts.bytes)}.\n`;
  await context.terminal.write(output === 'json' ? formatJson({ path, ...facts }) : said);
}

async function list({ terminal }: CommandContext, { data, output }: SnapshotOptions): Promise<void> {
  const { checkSnapshots } = await import('../../cell/snapshot-cell.ts');
  const checked = await checkSnapshots(data);
  if (output === 'json') {
    const items = checked.map(({ path, snapshot, doubt }) => ({
      path,
      ...snapshot?.facts,
      checksOut: doubt === undefined,
      ...(doubt === undefined ? {} : { doubt }),
    }));
    return terminal.write(formatJson({ items }));
  }
  if (checked.length === 0) return terminal.write('There are no snapshots: take one with "periplus snapshot".\n');
  await terminal.write(
    formatTable(['ENTRY', 'REVISION', 'LINEAGE', 'TAKEN', 'SIZE', 'CHECKS OUT'], checked.map(rowOf)),
  );
}

function rowOf({ path, snapshot, doubt }: CheckedSnapshot): readonly string[] {
  const verdict = doubt === undefined ? 'yes' : `no: ${doubt}`;
  if (snapshot === undefined) return ['-', '-', '-', '-', '-', `${path}: ${verdict}`];
  const { entry, revision, lineage, takenAt, bytes } = snapshot.facts;
  return [String(entry), String(revision), lineage, formatTime(takenAt), size(bytes), verdict];
}

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB'];
const UNIT_STEP = 1_000;

function size(bytes: number): string {
  const power = bytes === 0 ? 0 : Math.min(Math.floor(Math.log(bytes) / Math.log(UNIT_STEP)), UNITS.length - 1);
  return `${(bytes / UNIT_STEP ** power).toFixed(power === 0 ? 0 : 1)} ${UNITS[power]}`;
}
