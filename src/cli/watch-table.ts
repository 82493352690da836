/** `get -w`: the table, then a line for each change; or each changed object as JSON, YAML or a name. */
import type { CellClient } from '../bus/cell-client.ts';
import type { AnyObject } from '../bus/query-messages.ts';
import type { LookOptions } from './commands/get.ts';
import { selectionOf } from './commands/get.ts';
import type { CommandContext } from './context.ts';
import { CommandFailure, EXIT } from './exit-codes.ts';
import { formatObjects, formatRows, widthsOf } from './output.ts';
import type { Named } from './resources.ts';

/** Shows until Ctrl-C. */
export async function watchResources(
  context: CommandContext,
  cell: CellClient,
  resources: readonly Named[],
  options: LookOptions,
): Promise<void> {
  const [named, ...more] = resources;
  const [name, ...names] = named?.names ?? [];
  if (named === undefined || more.length + names.length > 0) {
    throw new CommandFailure('--watch looks at one kind, or one object', EXIT.usage);
  }
  const selection = { ...selectionOf(named, options), ...(name === undefined ? {} : { name }) };
  const printer = new ChangePrinter(context, cell, named, options);
  for await (const event of cell.watch<string>(named.kind.kind, selection, context.signal)) {
    if (event.type === 'SYNCED') await printer.begin();
    else await printer.tell(event.object, event.type === 'DELETED');
  }
}

class ChangePrinter {
  readonly #context: CommandContext;
  readonly #cell: CellClient;
  readonly #named: Named;
  readonly #options: LookOptions;
  /** What was there at the beginning, printed as one table. */
  #waiting: AnyObject[] | undefined = [];
  #widths: readonly number[] = [];
  /** The last line of each object: how it was when it went. */
  readonly #lines = new Map<string, readonly string[]>();

  constructor(context: CommandContext, cell: CellClient, named: Named, options: LookOptions) {
    this.#context = context;
    this.#cell = cell;
    this.#named = named;
    this.#options = options;
  }

  async begin(): Promise<void> {
    const objects = this.#waiting ?? [];
    this.#waiting = undefined;
    if (this.#format !== undefined) {
      for (const object of objects) await this.tell(object, false);
      return;
    }
    const { columns, rows } = await this.#table();
    const named = this.#named.names[0];
    for (const { cells, namespace, name } of rows) {
      if (named === undefined || named === name) this.#lines.set(`${namespace}/${name}`, cells);
    }
    const header = this.#options.headers ? [this.#spaced('NAMESPACE', columns)] : [];
    const lines = [...header, ...[...this.#lines].map(([key, cells]) => this.#spaced(key.split('/')[0] ?? '', cells))];
    this.#widths = widthsOf(lines);
    await this.#context.terminal.write(formatRows(lines, this.#widths));
  }

  async tell(object: AnyObject, gone: boolean): Promise<void> {
    if (this.#waiting) return void this.#waiting.push(object);
    if (this.#format !== undefined) {
      return void (await this.#context.terminal.write(formatObjects(this.#format, [object], true)));
    }
    const { namespace = '', name } = object.metadata;
    const key = `${namespace}/${name}`;
    const row = gone ? undefined : (await this.#table(namespace, name)).rows[0];
    const cells = row?.cells ?? this.#lines.get(key);
    if (gone) this.#lines.delete(key);
    if (cells === undefined) return;
    if (!gone) this.#lines.set(key, cells);
    await this.#context.terminal.write(formatRows([this.#spaced(namespace, cells)], this.#widths));
  }

  get #format(): 'json' | 'yaml' | 'name' | undefined {
    const { output } = this.#options;
    return output === 'wide' ? undefined : output;
  }

  #table(namespace?: string, name?: string) {
    const { kind } = this.#named;
    const wide = this.#options.output === 'wide';
    if (name !== undefined) {
      return this.#cell.queries.table({ kind: kind.kind, wide, namespace: namespace ?? '', name });
    }
    return this.#cell.queries.table({ kind: kind.kind, wide, ...selectionOf(this.#named, this.#options) });
  }

  #spaced(namespace: string, cells: readonly string[]): readonly string[] {
    return this.#options.allNamespaces && this.#named.kind.namespaced ? [namespace, ...cells] : cells;
  }
}
