/** The agents of some of a cell's nodes as a process: usually one, hollow ones by the dozen. */
import { connectBus } from '../bus/connection.ts';
import { readCredentials } from '../bus/credentials.ts';
import { NodeLink } from '../bus/node-link.ts';
import { createAgent, type Agent } from '../agent/agent.ts';
import type { ContainerRuntime } from '../agent/runtimes/container-runtime.ts';
import { systemClock } from '../foundation/clock.ts';
import { systemIdentifiers } from '../foundation/identifiers.ts';
import type { Logger } from '../foundation/logger.ts';
import { credentialsFile } from './bus-users.ts';
import type { DataDirectory } from './data-directory.ts';
import type { RuntimeName } from './runtime-name.ts';
import { PERIPLUS_VERSION } from './version.ts';

export interface AgentsOptions {
  readonly directory: DataDirectory;
  readonly nodes: readonly string[];
  readonly runtime: RuntimeName;
  /** How many nodes share this machine's capacity. */
  readonly share: number;
  readonly logger: Logger;
}

interface StartedAgent {
  readonly agent: Agent;
  readonly link: NodeLink;
  readonly runtime: ContainerRuntime;
}

/** The agents of this process, once started. */
export interface RunningAgents {
  /** Leaves the containers running. */
  stop(): Promise<void>;
  /** Stops and removes the containers; their pods stay. */
  drain(): Promise<void>;
}

/** Starts them; they wait for bus and engine by themselves. */
export async function startAgents(options: AgentsOptions): Promise<RunningAgents> {
  const started = await Promise.all(options.nodes.map((node) => startAgent(options, node)));
  const end = async (how: (agent: Agent) => Promise<void>) => {
    await Promise.all(
      started.map(async ({ agent, link, runtime }) => {
        await how(agent);
        await link.close();
        await runtime.close();
      }),
    );
  };
  return { stop: () => end((agent) => agent.stop()), drain: () => end((agent) => agent.drain()) };
}

async function startAgent(options: AgentsOptions, node: string): Promise<StartedAgent> {
  const logger = options.logger.with({ node });
  const credentials = readCredentials(credentialsFile(options.directory, { role: 'node', node }));
  const runtime = await makeRuntime(options, { cell: credentials.cell, node, logger });
  const bus = await connectBus(credentials, { name: `agent-${node}`, waitForServer: true });
  const link = new NodeLink({ bus, node, clock: systemClock, logger });
  const agent = createAgent({
    cell: credentials.cell,
    node,
    runtime,
    link,
    clock: systemClock,
    identifiers: systemIdentifiers,
    logger,
    dataDirectory: options.directory.root,
    version: PERIPLUS_VERSION,
    // A hollow node is a machine of its own; the others share this one.
    capacityShare: runtime.kind === 'hollow' ? 1 : 1 / options.share,
  });
  await agent.start();
  return { agent, link, runtime };
}

/** Loads only the runtime that is used: a hollow node should not carry a Docker client. */
async function makeRuntime(
  { runtime, share, directory }: AgentsOptions,
  { cell, node, logger }: { readonly cell: string; readonly node: string; readonly logger: Logger },
): Promise<ContainerRuntime> {
  switch (runtime) {
    case 'docker': {
      const { createDockerRuntime } = await import('../agent/runtimes/docker/index.ts');
      return createDockerRuntime({ cell, node, clock: systemClock, logger, engineSharers: share });
    }
    case 'process': {
      const { createProcessRuntime } = await import('../agent/runtimes/process/index.ts');
      return createProcessRuntime({ cell, node, dataDirectory: directory.agent(node), clock: systemClock, logger });
    }
    case 'hollow': {
      const { createHollowRuntime } = await import('../agent/runtimes/hollow/runtime.ts');
      return createHollowRuntime({ node, clock: systemClock });
    }
    default:
      return runtime satisfies never;
  }
}
