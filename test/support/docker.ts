/** The real engine beneath the runtime, for tests that prepare or check what the runtime itself must not do. */
import { join } from 'node:path';
import Docker from 'dockerode';
import { projectRoot, runCommand } from './run-command.ts';

export const docker = new Docker();

/** Removes every container of a cell, whatever a failed test left. */
export async function removeCell(cell: string): Promise<void> {
  const left = await docker.listContainers({ all: true, filters: { label: [`periplus.cell=${cell}`] } });
  await Promise.all(left.map(({ Id }) => docker.getContainer(Id).remove({ force: true, v: true })));
}

/** Whether an engine can be reached; where none can, tests of it are skipped. */
export const hasEngine = runCommand(join(projectRoot, 'scripts/setup'), ['--print', 'docker']).status === 0;
