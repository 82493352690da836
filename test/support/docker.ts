/** The real engine beneath the runtime, for tests that prepare or check what the runtime itself must not do. */
import { join } from 'node:path';
import Docker from 'dockerode';
import { projectRoot, runCommand } from './run-command.ts';

export const docker = new Docker();

/** Removes every container of a cell, whatever a failed test left. */
export async function removeCell(cell: string): Promise<void> {
  const left = await docker.listContainers({ all: true, filters: { label: [`periplus.cell=${cell}`] } });
  await Promise.all(left.map(({ Id }) => removeContainer(docker, Id)));
}

const GOING_OR_GONE: readonly unknown[] = [404, 409];

/** Removes a container; that somebody else does, or has done, is as good. */
export async function removeContainer(engine: Docker, id: string): Promise<void> {
  try {
    await engine.getContainer(id).remove({ force: true, v: true });
  } catch (error) {
    if (!GOING_OR_GONE.includes((error as { readonly statusCode?: number }).statusCode)) throw error;
  }
}

/** Whether an engine can be reached; where none can, tests of it are skipped. */
export const hasEngine = runCommand(join(projectRoot, 'scripts/setup'), ['--print', 'docker']).status === 0;
