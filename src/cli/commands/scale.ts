/** `scale KIND NAME --replicas N`. */
import type { Command } from 'commander';
import { withCell, type CommandContext } from '../context.ts';
import { addNamespace, addOutput, wholeNumber, type GlobalOptions } from '../flags.ts';
import { formatJson } from '../output.ts';
import { displayName, parseOne } from '../resources.ts';

interface ScaleOptions extends GlobalOptions {
  readonly namespace?: string;
  readonly replicas: number;
  readonly output?: 'json' | 'name';
}

export function addScale(program: Command, context: CommandContext): void {
  const command = program
    .command('scale <kind> [name]')
    .description('change how many pods a controller keeps: scale rc web --replicas 5')
    .requiredOption('--replicas <number>', 'how many', wholeNumber);
  addOutput(addNamespace(command), ['json', 'name']).action(
    async (first: string, second: string | undefined, _, self: Command) => {
      const options = self.optsWithGlobals<ScaleOptions>();
      const { kind, name } = parseOne(second === undefined ? [first] : [first, second]);
      const where = options.namespace === undefined ? {} : { namespace: options.namespace };
      await withCell(context, options.data, async (cell) => {
        await cell.scale(kind.kind, name, options.replicas, where);
        const shown = displayName(kind, name);
        if (options.output === 'json') {
          return context.terminal.write(formatJson(await cell.get<string>(kind.kind, name, where)));
        }
        return context.terminal.write(options.output === 'name' ? `${shown}\n` : `${shown} scaled\n`);
      });
    },
  );
}
