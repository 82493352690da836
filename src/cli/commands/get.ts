/** `get KIND [NAME]`: shows objects, once or as they change. */
import type { Command } from 'commander';
import type { CellClient } from '../../bus/cell-client.ts';
import { namespaceOf } from '../../bus/sent-command.ts';
import type { AnyObject } from '../../bus/query-messages.ts';
import { refuse } from '../../../machines/index.ts';
import { formatTime } from '../../foundation/clock.ts';
import type { Moment } from '../../history/past.ts';
import { withCell, type CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { addNamespace, addOutput, addSelector, namespaceChoice, type GlobalOptions } from '../flags.ts';
import { momentOf } from '../moment.ts';
import { formatObjects, formatTable, type OutputFormat } from '../output.ts';
import { displayName, parseResources, type Named } from '../resources.ts';
import { watchResources } from '../watch-table.ts';

export interface GetOptions extends GlobalOptions {
  readonly namespace?: string;
  readonly allNamespaces?: boolean;
  readonly selector?: string;
  readonly fieldSelector?: string;
  readonly output?: OutputFormat;
  readonly watch?: boolean;
  readonly headers: boolean;
  readonly ignoreNotFound?: boolean;
  readonly at?: string;
}

/** What is asked for, with the moment it is asked about. */
export type LookOptions = Omit<GetOptions, 'at'> & { readonly at?: Moment };

export function addGet(program: Command, context: CommandContext): void {
  const command = program
    .command('get <kind> [names...]')
    .description('show objects: get pods, get pod web-1, get pods,rc, get all; with --at as they were')
    .option('-A, --all-namespaces', 'in all namespaces')
    .option('--field-selector <selector>', 'fields to select by, such as spec.nodeName=n1')
    .option('-w, --watch', 'then show what changes')
    .option('--at <when>', 'as it was: a revision, a time, or how long ago (1042, 2026-01-01T12:00:00Z, 15m)')
    .option('--no-headers', 'without the line of column names')
    .option('--ignore-not-found', 'a missing object is no failure');
  addOutput(addSelector(addNamespace(command))).action(async (kind: string, names: string[], _, self: Command) => {
    const options = self.optsWithGlobals<GetOptions>();
    await withCell(context, options.data, (cell) => get(context, cell, parseResources([kind, ...names]), options));
  });
}

async function get(
  context: CommandContext,
  cell: CellClient,
  resources: readonly Named[],
  options: GetOptions,
): Promise<void> {
  if (options.selector !== undefined && resources.some(({ names }) => names.length > 0)) {
    throw new CommandFailure('selectors and names exclude each other', EXIT.usage);
  }
  const { at, ...rest } = options;
  if (options.watch) {
    if (at !== undefined)
      throw new CommandFailure('--watch and --at exclude each other: the past does not change', EXIT.usage);
    return watchResources(context, cell, resources, rest);
  }
  const look: LookOptions = { ...rest, ...(at === undefined ? {} : { at: momentOf('--at', at, context.clock.now()) }) };
  if (options.output !== undefined && options.output !== 'wide') return getObjects(context, cell, resources, look);
  await getTables(context, cell, resources, look);
}

/**
 * Says on standard error which point of the past is shown, once the first answer has told it, and has all that follow be of
 * that very point.
 */
class ShownPoint {
  readonly #terminal: CommandContext['terminal'];
  #moment: Moment | undefined;
  #told = false;

  constructor(terminal: CommandContext['terminal'], moment: Moment | undefined) {
    this.#terminal = terminal;
    this.#moment = moment;
  }

  /** What queries ask. */
  get at(): { readonly at?: Moment } {
    return this.#moment === undefined ? {} : { at: this.#moment };
  }

  saw({ revision, time }: { readonly revision: number; readonly time?: number }): void {
    if (time === undefined || this.#told) return;
    this.#told = true;
    this.#moment = { revision };
    this.#terminal.complain(`as of revision ${revision}, ${formatTime(time)}\n`);
  }
}

async function getObjects(
  { terminal }: CommandContext,
  cell: CellClient,
  resources: readonly Named[],
  options: LookOptions,
): Promise<void> {
  const point = new ShownPoint(terminal, options.at);
  const objects: AnyObject[] = [];
  const missing: string[] = [];
  for (const named of resources) {
    const { kind, names } = named;
    if (names.length === 0) {
      const list = await cell.list<string>(kind.kind, { ...selectionOf(named, options), ...point.at });
      point.saw(list);
      objects.push(...list.items);
      continue;
    }
    const keys = names.map((name) => ({ kind: kind.kind, namespace: namespaceOf(kind.kind, options), name }));
    const found = await cell.queries.get({ keys, ...point.at });
    point.saw(found);
    for (const [index, item] of found.items.entries()) {
      if (item) objects.push(item);
      else missing.push(refuse.notFound(kind, names[index] ?? '').message);
    }
  }
  const single = resources.length === 1 && resources[0]?.names.length === 1;
  const format = options.output as 'json' | 'yaml' | 'name';
  if (!single || objects.length > 0) await terminal.write(formatObjects(format, objects, single));
  complainOfMissing(terminal, missing, options);
}

async function getTables(
  { terminal }: CommandContext,
  cell: CellClient,
  resources: readonly Named[],
  options: LookOptions,
): Promise<void> {
  const point = new ShownPoint(terminal, options.at);
  const missing: string[] = [];
  const printed: string[] = [];
  for (const named of resources) {
    const { columns, rows, absent, first } = await tableOf(cell, named, { ...options, ...point.at });
    if (first !== undefined) point.saw(first);
    missing.push(...absent.map((name) => refuse.notFound(named.kind, name).message));
    if (rows.length === 0) continue;
    const several = resources.length > 1;
    const nameAt = hasNamespaceColumn(named, options) ? 1 : 0;
    const lines = rows.map((row) => (several ? row.with(nameAt, displayName(named.kind, row[nameAt] ?? '')) : row));
    printed.push(options.headers ? formatTable(columns, lines) : formatTable(lines[0] ?? [], lines.slice(1)));
  }
  await terminal.write(printed.join('\n'));
  if (printed.length === 0 && missing.length === 0) {
    const scoped = !options.allNamespaces && resources.some(({ kind }) => kind.namespaced);
    terminal.complain(
      `No resources found${scoped ? ` in ${options.namespace ?? 'default'} namespace` : ''}${scoped ? '.' : ''}\n`,
    );
  }
  complainOfMissing(terminal, missing, options);
}

function hasNamespaceColumn({ kind }: Named, { allNamespaces }: LookOptions): boolean {
  return allNamespaces === true && kind.namespaced;
}

/** A table of what is named; with a column for the namespace where several are looked at. */
export async function tableOf(cell: CellClient, named: Named, options: LookOptions) {
  const { kind, names } = named;
  const wide = options.output === 'wide';
  const selection = selectionOf(named, options);
  const at = options.at === undefined ? {} : { at: options.at };
  const tables =
    names.length === 0
      ? [await cell.queries.table({ kind: kind.kind, wide, ...selection, ...at })]
      : await Promise.all(
          names.map((name) => {
            const namespace = namespaceOf(kind.kind, options);
            return cell.queries.table({ kind: kind.kind, wide, namespace, name, ...at });
          }),
        );
  const absent = names.filter((_, index) => tables[index]?.rows.length === 0);
  const spaced = hasNamespaceColumn(named, options);
  const rows = tables.flatMap((table) =>
    table.rows.map(({ namespace, cells }) => (spaced ? [namespace, ...cells] : cells)),
  );
  const columns = tables[0]?.columns ?? [];
  return { columns: spaced ? ['NAMESPACE', ...columns] : columns, rows, absent, first: tables[0] };
}

/** What of a kind is looked at, beside names. */
export function selectionOf({ kind }: Named, options: LookOptions) {
  return {
    ...(kind.namespaced ? namespaceChoice(options) : {}),
    ...(options.selector === undefined ? {} : { labelSelector: options.selector }),
    ...(options.fieldSelector === undefined ? {} : { fieldSelector: options.fieldSelector }),
  };
}

function complainOfMissing(
  terminal: CommandContext['terminal'],
  missing: readonly string[],
  { ignoreNotFound }: LookOptions,
): void {
  if (missing.length === 0 || ignoreNotFound) return;
  for (const message of missing) terminal.complain(`Error from server (NotFound): ${message}\n`);
  throw new CommandFailure('');
}
