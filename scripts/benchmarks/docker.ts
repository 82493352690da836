/** Real containers: 20 pods of one container, beside the same creates and starts through plain dockerode, and a Swarm service of 20 tasks. */
import Docker from 'dockerode';
import { startCell, until } from './cell.ts';
import type { BenchmarkContext } from './report.ts';
import { bringUp, takeAway } from './replicas.ts';
import { round } from './statistics.ts';

const PODS = 20;
/** What an agent allows itself per engine. */
const IN_FLIGHT = 4;
const LABEL = 'periplus.bench';
const PAUSE_IMAGE = 'periplus/pause:1';
const IMAGE = 'busybox:local';
const COMMAND = ['sleep', '3600'];
const SERVICE = 'periplus-bench';

export async function docker({ row, note, keep }: BenchmarkContext): Promise<void> {
  const engine = new Docker();
  const cell = await startCell({ nodes: 1, runtime: 'docker', keep });
  note(`data in ${cell.directory}`);
  try {
    for (const when of ['cold', 'warm']) {
      const plainMs = await plainDockerode(engine);
      const podsMs = await bringUp(cell, when, PODS);
      await takeAway(cell, when);
      row({
        when,
        pods: PODS,
        seconds: round(podsMs / 1000),
        plain_dockerode_seconds: round(plainMs / 1000),
        times_plain_dockerode: round(podsMs / plainMs),
        containers_per_s_with_pause: round((2 * PODS * 1000) / podsMs),
      });
    }
  } finally {
    await cell.stop();
  }
  const swarmMs = await swarm(engine, note);
  if (swarmMs !== undefined)
    row({
      when: 'peer',
      swarm_tasks: PODS,
      seconds: round(swarmMs / 1000),
      containers_per_s: round((PODS * 1000) / swarmMs),
    });
}

/** A pause container and one that joins it, for each pod, as many pods at once as an agent starts. */
async function plainDockerode(engine: Docker): Promise<number> {
  let next = 0;
  const began = performance.now();
  const lane = async () => {
    while (next < PODS) {
      const pod = next++;
      const Labels = { [LABEL]: String(pod) };
      const pause = await engine.createContainer({ Image: PAUSE_IMAGE, Labels, HostConfig: { IpcMode: 'shareable' } });
      await pause.start();
      const joined = `container:${pause.id}`;
      const HostConfig = { NetworkMode: joined, IpcMode: joined };
      const container = await engine.createContainer({ Image: IMAGE, Entrypoint: COMMAND, Labels, HostConfig });
      await container.start();
    }
  };
  try {
    await Promise.all(Array.from({ length: IN_FLIGHT }, lane));
    return performance.now() - began;
  } finally {
    const made = await engine.listContainers({ all: true, filters: { label: [LABEL] } });
    for (const { Id } of made) await engine.getContainer(Id).remove({ force: true });
  }
}

/** Milliseconds from the service's creation to all tasks running; undefined where this engine is in a swarm already. */
async function swarm(engine: Docker, note: (text: string) => void): Promise<number | undefined> {
  const { Swarm } = (await engine.info()) as { readonly Swarm?: { readonly LocalNodeState?: string } };
  if (Swarm?.LocalNodeState !== 'inactive') {
    note('this engine is in a swarm of its own: not compared');
    return undefined;
  }
  await engine.swarmInit({ ListenAddr: '127.0.0.1:0', AdvertiseAddr: '127.0.0.1' });
  try {
    const began = performance.now();
    await engine.createService({
      Name: SERVICE,
      Mode: { Replicated: { Replicas: PODS } },
      TaskTemplate: { ContainerSpec: { Image: IMAGE, Command: COMMAND } },
    });
    await until('the tasks', async () => {
      const tasks = (await engine.listTasks({ filters: { service: [SERVICE] } })) as readonly Task[];
      return tasks.filter(({ Status }) => Status.State === 'running').length >= PODS ? true : undefined;
    });
    return performance.now() - began;
  } finally {
    await engine.getService(SERVICE).remove();
    await until('the end of the tasks', async () => {
      const filters = { label: [`com.docker.swarm.service.name=${SERVICE}`] };
      const left = await engine.listContainers({ all: true, filters });
      return left.length === 0 ? true : undefined;
    });
    await engine.swarmLeave({ force: true });
    await engine.getNetwork('docker_gwbridge').remove();
  }
}

interface Task {
  readonly Status: { readonly State: string };
}
