/** What a pod is on a Docker engine: names, labels, limits, ports, and what remains of it when its sandbox dies. */
import { createConnection } from 'node:net';
import { beforeAll, describe, expect, it } from 'vitest';
import type { ContainerRuntime, RuntimeSandbox } from '../../src/agent/runtimes/container-runtime.ts';
import { containerName } from '../../src/agent/runtimes/docker/names.ts';
import { eventually } from '../contract/container-runtime/harness.ts';
import { docker } from '../support/docker.ts';
import { freePort } from '../support/ports.ts';
import { IMAGE, containerOf, createPod, createStage, podIdentity, run } from './stage.ts';

const MEBIBYTE = 1024 * 1024;
const ENDLESS = 'while :; do sleep 0.1; done';

describe('a pod on the engine', () => {
  const stage = createStage();
  let runtime: ContainerRuntime;
  let sandbox: RuntimeSandbox;

  beforeAll(async () => {
    runtime = stage.runtime();
    sandbox = await createPod(runtime);
  });

  it('its containers are named for uid, container and attempt, and labelled with all of it', async () => {
    const { pod } = sandbox;
    const { id } = await runtime.createContainer(containerOf(sandbox, ENDLESS, { name: 'app', attempt: 7 }));
    const { Name, Config } = await docker.getContainer(id).inspect();
    expect(Name).toBe(`/periplus_app_${pod.name}_default_${pod.uid}_7`);
    expect(Config.Labels).toEqual({
      'periplus.cell': stage.owner.cell,
      'periplus.node': stage.owner.node,
      'periplus.pod.uid': pod.uid,
      'periplus.pod.name': pod.name,
      'periplus.pod.namespace': 'default',
      'periplus.container': 'app',
      'periplus.attempt': '7',
    });
    const pause = await docker.getContainer(sandbox.id).inspect();
    expect(pause.Config.Labels['periplus.container']).toBe('POD');
  });

  it('limits become limits without swap, requests become weights', async () => {
    const limits = { cpuLimitMillis: 250, memoryLimitBytes: 64 * MEBIBYTE, cpuRequestMillis: 100 };
    const { id } = await runtime.createContainer(containerOf(sandbox, ENDLESS, limits));
    const { HostConfig } = await docker.getContainer(id).inspect();
    expect(HostConfig).toMatchObject({
      NanoCpus: 250_000_000,
      Memory: 64 * MEBIBYTE,
      MemorySwap: 64 * MEBIBYTE,
      CpuShares: 102,
    });
  });

  it('a container without limits has none, and weighs least', async () => {
    const { id } = await runtime.createContainer(containerOf(sandbox, ENDLESS));
    const { HostConfig } = await docker.getContainer(id).inspect();
    expect(HostConfig).toMatchObject({ NanoCpus: 0, Memory: 0, CpuShares: 2 });
  });

  it('a memory limit below what the engine can do is refused with its reason', async () => {
    const spec = containerOf(sandbox, ENDLESS, { memoryLimitBytes: 1 });
    const refusal = { name: 'RuntimeError', code: 'refused', message: expect.stringContaining('memory') };
    await expect(runtime.createContainer(spec)).rejects.toMatchObject(refusal);
  });

  it('a mount whose source is missing is refused, not made', async () => {
    const mounts = [{ hostPath: '/no/such/directory', containerPath: '/data', readOnly: false }];
    await expect(runtime.createContainer(containerOf(sandbox, ENDLESS, { mounts }))).rejects.toMatchObject({
      code: 'refused',
    });
  });

  it('args without a command follow the image', async () => {
    const spec = containerOf(sandbox, '', { args: ['sh', '-c', 'exit 9'] });
    const { command: _command, ...withoutCommand } = spec;
    const id = await run(runtime, withoutCommand);
    await eventually(async () => expect((await runtime.inspectContainer(id))?.exit?.exitCode).toBe(9));
  });

  it('a command whose output nobody reads waits in its writes, and nothing of it is lost', async () => {
    const id = await run(runtime, containerOf(sandbox, ENDLESS));
    const script = `head -c ${20 * MEBIBYTE} /dev/zero`;
    const session = await runtime.exec(id, { command: ['sh', '-c', script], stdin: false, tty: false });
    let ended = false;
    const exitCode = session.exitCode.finally(() => (ended = true));
    for (let other = 0; other < 3; other++) {
      await (
        await runtime.exec(id, { command: ['true'], stdin: false, tty: false })
      ).exitCode;
    }
    expect(ended).toBe(false);
    let lengthBytes = 0;
    for await (const { data } of session.output) lengthBytes += data.length;
    expect(lengthBytes).toBe(20 * MEBIBYTE);
    expect(await exitCode).toBe(0);
  });

  it('a host port reaches the pod', async () => {
    const hostPort = await freePort();
    const hostPorts = [{ hostPort, containerPort: 8080, protocol: 'TCP' as const, hostIP: '127.0.0.1' }];
    const pod = podIdentity();
    const published = await runtime.createSandbox({ pod, attempt: 0, hostname: 'web', hostPorts });
    expect(published.ip).toMatch(/^\d+\.\d+\.\d+\.\d+$/);
    await run(runtime, containerOf(published, 'while :; do echo ahoy | nc -l -p 8080; done'));
    expect(await eventually(() => read(hostPort))).toBe('ahoy\n');
  });

  it('a host port that is taken is refused with its number, and taken once it is free', async () => {
    const hostPort = await freePort();
    const hostPorts = [{ hostPort, containerPort: 80, protocol: 'TCP' as const, hostIP: '127.0.0.1' }];
    const spec = { attempt: 0, hostname: 'web', hostPorts };
    const holder = await runtime.createSandbox({ pod: podIdentity(), ...spec });
    const second = { pod: podIdentity(), ...spec };
    await expect(runtime.createSandbox(second)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining(String(hostPort)),
    });
    await runtime.removeSandbox(holder.id);
    expect(await runtime.createSandbox(second)).toMatchObject({ running: true });
  });

  it('a sandbox whose pause container is killed is not running, and creating it again does not revive it', async () => {
    const pod = podIdentity();
    const spec = { pod, attempt: 0, hostname: 'web', hostPorts: [] };
    const { id } = await runtime.createSandbox(spec);
    await docker.getContainer(id).kill();
    await eventually(async () => expect((await docker.getContainer(id).inspect()).State.Running).toBe(false));
    const found = (await runtime.inventory()).sandboxes.find((other) => other.id === id);
    expect(found?.running).toBe(false);
    expect(await runtime.createSandbox(spec)).toMatchObject({ id, running: false });
    expect(await runtime.createSandbox({ ...spec, attempt: 1 })).toMatchObject({ attempt: 1, running: true });
  });

  it('a sandbox that was created but not started before a crash is started', async () => {
    const pod = podIdentity();
    const spec = { pod, attempt: 0, hostname: 'web', hostPorts: [] };
    const { id } = await runtime.createSandbox(spec);
    const { Config } = await docker.getContainer(id).inspect();
    await runtime.removeSandbox(id);
    const name = containerName({ pod, container: 'POD', attempt: 0 });
    const created = await docker.createContainer({ name, Image: Config.Image, Labels: Config.Labels });
    expect(await runtime.createSandbox(spec)).toMatchObject({ id: created.id, running: true });
  });
});

