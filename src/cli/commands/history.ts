/** `history [KIND[/NAME]]`: who did what, and what was refused, as the log recorded it. */
import { Option, type Command } from 'commander';
import type { CellClient } from '../../bus/cell-client.ts';
import type { Recorded } from '../../bus/history-messages/recorded.ts';
import { namespaceOf } from '../../bus/sent-command.ts';
import { filterOf as selectedOf, type HistoryFilter } from '../../history/history-filter.ts';
import { matches } from '../../history/memory-past.ts';
import { withCell, type CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { addNamespace, positiveNumber, type GlobalOptions } from '../flags.ts';
import { describeRecord, formatRecord, HISTORY_FORMATS, HISTORY_HEADER, type HistoryFormat } from '../history-lines.ts';
import { momentOf } from '../moment.ts';
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
    .command('history [object]')
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
  addNamespace(command).action(async (object: string | undefined, _, self: Command) => {
    const options = self.optsWithGlobals<HistoryOptions>();
    if (options.follow && options.reverse)
      throw new CommandFailure('--follow and --reverse exclude each other', EXIT.usage);
    const filter = filterOf(object, options, context.clock.now());
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
  const where = { cell: cell.cell, lineage: (await cell.status()).lineage };
  if (output === undefined) await terminal.write(HISTORY_HEADER);
  const order = reverse ? 'newest-first' : 'oldest-first';
  let left = limit ?? Infinity;
  const print = async (records: readonly Recorded[]) => {
    const shown = records.slice(0, left);
    left -= shown.length;
    const lines = shown.map((recorded) =>
      output === undefined ? describeRecord(recorded) : formatRecord(output, where, recorded),
    );
    if (lines.length > 0) await terminal.write(lines.join(''));
  };
  const lastEntry = await printRecorded(
    cell,
    { ...filter, order },
    { print, isDone: () => left === 0 || signal.aborted },
  );
  if (!follow || left === 0) return;
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

function filterOf(object: string | undefined, options: HistoryOptions, now: number): HistoryFilter {
  const { actor, namespace, event, refused, from, to } = options;
  const scope = namespace === undefined ? {} : { namespace };
  return {
    ...scope,
    ...(object === undefined ? {} : objectOf(object, scope)),
    ...(actor === undefined ? {} : { actor }),
    ...(event === undefined ? {} : { eventType: event }),
    ...(refused ? { refused } : {}),
    ...(from === undefined ? {} : bound('from', momentOf('--from', from, now))),
    ...(to === undefined ? {} : bound('to', momentOf('--to', to, now))),
  };
}

/** A kind, or one object of it. */
function objectOf(object: string, scope: { readonly namespace?: string }): HistoryFilter {
  const [named, ...more] = parseResources([object]);
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
