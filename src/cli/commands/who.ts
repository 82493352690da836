/** `who KIND/NAME`: who made each field what it is, or which values one field has had. */
import { Option, type Command } from 'commander';
import { withCell, type CommandContext } from '../context.ts';
import { addNamespace, addOutput } from '../flags.ts';
import { describeWho, WHO_GROUPS, type WhoGroup } from '../who-lines.ts';
import { formatAnswer, objectQuery, type PastOptions } from './why.ts';

interface WhoOptions extends PastOptions {
  readonly field?: string;
  readonly by: WhoGroup;
}

export function addWho(program: Command, context: CommandContext): void {
  const command = program
    .command('who <object> [name]')
    .description('who made each field what it is: who rc/web, who rc/web --field spec.replicas')
    .option('--field <path>', 'all values this field has had: spec.replicas, spec.containers[main].image')
    .addOption(new Option('--by <group>', 'how to group the fields').choices(WHO_GROUPS).default('field'))
    .option('--at <when>', 'as it was at a revision, a time, or so long ago: 1042, 2026-01-01T12:00:00Z, 15m')
    .option('--uid <uid>', 'which of the objects that had the name; the last one otherwise');
  addOutput(addNamespace(command), ['json', 'yaml']).action(
    async (first: string, second: string | undefined, _, self: Command) => {
      const options = self.optsWithGlobals<WhoOptions>();
      const { field, by } = options;
      const words = second === undefined ? [first] : [first, second];
      const query = { ...objectQuery(words, options, context.clock.now()), ...(field === undefined ? {} : { field }) };
      const answer = await withCell(context, options.data, (cell) => cell.queries.ask('who', query));
      const describe = (given: typeof answer) => describeWho(given, by);
      await context.terminal.write(formatAnswer(answer, options.output, describe));
    },
  );
}
