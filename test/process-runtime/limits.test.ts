/** Limits of plain processes: memory and CPU where the kernel lets us, said so where not; logs and images always. */
import { existsSync, readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { eventually } from '../contract/container-runtime/harness.ts';
import {
  containerOf,
  createPod,
  createStage,
  exitOf,
  isolations,
  outputOf,
  processesWith,
  run,
  stdoutOf,
} from './stage.ts';

const MEMORY_LIMIT_BYTES = 32 * 1024 * 1024;
/** Keeps what it reads until a line ends, which never happens. */
const HOG = 'tail /dev/zero';
/** Perl's own pages; what it shares with all other shims is there once. */
const SHIM_PRIVATE_KB_MAX = 3000;

const probe = createStage(isolations[0] ?? 'none');
const { unenforceable } = await probe.runtime().info();

describe('limits', () => {
  const stage = createStage(isolations[0] ?? 'none');

  it.skipIf(unenforceable.includes('memory'))(
    'a program over its memory limit is killed, and its exit says so',
    async () => {
      const runtime = stage.runtime();
      const spec = containerOf(await createPod(runtime), `exec ${HOG}`, { memoryLimitBytes: MEMORY_LIMIT_BYTES });
      const id = await run(runtime, spec);
      expect(await exitOf(runtime, id)).toMatchObject({ exitCode: 137, signal: 9, oomKilled: true });
    },
  );

  it.skipIf(unenforceable.includes('memory'))(
    'an orderly end or a kill of ours is not for memory, whatever a child met',
    async () => {
      const runtime = stage.runtime();
      const pod = await createPod(runtime);
      const limited = { memoryLimitBytes: MEMORY_LIMIT_BYTES };
      const survivor = await run(runtime, containerOf(pod, `${HOG}; exit 3`, limited));
      expect(await exitOf(runtime, survivor)).toMatchObject({ exitCode: 3, oomKilled: false });
      const killed = await run(runtime, containerOf(pod, `${HOG}; echo later; while :; do sleep 0.1; done`, limited));
      await eventually(async () => expect(await stdoutOf(runtime, killed)).toBe('later\n'));
      await runtime.stopContainer(killed, { graceSeconds: 0 });
      expect(await exitOf(runtime, killed)).toMatchObject({ exitCode: 137, oomKilled: false });
    },
  );

  it.skipIf(unenforceable.includes('cpu'))('CPU limit and request reach the kernel', async () => {
    const runtime = stage.runtime();
    const spec = containerOf(await createPod(runtime), 'while :; do sleep 0.1; done', {
      cpuLimitMillis: 500,
      cpuRequestMillis: 250,
    });
    const id = await run(runtime, spec);
    const place = ['', 'cpu', 'cpu,cpuacct']
      .map((name) => join('/sys/fs/cgroup', name, `periplus-${stage.owner.cell}`, 'node-1', id))
      .find((path) => existsSync(path));
    const read = (file: string) => readFileSync(join(place ?? '', file), 'utf8').trim();
    if (existsSync(join(place ?? '', 'cpu.max'))) expect(read('cpu.max')).toBe('50000 100000');
    else expect([read('cpu.cfs_quota_us'), read('cpu.shares')]).toEqual(['50000', '256']);
  });

  it('without isolation nothing can be enforced, and the runtime says so', async () => {
    const { unenforceable: without } = await stage.runtime({ isolation: 'none', node: 'node-2' }).info();
    expect(without).toEqual(['cpu', 'memory']);
  });
});

describe.each(isolations)('isolation %s', (isolation) => {
  const stage = createStage(isolation);

  it('an image without meaning fails in words that say what to do, unless the container has a command', async () => {
    const runtime = stage.runtime();
    const request = { image: 'nginx:1.27', pull: true, credentials: [] };
    const message =
      'image nginx:1.27 has no meaning for the process runtime: give the container a command or use Docker';
    expect(await runtime.ensureImage(request)).toEqual({ outcome: 'failed', message });
    expect(await runtime.ensureImage({ ...request, pull: false })).toEqual({ outcome: 'absent' });
    expect(await runtime.ensureImage({ ...request, hasCommand: true })).toMatchObject({ outcome: 'present' });
    const spec = containerOf(await createPod(runtime), '', { image: 'nginx:1.27', command: undefined });
    await expect(runtime.createContainer(spec)).rejects.toMatchObject({ code: 'refused', message });
    expect((await runtime.inventory()).containers).toEqual([]);
  });

  it('nothing of the agent is in the environment of a container', async () => {
    const runtime = stage.runtime();
    const output = await outputOf(runtime, containerOf(await createPod(runtime), 'env', { env: { MINE: '1' } }));
    const names = output
      .trim()
      .split('\n')
      .map((line) => line.split('=')[0] ?? '');
    const ours = ['HOME', 'HOSTNAME', 'MINE', 'OLDPWD', 'PATH', 'PORT', 'PWD', 'SHLVL', '_'];
    expect(names.filter((name) => !ours.includes(name))).toEqual([]);
  });

  it('the environment, which may hold secrets, is in no file', async () => {
    const runtime = stage.runtime();
    await run(runtime, containerOf(await createPod(runtime), 'sleep 1000', { env: { TOKEN: 'sesame-open' } }));
    const files = readdirSync(stage.dataDirectory, { recursive: true, withFileTypes: true }).filter((entry) =>
      entry.isFile(),
    );
    expect(files.length).toBeGreaterThan(2);
    for (const { parentPath, name } of files)
      expect(readFileSync(join(parentPath, name), 'utf8')).not.toContain('sesame');
  });

  it('a log is turned over at its size, and keeps the newest lines', async () => {
    const runtime = stage.runtime({ logSizeBytes: 10_000 });
    const spec = containerOf(
      await createPod(runtime),
      'i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done; exit 9',
    );
    const id = await run(runtime, spec);
    await exitOf(runtime, id);
    const logs = readdirSync(stage.dataDirectory, { recursive: true })
      .map(String)
      .filter((name) => /\.log(\.1)?$/.test(name) && name.includes(id));
    expect(logs).toHaveLength(2);
    for (const name of logs) expect(statSync(join(stage.dataDirectory, name)).size).toBeLessThanOrEqual(10_000);
    expect(await stdoutOf(runtime, id)).toMatch(/line 2998\nline 2999\n$/);
    expect(await stdoutOf(runtime, id, { tailLines: 1 })).toBe('line 2999\n');
  });

  it('a line longer than a record is whole again when read', async () => {
    const runtime = stage.runtime();
    const spec = containerOf(await createPod(runtime), 'head -c 40000 /dev/zero | tr "\\0" x; echo; echo next');
    const id = await run(runtime, spec);
    await exitOf(runtime, id);
    const lines = (await stdoutOf(runtime, id, { timestamps: true })).split('\n');
    expect(lines.map((line) => line.replace(/^\S+Z /, '').length)).toEqual([40_000, 4, 0]);
    expect((await stdoutOf(runtime, id, { tailLines: 2 })).length).toBe(40_006);
  });

  it('a shim costs little memory', async () => {
    const runtime = stage.runtime();
    const pod = await createPod(runtime);
    await run(runtime, containerOf(pod, 'sleep 1000'));
    const shims = (await processesWith(`pod=${pod.pod.uid}`)).filter((line) => line.includes('.pl'));
    expect(shims).toHaveLength(2);
    for (const shim of shims) {
      const memory = readFileSync(`/proc/${shim.split(' ')[0]}/smaps_rollup`, 'utf8');
      expect(Number(/Private_Dirty: +(\d+)/.exec(memory)?.[1])).toBeLessThan(SHIM_PRIVATE_KB_MAX);
    }
  });
});
