/** `cordon NODE`, `uncordon NODE`: whether new pods may be placed there. */
import type { Command } from 'commander';
import { withCell, type CommandContext } from '../context.ts';
import type { GlobalOptions } from '../flags.ts';

export function addCordon(program: Command, context: CommandContext): void {
  const add = (name: 'cordon' | 'uncordon', description: string) =>
    program
      .command(`${name} <nodes...>`)
      .description(description)
      .action(async (nodes: string[], _, self: Command) => {
        await cordon(context, self.optsWithGlobals<GlobalOptions>(), name, nodes);
      });
  add('cordon', 'place no new pods on a node');
  add('uncordon', 'place new pods on a node again');
}

async function cordon(
  context: CommandContext,
  { data }: GlobalOptions,
  verb: 'cordon' | 'uncordon',
  nodes: readonly string[],
): Promise<void> {
  const spec = { unschedulable: verb === 'cordon' ? true : null };
  await withCell(context, data, async (cell) => {
    for (const node of nodes.map((name) => name.replace(/^nodes?\//, ''))) {
      const { outcome } = await cell.patch('Node', node, { spec });
      const already = outcome === 'unchanged' ? 'already ' : '';
      await context.terminal.write(`node/${node} ${already}${verb}ed\n`);
    }
  });
}
