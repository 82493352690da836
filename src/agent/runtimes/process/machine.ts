/** What the machine can do for the process runtime: its size, whether namespaces may be made, which limits can be enforced. */
import { execFile } from 'node:child_process';
import { availableParallelism, arch, release, totalmem } from 'node:os';
import { promisify } from 'node:util';
import type { RuntimeInfo } from '../container-runtime.ts';
import type { ControlGroups } from './control-groups.ts';
import { readIfThere } from './records.ts';

/** `namespaces`: each pod has network, IPC and hostname of its own (needs root). `none`: pods are processes among others. */
export type Isolation = 'namespaces' | 'none';

const run = promisify(execFile);

const PROBE_TIMEOUT_MS = 10_000;
const RUNTIME_VERSION = 'process://1';

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64' };

/** Tries it, for root alone does not say: a machine's own container may forbid it. */
export async function detectIsolation(): Promise<Isolation> {
  if (process.geteuid?.() !== 0) return 'none';
  try {
    const probe = 'ip link add probe0 type veth peer name probe1 && mount --make-rprivate /';
    await run('unshare', ['-n', '-u', '-i', '-m', 'sh', '-c', probe], { timeout: PROBE_TIMEOUT_MS });
    return 'namespaces';
  } catch {
    return 'none';
  }
}

export async function describeMachine(groups: ControlGroups): Promise<RuntimeInfo> {
  const osRelease = (await readIfThere('/etc/os-release')) ?? '';
  return {
    runtimeVersion: RUNTIME_VERSION,
    cpuMillis: availableParallelism() * 1000,
    memoryBytes: totalmem(),
    kernelVersion: release(),
    osImage: /^PRETTY_NAME="?([^"\n]*)/m.exec(osRelease)?.[1] ?? 'Linux',
    architecture: ARCHITECTURES[arch()] ?? arch(),
    unenforceable: await groups.unenforceable(),
  };
}
