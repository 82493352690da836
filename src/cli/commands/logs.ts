/** `logs POD`: what a container printed. */
import type { Command } from 'commander';
import { withCell, type CommandContext } from '../context.ts';
import { addNamespace, span, wholeNumber, type GlobalOptions } from '../flags.ts';
import { podTarget, type PodOptions } from '../pod-target.ts';

interface LogsOptions extends GlobalOptions, PodOptions {
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly tail?: number;
  readonly since?: number;
  readonly timestamps?: boolean;
}

export function addLogs(program: Command, context: CommandContext): void {
  const command = program
    .command('logs <pod>')
    .description('show what a container printed')
    .option('-c, --container <name>', 'which container; the first when absent')
    .option('-f, --follow', 'and what it will print')
    .option('-p, --previous', 'of the run before this one')
    .option('--tail <lines>', 'only the last lines', wholeNumber)
    .option('--since <time>', 'only what is not older, such as 5m', span)
    .option('--timestamps', 'with the time of each line');
  addNamespace(command).action(async (pod: string, _, self: Command) => {
    const options = self.optsWithGlobals<LogsOptions>();
    await withCell(context, options.data, async (cell) => {
      const target = await podTarget(cell, context.terminal, pod, options);
      const request = {
        follow: options.follow ?? false,
        timestamps: options.timestamps ?? false,
        ...(options.tail === undefined ? {} : { tailLines: options.tail }),
        ...(options.since === undefined ? {} : { since: context.clock.now() - options.since }),
      };
      const output = cell.logs({ ...target, previous: options.previous ?? false }, request, context.signal);
      // Kubernetes writes both streams of a container to standard output.
      for await (const { data } of output) await context.terminal.write(data);
    });
  });
}
