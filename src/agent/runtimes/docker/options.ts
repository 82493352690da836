/** What a sandbox and a container look like to the engine. */
import type { ContainerSpec, HostPort, SandboxSpec } from '../container-runtime.ts';
import type { ContainerOptions } from './engine.ts';
import { SANDBOX_CONTAINER, labelsOf } from './names.ts';
import type { Owner } from './names.ts';

const NANO_CPUS_PER_MILLI = 1_000_000;
const SHARES_PER_CPU = 1024;
/** The kernel's smallest and largest weight. No request weighs least, as in Kubernetes: requests are what is promised. */
const SHARES_MIN = 2;
const SHARES_MAX = 262_144;

/** Kubernetes' defaults for a container's log; without a bound one chatty program fills the node's disk. */
const LOG_CONFIG = { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '5' } };

export function sandboxOptions(
  owner: Owner,
  spec: SandboxSpec,
  engine: { readonly pauseImage: string; readonly network: string },
): ContainerOptions {
  const { pod, attempt } = spec;
  return {
    Image: engine.pauseImage,
    Hostname: spec.hostname,
    Labels: labelsOf(owner, { pod, container: SANDBOX_CONTAINER, attempt }),
    ExposedPorts: Object.fromEntries(spec.hostPorts.map((port) => [portKey(port), {}])),
    HostConfig: {
      NetworkMode: engine.network,
      IpcMode: 'shareable',
      PortBindings: portBindings(spec.hostPorts),
      CpuShares: SHARES_MIN,
      LogConfig: LOG_CONFIG,
    },
  };
}

const portKey = (port: HostPort) => `${port.containerPort}/${port.protocol.toLowerCase()}`;

/** One port of the pod may be reached through several of the node. */
function portBindings(ports: readonly HostPort[]): Record<string, { HostIp: string; HostPort: string }[]> {
  const bindings: Record<string, { HostIp: string; HostPort: string }[]> = {};
  for (const port of ports) {
    const ofThis = (bindings[portKey(port)] ??= []);
    ofThis.push({ HostIp: port.hostIP ?? '', HostPort: String(port.hostPort) });
  }
  return bindings;
}

/** @param enforceable limits the engine's kernel knows; it refuses a container that names another */
export function containerOptions(
  owner: Owner,
  spec: ContainerSpec,
  enforceable: { readonly cpu: boolean },
): ContainerOptions {
  const { pod, attempt, command = [], args = [], workingDir } = spec;
  return {
    Image: spec.image,
    ...(command.length > 0 && { Entrypoint: [...command] }),
    ...(args.length > 0 && { Cmd: [...args] }),
    ...(workingDir !== undefined && { WorkingDir: workingDir }),
    Env: Object.entries(spec.env).map(([name, value]) => `${name}=${value}`),
    Labels: labelsOf(owner, { pod, container: spec.name, attempt }),
    HostConfig: {
      NetworkMode: `container:${spec.sandboxId}`,
      IpcMode: `container:${spec.sandboxId}`,
      // Mounts, not Binds: a source that is missing is refused, where Binds would make a directory of root's.
      Mounts: spec.mounts.map((mount) => ({
        Type: 'bind',
        Source: mount.hostPath,
        Target: mount.containerPath,
        ReadOnly: mount.readOnly,
      })),
      CpuShares: cpuShares(spec.cpuRequestMillis ?? 0),
      ...(spec.cpuLimitMillis !== undefined &&
        enforceable.cpu && { NanoCpus: spec.cpuLimitMillis * NANO_CPUS_PER_MILLI }),
      // Swap equal to memory: none.
      ...(spec.memoryLimitBytes !== undefined && {
        Memory: spec.memoryLimitBytes,
        MemorySwap: spec.memoryLimitBytes,
      }),
      LogConfig: LOG_CONFIG,
    },
  };
}

function cpuShares(requestMillis: number): number {
  return Math.min(Math.max(Math.floor((requestMillis * SHARES_PER_CPU) / 1000), SHARES_MIN), SHARES_MAX);
}