describe('what is not ours', () => {
  const stage = createStage();

  it('a name that belongs to somebody else is refused, and its container left alone', async () => {
    const runtime = stage.runtime();
    const sandbox = await createPod(runtime);
    const spec = containerOf(sandbox, ENDLESS);
    const name = containerName({ pod: sandbox.pod, container: spec.name, attempt: 0 });
    const foreign = await docker.createContainer({ name, Image: IMAGE });
    try {
      await expect(runtime.createContainer(spec)).rejects.toMatchObject({ code: 'refused' });
      await runtime.removeContainer(foreign.id);
      expect((await foreign.inspect()).State.Status).toBe('created');
    } finally {
      await foreign.remove();
    }
  });

  it('an unlabelled container cannot be joined', async () => {
    const runtime = stage.runtime();
    const foreign = await docker.createContainer({ Image: IMAGE });
    try {
      const sandbox = { ...(await createPod(runtime)), id: foreign.id };
      await expect(runtime.createContainer(containerOf(sandbox, ENDLESS))).rejects.toMatchObject({ code: 'gone' });
    } finally {
      await foreign.remove();
    }
  });
});

/** Everything a server says before it closes. */
function read(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.on('data', (bytes) => (text += bytes.toString()));
    socket.once('end', () => (text === '' ? reject(new Error('closed without a word')) : resolve(text)));
    socket.once('error', reject);
  });
}
