/** `what-if -f SCENARIO`: what would become of the cell, played in memory from a moment of its past. */
import { Option, type Command } from 'commander';
import { loadState } from '../../history/load-state.ts';
import { ScenarioError } from '../../simulator/what-if/errors.ts';
import { whatIf } from '../../simulator/what-if/what-if.ts';
import { withCell, type CommandContext } from '../context.ts';
import { CommandFailure } from '../exit-codes.ts';
import type { GlobalOptions } from '../flags.ts';
import { momentOf } from '../moment.ts';
import { formatJson, formatYaml } from '../output.ts';
import { progressOf } from '../progress.ts';
import { describeAnswer } from '../what-if/answer-text.ts';
import { readScenario, scenarioName } from '../what-if/scenario-file.ts';
import { EXAMPLE_SCENARIO } from '../what-if/scenario-schema.ts';

interface WhatIfOptions extends GlobalOptions {
  readonly filename: string;
  readonly at?: string;
  readonly output?: 'json' | 'yaml';
}

const HELP = `
The cell is taken as it is, or was with --at, into this process's memory; its writer, scheduler and controllers play the
steps there, one after the other, on a virtual clock and with nodes that start every pod at once. Nothing reaches the cell.

A scenario:
${EXAMPLE_SCENARIO.split('\n')
  .map((line) => `  ${line}`)
  .join('\n')}`;

export function addWhatIf(program: Command, context: CommandContext): void {
  program
    .command('what-if')
    .description('what would happen: drain, lose or add nodes, scale, apply, ask what fits; in memory only')
    .requiredOption('-f, --filename <file>', 'the scenario, or - for standard input')
    .option('--at <when>', 'from a revision, a time, or how long ago: 1042, 2026-01-01T12:00:00Z, 15m')
    .addOption(new Option('-o, --output <format>', 'how to print').choices(['json', 'yaml']))
    .addHelpText('after', HELP)
    .action(async (_options, self: Command) => {
      await playScenario(context, self.optsWithGlobals<WhatIfOptions>());
    });
}

async function playScenario(context: CommandContext, options: WhatIfOptions): Promise<void> {
  const { terminal, clock, signal } = context;
  const { data, filename, at, output } = options;
  const moment = at === undefined ? undefined : momentOf('--at', at, clock.now());
  const scenario = await readScenario(filename, terminal.input);
  const progress = progressOf(terminal, 'objects');
  try {
    const base = await withCell(context, data, (cell) =>
      loadState(cell.queries, moment, { signal, onProgress: (done, whole) => progress.show(done, whole) }),
    );
    progress.clear();
    const answer = await whatIf(base, scenario, { signal });
    const format = output === 'json' ? formatJson : output === 'yaml' ? formatYaml : describeAnswer;
    await terminal.write(format(answer));
  } catch (error) {
    progress.clear();
    if (error instanceof ScenarioError) throw new CommandFailure(`${scenarioName(filename)}: ${error.message}`);
    throw error;
  }
}
