/** `history [KIND[/NAME]]`: who did what, and what was refused, as the log recorded it. */
import { Option, type Command } from 'commander';
import type { CellClient } from '../../bus/cell-client.ts';
import type { Recorded } from '../../bus/history-messages/recorded.ts';
import { namespaceOf } from '../../bus/sent-command.ts';
import { filterOf as selectedOf, type HistoryFilter } from '../../history/history-filter.ts';
import { matches } from '../../history/memory-past.ts';
import { withCell, type CommandContext, type Terminal } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { addNamespace, positiveNumber, type GlobalOptions } from '../flags.ts';
import { formatRecord, HISTORY_FORMATS, historyTable, type HistoryFormat } from '../history-lines.ts';
import { beginningOf, momentOf } from '../moment.ts';
import { parseResources } from '../resources.ts';

interface HistoryOptions extends GlobalOptions {
  readonly namespace?: string;
  readonly from?: string;
  readonly to?: string;
  readonly actor?: string;
  readonly event?: string;
  readonly refused?: boolean;
  readonly follow?: boolean;
  readonly reverse?: boolean;
  readonly limit?: number;
  readonly output?: HistoryFormat;
}

export function addHistory(program: Command, context: CommandContext): void {
  const command = program
    .command('history [object] [name]')
    .description('what happened: all of it, to the objects of a kind (KIND), or to one (KIND/NAME)')
    .option('--from <when>', 'a revision, a time, or how long ago: 1042, 2026-01-01T12:00:00Z, 15m')
    .option('--to <when>', 'likewise')
    .option('--actor <name>', 'only what this actor did; a * behind stands for any end: system:node:*')
    .option('--event <type>', 'only commits with such an event: PodScheduled')
    .option('--refused', 'only commands that were refused')
    .option('-f, --follow', 'and what happens from now on')
    .option('--reverse', 'the latest first')
    .option('--limit <number>', 'at most so many', positiveNumber)
    .addOption(new Option('-o, --output <format>', 'one document for each').choices(HISTORY_FORMATS));
  addNamespace(command).action(async (object: string | undefined, name: string | undefined, _, self: Command) => {
    const options = self.optsWithGlobals<HistoryOptions>();
    if (options.follow && options.reverse)
      throw new CommandFailure('--follow and --reverse exclude each other', EXIT.usage);
    const words = [object, name].filter((word) => word !== undefined);
    const filter = filterOf(words, options, context.clock.now());
    await withCell(context, options.data, (cell) => history(context, cell, options, filter));
  });
}

async function history(
  context: CommandContext,
  cell: CellClient,
  { output, follow, reverse, limit }: HistoryOptions,
  filter: HistoryFilter,
): Promise<void> {
  const { terminal, signal } = context;
  const { lineage, revision: lastRevision } = await cell.status();
  const where = { cell: cell.cell, lineage };
  const table = historyTable(lastRevision);
  let isHeaderDue = output === undefined;
  const writeHeader = async () => {
    if (isHeaderDue) await terminal.write(table.header);
    isHeaderDue = false;
  };
  const order = reverse ? 'newest-first' : 'oldest-first';
  let left = limit ?? Infinity;
  let hasPrinted = false;
  const print = async (records: readonly Recorded[]) => {
    const shown = records.slice(0, left);
    left -= shown.length;
    const lines = shown.map((recorded) =>
      output === undefined ? table.describe(recorded) : formatRecord(output, where, recorded),
    );
    if (lines.length === 0) return;
    hasPrinted = true;
    await writeHeader();
    await terminal.write(lines.join(''));
  };
  const lastEntry = await printRecorded(
    cell,
    { ...filter, order },
    { print, isDone: () => left === 0 || signal.aborted },
  );
  if (!hasPrinted && !follow && !signal.aborted) return tellOfNothing(terminal, filter);
  if (!follow || left === 0) return;
  await writeHeader();
  for await (const entry of cell.log({ entry: lastEntry + 1, follow: true }, signal)) {
    const { time, number } = entry;
    const revision = entry.firstRevision + entry.commits.length - 1;
    const records = [
      ...entry.commits.map((commit) => ({ commit, time, entry: number })),
      ...entry.refused.map((refused) => ({ refused, revision, time, entry: number })),
    ];
    await print(records.filter((recorded) => matches(recorded, selectedOf(filter))));
    if (left === 0) return;
  }
}

/** Raises CommandFailure for an object of which the log never heard; where other things were asked for, there just are none. */
function tellOfNothing(terminal: Terminal, { kind, name, namespace, ...others }: HistoryFilter): void {
  if (kind !== undefined && name !== undefined && Object.keys(others).length === 0) {
    const place = namespace === undefined || namespace === '' ? '' : ` in namespace "${namespace}"`;
    throw new CommandFailure(`the log never heard of ${kind} "${name}"${place}`);
  }
  terminal.complain('Nothing in the log is like that.\n');
}

/** Prints what there is already; resolves with the number of the last entry it could be from. */
async function printRecorded(
  cell: CellClient,
  query: HistoryFilter & { readonly order: 'oldest-first' | 'newest-first' },
  { print, isDone }: { print(records: readonly Recorded[]): Promise<void>; isDone(): boolean },
): Promise<number> {
  let page = await cell.queries.ask('history', query);
  // Later entries are the follower's, or none of this answer's business.
  const { lastEntry } = page;
  for (;;) {
    await print(page.records.filter(({ entry }) => entry <= lastEntry));
    if (page.next === undefined || isDone()) return lastEntry;
    page = await cell.queries.ask('history', { ...query, after: page.next });
  }
}

function filterOf(words: readonly string[], options: HistoryOptions, now: number): HistoryFilter {
  const { actor, namespace, event, refused, from, to } = options;
  const range = {
    ...(from === undefined ? {} : bound('from', beginningOf('--from', from, now))),
    ...(to === undefined ? {} : bound('to', momentOf('--to', to, now))),
  };
  if (isBackwards(range)) throw new CommandFailure(`--from ${from} is after --to ${to}`, EXIT.usage);
  const scope = namespace === undefined ? {} : { namespace };
  return {
    ...scope,
    ...(words.length === 0 ? {} : objectOf(words, scope)),
    ...(actor === undefined ? {} : { actor }),
    ...(event === undefined ? {} : { eventType: event }),
    ...(refused ? { refused } : {}),
    ...range,
  };
}

function isBackwards({
  fromRevision = 0,
  toRevision = Infinity,
  fromTime = 0,
  toTime = Infinity,
}: HistoryFilter): boolean {
  return fromRevision > toRevision || fromTime > toTime;
}

/** A kind, or one object of it. */
function objectOf(words: readonly string[], scope: { readonly namespace?: string }): HistoryFilter {
  const [named, ...more] = parseResources(words);
  if (named === undefined || more.length > 0) throw new CommandFailure('name one kind or object', EXIT.usage);
  const { kind, names } = named;
  const [name] = names;
  return { kind: kind.kind, ...(name === undefined ? {} : { name, namespace: namespaceOf(kind.kind, scope) }) };
}

function bound(side: 'from' | 'to', moment: ReturnType<typeof momentOf>): HistoryFilter {
  if ('revision' in moment)
    return side === 'from' ? { fromRevision: moment.revision } : { toRevision: moment.revision };
  return side === 'from' ? { fromTime: moment.time } : { toTime: moment.time };
}
