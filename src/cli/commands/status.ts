/** `status`: what runs, where its bus is, and how far it is. `schemas`: JSON Schemas of everything that travels. */
import { Option, type Command } from 'commander';
import type { StatusAnswer } from '../../bus/query-messages.ts';
import { dataDirectory } from '../../cell/data-directory.ts';
import { operatorCredentialsFile } from '../../cell/operator-connection.ts';
import { readEndpoint } from '../../cell/gateway-access.ts';
import { runningCell, type RunningCell } from '../../cell/running-cell.ts';
import { withCell, type CommandContext } from '../context.ts';
import type { GlobalOptions } from '../flags.ts';
import { formatJson, formatRows, formatTable, widthsOf } from '../output.ts';

interface StatusOptions extends GlobalOptions {
  readonly output?: 'json';
}

export function addStatus(program: Command, context: CommandContext): void {
  program
    .command('status')
    .description('what runs, where, and how far it is')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['json']))
    .action(async (_options, self: Command) => {
      await status(context, self.optsWithGlobals<StatusOptions>());
    });
  program
    .command('schemas')
    .description('print JSON Schemas of commands, replies, queries, entries and events')
    .action(async (_options, self: Command) => {
      const schemas = await withCell(context, self.optsWithGlobals<GlobalOptions>().data, (cell) => cell.schemas());
      await context.terminal.write(formatJson(schemas));
    });
}

async function status(context: CommandContext, { data, output }: StatusOptions): Promise<void> {
  const directory = dataDirectory(data);
  const running = runningCell(directory);
  const api = readEndpoint(directory.gateway)?.url;
  await withCell(context, data, async (cell) => {
    const answer = await cell.status();
    const credentials = operatorCredentialsFile(data);
    if (output === 'json') {
      return context.terminal.write(formatJson({ ...answer, running: running ?? null, api: api ?? null, credentials }));
    }
    await context.terminal.write(describe(answer, { running, api, credentials }));
    const nodes = await cell.queries.table({ kind: 'Node' });
    if (nodes.rows.length > 0) {
      await context.terminal.write(
        `\n${formatTable(
          nodes.columns,
          nodes.rows.map(({ cells }) => cells),
        )}`,
      );
    }
  });
}

interface Surroundings {
  readonly running: RunningCell | undefined;
  /** Where the Kubernetes API is. */
  readonly api: string | undefined;
  readonly credentials: string;
}

function describe(answer: StatusAnswer, { running, api, credentials }: Surroundings): string {
  const objects = Object.entries(answer.objects)
    .map(([kind, count]) => `${count} ${kind}`)
    .join(', ');
  const lines = [
    ['Cell', answer.cell],
    ...(running ? [['Bus', running.url]] : []),
    ...(api === undefined ? [] : [['Kubernetes', `${api}; periplus kubeconfig`]]),
    ['Credentials', credentials],
    ['Schemas', 'periplus schemas'],
    ['Writer', answer.writing ? answer.process : `none: ${answer.process} answers`],
    ['Lineage', answer.lineage],
    ['Revision', `${answer.revision} in entry ${answer.entry}; read model at ${answer.readModelRevision}`],
    ['Waiting', `${answer.queued} commands`],
    ['Objects', objects || 'none'],
    [
      'Checkpoint',
      `${answer.checkpoint ? `of entry ${answer.checkpoint.entry}` : 'none yet'}; key ${answer.checkpointKey}`,
    ],
    ...(running ? [['Runtime', running.runtime]] : []),
    ...troubleOf(answer, running).map((trouble) => ['Trouble', trouble]),
  ];
  return formatRows(lines, widthsOf(lines));
}

function troubleOf(answer: StatusAnswer, running: RunningCell | undefined): readonly string[] {
  return [answer.trouble, running?.trouble].filter((trouble) => trouble !== undefined);
}
