/** Turns a pod's manifest into what a runtime is told: sandbox, container, limits. Pure. */
import { cpuMillis, memoryBytes } from '../../machines/index.ts';
import type { Container } from '../../machines/pod/index.ts';
import type { WorkPod } from './control-plane-link.ts';
import { expand, expandEnvironment } from './expansion.ts';
import type { ContainerSpec, HostPort, Mount, PodIdentity, SandboxSpec } from './runtimes/container-runtime.ts';

export function identityOf({ uid, namespace, name }: WorkPod): PodIdentity {
  return { uid, namespace, name };
}

export function sandboxSpecOf(work: WorkPod, attempt: number): SandboxSpec {
  const ports = work.spec.containers.flatMap(({ ports: declared }) => declared ?? []);
  const hostPorts: HostPort[] = [];
  for (const { hostPort, containerPort, protocol, hostIP } of ports) {
    if (hostPort === undefined || hostPort === 0) continue;
    const common = { hostPort, containerPort, ...(hostIP !== undefined && { hostIP }) };
    hostPorts.push({ ...common, protocol });
  }
  return { pod: identityOf(work), attempt, hostname: work.spec.hostname ?? work.name, hostPorts };
}

/** Where a run of a container goes. */
export interface Placement {
  readonly sandboxId: string;
  readonly attempt: number;
  readonly mounts: readonly Mount[];
}

export function containerSpecOf(work: WorkPod, container: Container, placement: Placement): ContainerSpec {
  const env = expandEnvironment(container.env ?? []);
  const { command, args, workingDir } = container;
  const { limits, requests } = container.resources;
  return {
    pod: identityOf(work),
    ...placement,
    name: container.name,
    image: container.image,
    env,
    ...(command !== undefined && command.length > 0 && { command: command.map((word) => expand(word, env)) }),
    ...(args !== undefined && args.length > 0 && { args: args.map((word) => expand(word, env)) }),
    ...(workingDir !== undefined && workingDir !== '' && { workingDir }),
    ...(limits?.cpu !== undefined && { cpuLimitMillis: cpuMillis(limits.cpu) }),
    ...(limits?.memory !== undefined && { memoryLimitBytes: memoryBytes(limits.memory) }),
    ...(requests?.cpu !== undefined && { cpuRequestMillis: cpuMillis(requests.cpu) }),
  };
}

/** The mounts of a container, from where its pod's volumes are on the node. */
export function mountsOf(container: Container, directories: ReadonlyMap<string, string>): Mount[] {
  return (container.volumeMounts ?? []).map(({ name, mountPath, readOnly }) => {
    const hostPath = directories.get(name);
    if (hostPath === undefined) throw new Error(`volume ${name} of container ${container.name} was not prepared`);
    return { hostPath, containerPath: mountPath, readOnly: readOnly ?? false };
  });
}
