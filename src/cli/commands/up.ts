/** `up` and `down`: start and stop a cell on this machine. */
import { Option, type Command } from 'commander';
import { positiveNumber, type GlobalOptions } from '../flags.ts';
import type { DownOptions, UpOptions } from '../../cell/up-options.ts';

const RUNTIMES = ['auto', 'docker', 'process', 'hollow'] satisfies UpOptions['runtime'][];

/** What starts and stops cells; resolves with the exit code. */
export interface CellControl {
  up(options: UpOptions): Promise<number>;
  down(options: DownOptions): Promise<number>;
}

/** `done` takes the exit code. */
export function addUpAndDown(program: Command, control: CellControl, done: (exitCode: number) => void): void {
  program
    .command('up')
    .description('start a cell on this machine')
    .option('--nodes <number>', 'node agents on this machine, its capacity split over them', positiveNumber, 1)
    .addOption(new Option('--runtime <runtime>', 'what runs containers').choices(RUNTIMES).default('auto'))
    .option('--detach', 'return once it is ready', false)
    .option('--demo', 'apply the demo into a fresh cell', false)
    .option('--standby', 'run another control plane, ready to take over', false)
    .option('--listen <address>', 'address the bus listens on; loopback when absent')
    .option(
      '--api-port <port>',
      "port of the Kubernetes API; its last one, or Kubernetes' own, when absent",
      positiveNumber,
    )
    .option('--accept-loss', 'begin a new lineage where the log is damaged or lost data', false)
    .option('--accept-unsynced', 'use a bus that does not sync every entry', false)
    .action(async (_options, self: Command) => done(await control.up(self.optsWithGlobals<UpOptions>())));
  program
    .command('down')
    .description('stop the cell: containers go, objects stay')
    .action(async (_options, self: Command) => {
      const { data } = self.optsWithGlobals<GlobalOptions>();
      done(await control.down({ data }));
    });
}
