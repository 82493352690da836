/** Process runtimes with a cell and a data directory of their own, for the rules that only this runtime has. */
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { readFile, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect } from 'vitest';
import type {
  ContainerExit,
  ContainerRuntime,
  ContainerSpec,
  LogRequest,
} from '../../src/agent/runtimes/container-runtime.ts';
import { createProcessRuntime } from '../../src/agent/runtimes/process/index.ts';
import type { Isolation, ProcessRuntimeOptions } from '../../src/agent/runtimes/process/index.ts';
import { linkOf, switchOf } from '../../src/agent/runtimes/process/network.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { clear, eventually } from '../contract/container-runtime/harness.ts';
import { collect } from '../contract/container-runtime/streams.ts';
import { run } from './pods.ts';

export { containerOf, createPod, podIdentity, run } from './pods.ts';

export const isRoot = process.geteuid?.() === 0;

/** Every way of isolation that this user can have. */
export const isolations: readonly Isolation[] = isRoot ? ['namespaces', 'none'] : ['none'];

const CGROUPS = '/sys/fs/cgroup';

/** Everything made on it is removed when the tests of the file have ended. */
export function createStage(isolation: Isolation) {
  const owner = { cell: `test-${systemIdentifiers.uuid().slice(0, 8)}`, node: 'node-1' };
  const dataDirectory = mkdtempSync(join(tmpdir(), 'periplus-process-'));
  const runtimes: ContainerRuntime[] = [];

  function runtime(options: Partial<ProcessRuntimeOptions> = {}): ContainerRuntime {
    const made = createProcessRuntime({
      ...owner,
      dataDirectory,
      isolation,
      clock: systemClock,
      logger: silentLogger,
      ...options,
    });
    runtimes.push(made);
    return made;
  }

  /** Removes all that the stage's runtimes made. */
  async function clearAll(): Promise<void> {
    for (const made of runtimes) await clear(made);
    for (const made of runtimes.splice(0)) await made.close();
  }

  afterAll(async () => {
    await clearAll();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  return { owner, dataDirectory, runtime, clearAll };
}

export function exitOf(runtime: ContainerRuntime, id: string): Promise<ContainerExit> {
  return eventually(async () => {
    const exit = (await runtime.inspectContainer(id))?.exit;
    if (exit === undefined) throw new Error('it has not ended');
    return exit;
  });
}

export async function stdoutOf(runtime: ContainerRuntime, id: string, request: Partial<LogRequest> = {}) {
  const complete = { follow: false, timestamps: false, ...request };
  return (await collect(runtime.logs(id, complete, new AbortController().signal))).stdout;
}

/** What a script that ends by itself printed; its complaints end a test. */
export async function outputOf(runtime: ContainerRuntime, spec: ContainerSpec): Promise<string> {
  const id = await run(runtime, spec);
  await exitOf(runtime, id);
  const output = await collect(runtime.logs(id, { follow: false, timestamps: false }, new AbortController().signal));
  expect(output.stderr).toBe('');
  return output.stdout;
}

/** Command lines of all processes that hold the text in their arguments or environment. */
export async function processesWith(text: string): Promise<string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const parts = await Promise.all(
      ['cmdline', 'environ'].map((file) => readFile(join('/proc', pid, file), 'utf8').catch(() => '')),
    );
    if (pid !== String(process.pid) && parts.join('\0').includes(text)) found.push(`${pid} ${parts[0]}`);
  }
  return found;
}

/** Everything on the machine that carries the cell's name. */
export async function tracesOf(cell: string, dataDirectory: string): Promise<string[]> {
  const groups = existsSync(CGROUPS) ? readdirSync(CGROUPS) : [];
  return [
    ...(await processesWith(`cell=${cell} `)),
    ...readdirSync('/sys/class/net').filter((name) => name === linkOf(cell)),
    ...[join('/run/netns', switchOf(cell))].filter((path) => existsSync(path)),
    ...['', ...groups].map((group) => join(CGROUPS, group, `periplus-${cell}`)).filter((path) => existsSync(path)),
    ...readdirSync(dataDirectory, { recursive: true }).map(String),
    ...(await readFile('/proc/self/mounts', 'utf8')).split('\n').filter((line) => line.includes(cell)),
  ];
}
