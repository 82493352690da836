/** Runs the supervisor until told to end. */
import { systemClock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';
import { identityOf, type DataDirectory } from './data-directory.ts';
import { holdDirectory } from './directory-lock.ts';
import { isRuntimeName } from './runtime-name.ts';
import { untilAsked, untilToldToEnd } from './supervised-process.ts';
import { Supervisor } from './supervisor.ts';

export interface SupervisorArguments {
  readonly nodes: string;
  readonly runtime: string;
  readonly standby: boolean;
  /** Nobody waits at its standard input. */
  readonly detached: boolean;
  readonly listen?: string | undefined;
  readonly 'api-port'?: string | undefined;
  readonly 'accept-loss': boolean;
  readonly 'accept-unsynced': boolean;
}

export async function runSupervisorProcess(
  directory: DataDirectory,
  given: SupervisorArguments,
  logger: Logger,
): Promise<void> {
  if (!isRuntimeName(given.runtime)) throw new Error(`there is no runtime "${given.runtime}"`);
  await holdDirectory(directory.root);
  const told = given.detached ? untilAsked() : untilToldToEnd();
  const supervisor = new Supervisor({
    directory,
    cell: identityOf(directory).cell,
    nodes: given.nodes.split(','),
    runtime: given.runtime,
    standby: given.standby,
    ...(given.listen === undefined ? {} : { listenAddress: given.listen }),
    ...(given['api-port'] === undefined ? {} : { apiPort: Number(given['api-port']) }),
    acceptLoss: given['accept-loss'],
    acceptUnsynced: given['accept-unsynced'],
    clock: systemClock,
    logger,
  });
  try {
    await supervisor.start();
    const why = await told;
    logger.info('the cell stops', { why });
    await supervisor.stop({ keepContainers: why === 'parent-gone' });
  } catch (error) {
    await supervisor.stop({ keepContainers: true });
    throw error;
  }
}
