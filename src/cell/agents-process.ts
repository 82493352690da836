/** Runs agents until told to end: asked, they remove their containers; with the parent gone, the containers live on. */
import type { Logger } from '../foundation/logger.ts';
import { startAgents } from './agents.ts';
import type { DataDirectory } from './data-directory.ts';
import { isRuntimeName } from './runtime-name.ts';
import { untilToldToEnd } from './supervised-process.ts';

export interface AgentsProcessArguments {
  readonly nodes: string;
  readonly runtime: string;
  readonly share: string;
}

export async function runAgentsProcess(
  directory: DataDirectory,
  given: AgentsProcessArguments,
  logger: Logger,
): Promise<void> {
  if (!isRuntimeName(given.runtime)) throw new Error(`there is no runtime "${given.runtime}"`);
  const told = untilToldToEnd();
  const starting = startAgents({
    directory,
    nodes: given.nodes.split(','),
    runtime: given.runtime,
    share: Number(given.share),
    logger,
  });
  // A bus that never answers must not keep a process that was told to end; it has started nothing yet.
  const agents = await Promise.race([starting, told.then(() => undefined)]);
  if (agents === undefined) return;
  const why = await told;
  logger.info('the agents end', { why });
  await (why === 'asked' ? agents.drain() : agents.stop());
}
