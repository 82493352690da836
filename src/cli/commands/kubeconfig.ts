/** `kubeconfig`: what kubectl needs to speak with the cell, for its administrator. */
import type { Command } from 'commander';
import { dataDirectory } from '../../cell/data-directory.ts';
import { gatewayAccess } from '../../cell/gateway-access.ts';
import type { CommandContext } from '../context.ts';
import type { GlobalOptions } from '../flags.ts';

export function addKubeconfig(program: Command, context: CommandContext): void {
  program
    .command('kubeconfig')
    .description('print a kubeconfig of the cell, for kubectl')
    .action(async (_options, self: Command) => {
      const { data } = self.optsWithGlobals<GlobalOptions>();
      await context.terminal.write(gatewayAccess(dataDirectory(data)));
    });
}
