/** A runtime on the real engine with a cell of its own, for the rules that only Docker has. */
import { afterAll } from 'vitest';
import type { ContainerRuntime, ContainerSpec, RuntimeSandbox } from '../../src/agent/runtimes/container-runtime.ts';
import { createDockerRuntime } from '../../src/agent/runtimes/docker/index.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { removeCell } from '../support/docker.ts';

export const IMAGE = 'busybox:local';

/** Everything made on it is removed when the tests of the file have ended. */
export function createStage() {
  const owner = { cell: `test-${systemIdentifiers.uuid().slice(0, 8)}`, node: 'node-1' };
  const runtimes: ContainerRuntime[] = [];

  function runtime(): ContainerRuntime {
    const made = createDockerRuntime({ ...owner, clock: systemClock, logger: silentLogger });
    runtimes.push(made);
    return made;
  }

  afterAll(async () => {
    for (const made of runtimes) await made.close();
    await removeCell(owner.cell);
  });

  return { owner, runtime };
}

export function podIdentity() {
  const uid = systemIdentifiers.uuid();
  return { uid, namespace: 'default', name: `web-${uid.slice(0, 5)}` };
}

export function createPod(runtime: ContainerRuntime): Promise<RuntimeSandbox> {
  return runtime.createSandbox({ pod: podIdentity(), attempt: 0, hostname: 'web', hostPorts: [] });
}

/** A container of the pod that runs a script. */
export function containerOf(sandbox: RuntimeSandbox, script: string, rest: Partial<ContainerSpec> = {}): ContainerSpec {
  return {
    pod: sandbox.pod,
    sandboxId: sandbox.id,
    name: `app-${systemIdentifiers.suffix()}`,
    attempt: 0,
    image: IMAGE,
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
