/** What a pod is on real Docker: what its containers share, what they are given, how they end, and where they may run. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Objects } from '../../machines/index.ts';
import { hasEngine } from '../support/docker.ts';
import { runningContainers, containersOf } from '../support/exactly.ts';
import { freePort } from '../support/ports.ts';
import { RealCell, requireThat } from '../support/real-cell.ts';
import { RealCommandLine, shellPod, UNTIL_TERM } from '../support/real-command-line.ts';

function scheduledOf({ status }: Objects['Pod']) {
  return status.conditions?.find(({ type }) => type === 'PodScheduled');
}

describe.skipIf(!hasEngine)('pods on Docker', () => {
  let cell: RealCell;
  let line: RealCommandLine;
  let host: string;

  beforeAll(async () => {
    cell = await RealCell.start();
    line = new RealCommandLine(cell);
    host = mkdtempSync(join(tmpdir(), 'periplus-host-path-'));
  });

  afterAll(async () => {
    await cell?.dispose();
    rmSync(host, { recursive: true, force: true });
  });

  const unschedulable = async (name: string, message: string) => {
    await cell.eventually('the scheduler says why', async () =>
      expect(scheduledOf(await line.pod(name))).toMatchObject({ status: 'False', reason: 'Unschedulable', message }),
    );
    expect(await line.output(['get', 'pod', name, '--no-headers'])).toMatch(/ 0\/1 +Pending +0 /);
    expect(await line.output(['get', 'pod', name, '-o', 'yaml'])).toContain('reason: Unschedulable');
  };

  const inPod = (pod: string, container: string, script: string) =>
    line.output(['exec', pod, '-c', container, '--', 'sh', '-c', script]);

  describe('two containers of one pod', () => {
    beforeAll(async () => {
      const mounts = { volumeMounts: [{ name: 'shared', mountPath: '/shared' }] };
      const server = `mkdir /www; echo served >/www/index.html; httpd -p 8080 -h /www; ${UNTIL_TERM}`;
      const image = 'busybox:local';
      await line.apply(
        shellPod('pair', '', {
          volumes: [{ name: 'shared', emptyDir: {} }],
          containers: [
            { name: 'server', image, command: ['sh', '-c', server], ...mounts },
            { name: 'client', image, command: ['sh', '-c', UNTIL_TERM], ...mounts },
          ],
        }),
      );
      await line.untilStatus('pair', 'Running');
    });

    test('share localhost', async () => {
      const fetch = 'for i in $(seq 50); do wget -qO- http://localhost:8080/ && exit; usleep 100000; done; exit 1';
      expect(await inPod('pair', 'client', fetch)).toBe('served\n');
    });

    test('share IPC', async () => {
      await inPod('pair', 'server', 'echo by memory >/dev/shm/message');
      expect(await inPod('pair', 'client', 'cat /dev/shm/message')).toBe('by memory\n');
    });

    test('share an emptyDir, and nothing else of their file systems', async () => {
      await inPod('pair', 'server', 'echo by file >/shared/message; touch /own');
      expect(await inPod('pair', 'client', 'cat /shared/message; ls /own 2>&1 || true')).toMatch(/^by file\n.*No such/);
    });

    test('get a new sandbox when theirs is lost, and keep the emptyDir', async () => {
      const before = await line.pod('pair');
      const [pause] = runningContainers(await containersOf(cell), 'pause').filter(
        ({ Labels }) => Labels['periplus.pod.name'] === 'pair',
      );
      await cell.docker.getContainer(pause?.Id ?? '').remove({ force: true });
      await cell.eventually('both run again', async () => {
        const { status } = await line.pod('pair');
        const statuses = status.containerStatuses ?? [];
        requireThat(statuses.length === 2 && statuses.every(({ restartCount }) => restartCount === 1), 'not yet');
        requireThat(
          statuses.every(({ ready }) => ready),
          'not ready yet',
        );
      });
      expect((await line.pod('pair')).metadata.uid).toBe(before.metadata.uid);
      expect(await inPod('pair', 'client', 'cat /shared/message')).toBe('by file\n');
      expect(await inPod('pair', 'client', 'wget -qO- http://localhost:8080/')).toBe('served\n');
    });
  });

  test('a container runs what it is told, where, with which environment and within which limits', async () => {
    const script = 'echo "$0 $1 in $(pwd): $WHO and $BOTH"';
    const container = {
      command: ['sh', '-c'],
      args: [script, 'given', 'args'],
      workingDir: '/tmp',
      env: [
        { name: 'WHO', value: 'captain' },
        { name: 'BOTH', value: '$(WHO)-$$(WHO)' },
      ],
      resources: { limits: { cpu: '250m', memory: '32Mi' } },
    };
    await line.apply(shellPod('told', '', { restartPolicy: 'Never', container }));
    const { spec, status } = await line.untilStatus('told', 'Completed');
    expect(status).toMatchObject({ phase: 'Succeeded', qosClass: 'Guaranteed' });
    // A limit without a request is the request too.
    expect(spec.containers[0]?.resources.requests).toEqual({ cpu: '250m', memory: '32Mi' });
    expect(await line.output('logs told')).toBe('given args in /tmp: captain and captain-$(WHO)\n');
    const { containerID = '' } = await line.container('told');
    const { HostConfig } = await cell.docker.getContainer(containerID.replace('docker://', '')).inspect();
    const { CpuQuota = 0, CpuPeriod = 0, NanoCpus = 0, Memory } = HostConfig;
    expect(CpuPeriod > 0 ? CpuQuota / CpuPeriod : NanoCpus / 1e9).toBe(0.25);
    expect(Memory).toBe(32 * 1024 * 1024);
  });

  test('a container that takes more memory than its limit is killed, and its status says so', async () => {
    const container = { resources: { limits: { memory: '16Mi' } } };
    await line.apply(shellPod('eater', 'echo eating; tail /dev/zero', { restartPolicy: 'Never', container }));
    expect((await line.untilStatus('eater', 'OOMKilled')).status.phase).toBe('Failed');
    expect(await line.container('eater')).toMatchObject({
      state: { terminated: { reason: 'OOMKilled', exitCode: 137 } },
    });
  });

  test('a hostPath is the host’s own directory or file', async () => {
    const volumes = [
      { name: 'made', hostPath: { path: join(host, 'made'), type: 'DirectoryOrCreate' } },
      { name: 'file', hostPath: { path: join(host, 'file'), type: 'FileOrCreate' } },
    ];
    const volumeMounts = [
      { name: 'made', mountPath: '/made' },
      { name: 'file', mountPath: '/file', readOnly: true },
    ];
    const script = 'echo from inside >/made/message; echo no >/file || echo read-only';
    await line.apply(shellPod('mounting', script, { restartPolicy: 'Never', volumes, container: { volumeMounts } }));
    await line.untilStatus('mounting', 'Completed');
    expect(readFileSync(join(host, 'made/message'), 'utf8')).toBe('from inside\n');
    // The error of the first command is on another stream, whose lines may come before or after.
    expect(await line.output('logs mounting')).toMatch(/^read-only$/m);
  });

  test('a hostPath of another type than it says keeps the pod waiting, with a notice, until it is right', async () => {
    const path = join(host, 'late');
    writeFileSync(path, 'a file');
    const volumes = [{ name: 'late', hostPath: { path, type: 'Directory' } }];
    const container = { volumeMounts: [{ name: 'late', mountPath: '/late' }] };
    await line.apply(shellPod('mistaken', 'ls -d /late', { restartPolicy: 'Never', volumes, container }));
    await cell.eventually('it is noticed', async () => {
      const said = await line.output('history pod/mistaken');
      expect(said).toContain(
        `FailedMount: MountVolume.SetUp failed for volume "late" : hostPath type check failed: ${path} is not a directory`,
      );
    });
    expect(await line.output('get pod mistaken --no-headers')).toContain('ContainerCreating');
    expect((await line.run('logs mistaken')).errors).toBe(
      'Error from server (BadRequest): container "main" in pod "mistaken" is waiting to start: ContainerCreating\n',
    );
    rmSync(path);
    mkdirSync(path);
    await line.untilStatus('mistaken', 'Completed');
  });

  test('a host port leads to the pod', async () => {
    const hostPort = await freePort();
    const container = { ports: [{ containerPort: 80, hostPort }] };
    await line.apply(
      shellPod('open', `echo hello >/tmp/index.html; httpd -p 80 -h /tmp; ${UNTIL_TERM}`, { container }),
    );
    await line.untilStatus('open', 'Running');
    await cell.eventually('it answers', async () =>
      expect(await (await fetch(`http://127.0.0.1:${hostPort}/`)).text()).toBe('hello\n'),
    );
    await line.apply(shellPod('second', UNTIL_TERM, { container }));
    await cell.eventually('the scheduler says why not', async () =>
      expect(scheduledOf(await line.pod('second'))).toMatchObject({
        message: "0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.",
      }),
    );
    await line.output('delete pod open');
    await line.untilStatus('second', 'Running');
  });

  describe('a pod that fits no node', () => {
    test('by its nodeSelector is scheduled when a node gets the label', async () => {
      await line.apply(shellPod('picky', UNTIL_TERM, { nodeSelector: { disk: 'fast' } }));
      await unschedulable('picky', "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector.");
      await (await cell.client()).patch('Node', 'n1', { metadata: { labels: { disk: 'fast' } } });
      await line.untilStatus('picky', 'Running');
    });

    test('because its node is cordoned is scheduled after uncordon', async () => {
      await line.output('cordon n1');
      expect(await line.output('get nodes')).toContain('Ready,SchedulingDisabled');
      await line.apply(shellPod('patient', UNTIL_TERM));
      await unschedulable('patient', '0/1 nodes are available: 1 node(s) were unschedulable.');
      await line.output('uncordon n1');
      await line.untilStatus('patient', 'Running');
    });

    test('by what it asks for says of what there is too little', async () => {
      const container = { resources: { requests: { cpu: '1000', memory: '100Ti' } } };
      await line.apply(shellPod('huge', UNTIL_TERM, { container }));
      await unschedulable('huge', '0/1 nodes are available: 1 Insufficient cpu, 1 Insufficient memory.');
    });
  });
});
