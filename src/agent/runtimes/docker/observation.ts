/** Reads the engine's descriptions of containers into the port's. */
import { parseTime } from '../../../foundation/clock.ts';
import type { ContainerExit, RuntimeContainer, RuntimeInfo, RuntimeSandbox } from '../container-runtime.ts';
import type { ContainerDetails, ContainerSummary, MachineDetails } from './engine.ts';
import type { ContainerIdentity } from './names.ts';

/** Shells and the engine alike report a process ended by a signal as 128 + its number. */
const SIGNAL_EXIT_CODE_BASE = 128;
const SIGNAL_MAX = 64;
const KILLED_EXIT_CODE = 137;

const NETWORK_OF_CONTAINER = 'container:';

/** What engines call processors, in the words of Kubernetes. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x86_64: 'amd64', aarch64: 'arm64' };

/** @param outOfMemory what the events told of this exit, if they were heard */
export function toContainer(
  details: ContainerDetails,
  identity: ContainerIdentity,
  outOfMemory: boolean | undefined,
): RuntimeContainer {
  const startedAt = parseTime(details.State.StartedAt);
  const exit = details.State.Running ? undefined : toExit(details, outOfMemory);
  const ended = exit === undefined ? 'created' : 'exited';
  return {
    id: details.Id,
    pod: identity.pod,
    sandboxId: (details.HostConfig.NetworkMode ?? '').slice(NETWORK_OF_CONTAINER.length),
    name: identity.container,
    attempt: identity.attempt,
    image: details.Config.Image,
    imageId: details.Image,
    state: details.State.Running ? 'running' : ended,
    ...(startedAt > 0 && { startedAt }),
    ...(exit !== undefined && { exit }),
  };
}

/** Undefined before the first end: the engine writes a time long past then. */
function toExit({ State: state }: ContainerDetails, outOfMemory: boolean | undefined): ContainerExit | undefined {
  const finishedAt = parseTime(state.FinishedAt);
  if (!(finishedAt > 0)) return undefined;
  const { ExitCode: exitCode } = state;
  const signal = exitCode - SIGNAL_EXIT_CODE_BASE;
  return {
    exitCode,
    ...(signal > 0 && signal <= SIGNAL_MAX && { signal }),
    // The flag stays set once a child was killed, but whoever is killed for want of memory always ends with 137.
    oomKilled: outOfMemory ?? (state.OOMKilled && exitCode === KILLED_EXIT_CODE),
    finishedAt,
  };
}

interface SandboxFacts {
  readonly id: string;
  readonly running: boolean;
  readonly createdAt: number;
  readonly networks: Readonly<Record<string, { readonly IPAddress: string }>>;
}

export function sandboxFromSummary(summary: ContainerSummary, identity: ContainerIdentity): RuntimeSandbox {
  return toSandbox(identity, {
    id: summary.Id,
    running: summary.State === 'running',
    createdAt: summary.Created * 1000,
    networks: summary.NetworkSettings.Networks,
  });
}

export function sandboxFromDetails(details: ContainerDetails, identity: ContainerIdentity): RuntimeSandbox {
  return toSandbox(identity, {
    id: details.Id,
    running: details.State.Running,
    // Whole seconds, as a list has them, so that both say the same.
    createdAt: Math.floor(parseTime(details.Created) / 1000) * 1000,
    networks: details.NetworkSettings.Networks,
  });
}

function toSandbox(identity: ContainerIdentity, facts: SandboxFacts): RuntimeSandbox {
  const ip = Object.values(facts.networks)
    .map(({ IPAddress }) => IPAddress)
    .find((address) => address !== '');
  const { id, running, createdAt } = facts;
  return { id, pod: identity.pod, attempt: identity.attempt, running, createdAt, ...(ip !== undefined && { ip }) };
}

export function toInfo(machine: MachineDetails): RuntimeInfo {
  return {
    runtimeVersion: `docker://${machine.ServerVersion}`,
    cpuMillis: machine.NCPU * 1000,
    memoryBytes: machine.MemTotal,
    kernelVersion: machine.KernelVersion,
    osImage: machine.OperatingSystem,
    architecture: ARCHITECTURES[machine.Architecture] ?? machine.Architecture,
    unenforceable: [
      ...(machine.CpuCfsQuota ? [] : (['cpu'] as const)),
      ...(machine.MemoryLimit ? [] : (['memory'] as const)),
    ],
  };
}
