/** `send --json COMMAND`: any command as it travels on the bus, for scripts and for trying things out. */
import { readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { CommandDraft } from '../../../machines/index.ts';
import { namespaceOf } from '../../bus/sent-command.ts';
import { withCell, type CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import type { GlobalOptions } from '../flags.ts';
import { readAll } from '../manifest-files.ts';
import { formatJson } from '../output.ts';

interface SendOptions extends GlobalOptions {
  readonly json: string;
}

/** What a person writes; the cell checks it, so only what is needed to send it is looked at. */
type Draft = Partial<CommandDraft> & { readonly commands?: readonly Partial<CommandDraft>[] };

export function addSend(program: Command, context: CommandContext): void {
  program
    .command('send')
    .description('send commands as they are; prints their outcomes as JSON')
    .requiredOption('--json <command>', 'a command or {"commands": [...]}; @FILE reads a file, - standard input')
    .action(async (_options, self: Command) => {
      const options = self.optsWithGlobals<SendOptions>();
      const drafts = draftsOf(await textOf(context, options.json), context);
      const outcomes = await withCell(context, options.data, (cell) => cell.submit(drafts));
      await context.terminal.write(formatJson(outcomes.length === 1 ? outcomes[0] : outcomes));
      const refused = outcomes.some(({ outcome }) => outcome === 'refused' || outcome === 'not-decided');
      if (refused) throw new CommandFailure('');
    });
}

async function textOf({ terminal }: CommandContext, given: string): Promise<string> {
  if (given === '-') return readAll(terminal.input);
  if (!given.startsWith('@')) return given;
  try {
    return readFileSync(given.slice(1), 'utf8');
  } catch {
    throw new CommandFailure(`cannot read "${given.slice(1)}"`);
  }
}

function draftsOf(text: string, { identifiers }: CommandContext): readonly CommandDraft[] {
  let content: Draft;
  try {
    content = JSON.parse(text) as Draft;
  } catch (error) {
    throw new CommandFailure(`the command is not JSON: ${(error as Error).message}`, EXIT.usage);
  }
  const drafts = Array.isArray(content?.commands) ? content.commands : [content];
  return drafts.map((draft) => {
    if (typeof draft?.kind !== 'string' || typeof draft.verb !== 'string') {
      throw new CommandFailure('a command needs kind, verb, name and arguments: see "periplus schemas"', EXIT.usage);
    }
    const { kind, verb, name = '' } = draft;
    const namespace = namespaceOf(kind, draft.namespace === undefined ? {} : { namespace: draft.namespace });
    return { arguments: {}, ...draft, id: draft.id ?? identifiers.uuid(), kind, verb, name, namespace };
  });
}
