/** Pods and containers to make, for tests of the process runtime and for the programs they start. */
import type {
  ContainerRuntime,
  ContainerSpec,
  HostPort,
  RuntimeSandbox,
} from '../../src/agent/runtimes/container-runtime.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';

export function podIdentity() {
  const uid = systemIdentifiers.uuid();
  return { uid, namespace: 'default', name: `web-${uid.slice(0, 5)}` };
}

export function createPod(runtime: ContainerRuntime, hostPorts: readonly HostPort[] = []): Promise<RuntimeSandbox> {
  return runtime.createSandbox({ pod: podIdentity(), attempt: 0, hostname: 'web', hostPorts });
}

/** A container of the pod that runs a script. */
export function containerOf(sandbox: RuntimeSandbox, script: string, rest: Partial<ContainerSpec> = {}): ContainerSpec {
  return {
    pod: sandbox.pod,
    sandboxId: sandbox.id,
    name: `app-${systemIdentifiers.suffix()}`,
    attempt: 0,
    image: 'any/thing:1',
    command: ['sh', '-c', script],
    env: {},
    mounts: [],
    ...rest,
  };
}

export async function run(runtime: ContainerRuntime, spec: ContainerSpec): Promise<string> {
  const { id } = await runtime.createContainer(spec);
  await runtime.startContainer(id);
  return id;
}
