/** `why-not POD`: why a pod is on no node, node by node. */
import type { Command } from 'commander';
import { namespaceOf } from '../../bus/sent-command.ts';
import { withCell, type CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { addNamespace, addOutput } from '../flags.ts';
import { momentOf } from '../moment.ts';
import { parseOne } from '../resources.ts';
import { describeWhyNot } from '../why-not-lines.ts';
import { formatAnswer, type PastOptions } from './why.ts';

export function addWhyNot(program: Command, context: CommandContext): void {
  const command = program
    .command('why-not <pod>')
    .description('why a pod is on no node: what each node has against it')
    .option('--at <when>', 'as it was at a revision, a time, or so long ago: 1042, 2026-01-01T12:00:00Z, 15m');
  addOutput(addNamespace(command), ['json', 'yaml']).action(async (pod: string, _, self: Command) => {
    const { namespace, at, data, output } = self.optsWithGlobals<PastOptions>();
    const { kind, name } = parseOne(pod.includes('/') ? [pod] : ['pod', pod]);
    if (kind.kind !== 'Pod') throw new CommandFailure(`only pods are put on nodes, no ${kind.plural}`, EXIT.usage);
    const query = {
      name,
      namespace: namespaceOf('Pod', namespace === undefined ? {} : { namespace }),
      ...(at === undefined ? {} : { at: momentOf('--at', at, context.clock.now()) }),
    };
    const answer = await withCell(context, data, (cell) => cell.queries.ask('why-not', query));
    await context.terminal.write(formatAnswer(answer, output, describeWhyNot));
  });
}
