/** `why KIND/NAME`, `why REVISION`: the chain of causes back to somebody's command, and what came of it. */
import type { Command } from 'commander';
import { namespaceOf } from '../../bus/sent-command.ts';
import type { Query } from '../../bus/query-messages.ts';
import { withCell, type CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../exit-codes.ts';
import { addNamespace, addOutput, type GlobalOptions } from '../flags.ts';
import { momentOf } from '../moment.ts';
import { formatJson, formatYaml } from '../output.ts';
import { parseOne } from '../resources.ts';
import { describeWhy } from '../why-lines.ts';

export interface PastOptions extends GlobalOptions {
  readonly namespace?: string;
  readonly at?: string;
  readonly uid?: string;
  readonly output?: 'json' | 'yaml';
}

export function addWhy(program: Command, context: CommandContext): void {
  const command = program
    .command('why <object> [name]')
    .description('what led to an object being as it is, or to a commit: why pod/web-1, why 812')
    .option('--at <when>', 'as it was at a revision, a time, or so long ago: 1042, 2026-01-01T12:00:00Z, 15m')
    .option('--uid <uid>', 'which of the objects that had the name; the last one otherwise');
  addOutput(addNamespace(command), ['json', 'yaml']).action(
    async (first: string, second: string | undefined, _, self: Command) => {
      const options = self.optsWithGlobals<PastOptions>();
      const query = queryOf(second === undefined ? [first] : [first, second], options, context.clock.now());
      const answer = await withCell(context, options.data, (cell) => cell.queries.ask('why', query));
      await context.terminal.write(formatAnswer(answer, options.output, describeWhy));
    },
  );
}

function queryOf(words: readonly string[], options: PastOptions, now: number): Query<'why'> {
  const [first = ''] = words;
  if (words.length > 1 || !/^\d+$/.test(first)) return objectQuery(words, options, now);
  if (options.at !== undefined || options.uid !== undefined)
    throw new CommandFailure('--at and --uid are about objects; a revision says it all', EXIT.usage);
  if (!Number.isSafeInteger(Number(first)) || Number(first) === 0)
    throw new CommandFailure(`"${first}" is no revision: "periplus history" shows them`, EXIT.usage);
  return { commit: Number(first) };
}

/** What is asked about one object of the past. */
export function objectQuery(words: readonly string[], { namespace, at, uid }: PastOptions, now: number) {
  const { kind, name } = parseOne(words);
  return {
    kind: kind.kind,
    name,
    ...(kind.namespaced ? { namespace: namespaceOf(kind.kind, namespace === undefined ? {} : { namespace }) } : {}),
    ...(uid === undefined ? {} : { uid }),
    ...(at === undefined ? {} : { at: momentOf('--at', at, now) }),
  };
}

/** For programs as it came, or in lines for people. */
export function formatAnswer<Answer>(
  answer: Answer,
  output: PastOptions['output'],
  describe: (answer: Answer) => string,
): string {
  if (output === undefined) return describe(answer);
  return output === 'json' ? formatJson(answer) : formatYaml(answer);
}
