/** `history [KIND/NAME]`: who did what, and what was refused, from the log itself. */
import { Option, type Command } from 'commander';
import { namespaceOf } from '../../bus/sent-command.ts';
import { parseTime } from '../../foundation/clock.ts';
import { withCell, type CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { addNamespace, parseSpan, type GlobalOptions } from '../flags.ts';
import {
  describeHappening,
  formatHappening,
  happeningsOf,
  HISTORY_FORMATS,
  HISTORY_HEADER,
  isPast,
  type HistoryFilter,
  type HistoryFormat,
} from '../history-lines.ts';
import { parseOne } from '../resources.ts';

interface HistoryOptions extends GlobalOptions {
  readonly namespace?: string;
  readonly from?: string;
  readonly to?: string;
  readonly actor?: string;
  readonly follow?: boolean;
  readonly output?: HistoryFormat;
}

export function addHistory(program: Command, context: CommandContext): void {
  const command = program
    .command('history [object]')
    .description('what happened: all of it, or to one object (KIND/NAME)')
    .option('--from <when>', 'a revision, a time, or how long ago: 1042, 2026-01-01T12:00:00Z, 15m')
    .option('--to <when>', 'likewise')
    .option('--actor <name>', 'only what this actor did')
    .option('-f, --follow', 'and what happens from now on')
    .addOption(new Option('-o, --output <format>', 'one JSON document a line').choices(HISTORY_FORMATS));
  addNamespace(command).action(async (object: string | undefined, _, self: Command) => {
    const options = self.optsWithGlobals<HistoryOptions>();
    await history(context, options, filterOf(object, options, context.clock.now()));
  });
}

async function history(context: CommandContext, options: HistoryOptions, filter: HistoryFilter): Promise<void> {
  const { output, follow = false } = options;
  const { fromRevision, fromTime } = filter;
  const from = fromRevision !== undefined ? { fromRevision } : fromTime !== undefined ? { fromTime } : ({} as const);
  await withCell(context, options.data, async (cell) => {
    if (output === undefined) await context.terminal.write(HISTORY_HEADER);
    for await (const entry of cell.log({ ...from, follow }, context.signal)) {
      if (isPast(entry, filter)) return;
      const lines = happeningsOf(entry, filter).map((happening) =>
        output === undefined ? describeHappening(happening) : formatHappening(output, cell.cell, happening),
      );
      if (lines.length > 0) await context.terminal.write(lines.join(''));
    }
  });
}

function filterOf(object: string | undefined, options: HistoryOptions, now: number): HistoryFilter {
  const { actor, namespace, from, to } = options;
  const named = object === undefined ? undefined : parseOne([object]);
  const scope = namespace === undefined ? {} : { namespace };
  return {
    ...scope,
    ...(named ? { kind: named.kind.kind, name: named.name, namespace: namespaceOf(named.kind.kind, scope) } : {}),
    ...(actor === undefined ? {} : { actor }),
    ...bound('from', from, now),
    ...bound('to', to, now),
  };
}

function bound(side: 'from' | 'to', text: string | undefined, now: number): HistoryFilter {
  if (text === undefined) return {};
  if (/^\d+$/.test(text)) return side === 'from' ? { fromRevision: Number(text) } : { toRevision: Number(text) };
  const span = parseSpan(text);
  const time = span === undefined ? parseTime(text) : now - span;
  if (Number.isNaN(time)) {
    throw new CommandFailure(`--${side}: "${text}" is no revision, time or span such as 15m`, EXIT.usage);
  }
  return side === 'from' ? { fromTime: time } : { toTime: time };
}
