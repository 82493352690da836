/** A dockerd of a test's own beside the machine's, so that it can be stopped and started without harm to anybody else. */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { vi } from 'vitest';
import { docker as mainEngine } from './docker.ts';

const START_TIMEOUT_MS = 20_000;

export interface SecondEngine {
  readonly socketPath: string;
  readonly docker: Docker;
  start(): Promise<void>;
  /** Containers live on. */
  stop(): Promise<void>;
  /** Ends its containers too, and removes all it had. */
  remove(): Promise<void>;
}

/** Why this machine can have none; undefined when it can. */
export function whyNoSecondEngine(): string | undefined {
  if (process.getuid?.() !== 0) return 'only root may start a dockerd';
  const missing = ['dockerd', 'unshare', 'nsenter', 'umount'].find((name) => findProgram(name) === undefined);
  return missing === undefined ? undefined : `${missing} is not in the PATH`;
}

function findProgram(name: string): string | undefined {
  const directories = [...(process.env['PATH'] ?? '').split(':'), '/usr/sbin', '/sbin'];
  return directories.map((directory) => join(directory, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

export interface SecondEngineOptions {
  /** Whether it has a bridge for containers; none when absent. */
  readonly bridge?: boolean;
}

/** Without firewall rules, which belong to the machine's own engine. */
export async function startSecondEngine({ bridge = false }: SecondEngineOptions = {}): Promise<SecondEngine> {
  const directory = mkdtempSync(join(tmpdir(), 'periplus-dockerd-'));
  const socketPath = join(directory, 'docker.sock');
  const docker = new Docker({ socketPath });
  let daemon: ChildProcess | undefined;
  // In a network namespace of its own, which outlives the daemon as a machine's does: a dockerd without a bridge removes
  // docker0, the bridge of the machine's engine, and one with a bridge would take it over.
  const network = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' });

  async function start(): Promise<void> {
    const command = [findProgram('dockerd') ?? 'dockerd', ...daemonArguments(directory, socketPath, bridge)];
    daemon = spawn('nsenter', [`--net=/proc/${network.pid}/ns/net`, ...command], { stdio: 'ignore' });
    await vi.waitFor(() => docker.ping(), { timeout: START_TIMEOUT_MS });
  }

  async function stop(): Promise<void> {
    if (daemon === undefined) return;
    const ended = new Promise<void>((resolve) => daemon?.once('exit', () => resolve()));
    daemon.kill();
    await ended;
    daemon = undefined;
  }

  async function remove(): Promise<void> {
    if (daemon !== undefined) {
      const left = await docker.listContainers({ all: true });
      await Promise.all(left.map(({ Id }) => docker.getContainer(Id).remove({ force: true })));
    }
    await stop();
    network.kill();
    endShims(namespaceOf(directory));
    unmountBelow(directory);
    rmSync(directory, { recursive: true, force: true });
  }

  await vi.waitFor(() => requireOwnNetwork(network.pid), { timeout: START_TIMEOUT_MS });
  await start();
  return { socketPath, docker, start, stop, remove };
}

/** The namespace is there only once `unshare` has made it. */
function requireOwnNetwork(pid: number | undefined): void {
  if (readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync('/proc/self/ns/net')) throw new Error('no namespace yet');
}

/** One that was creating a container when it was stopped leaves that container's shim behind. */
function endShims(namespace: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    const words = commandLineOf(pid);
    if (words[0]?.includes('containerd-shim') && words.includes(namespace)) process.kill(Number(pid), 'SIGKILL');
  }
}

function commandLineOf(pid: string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}

/** Of the engine's containers within a containerd. */
function namespaceOf(directory: string): string {
  return directory.replaceAll(/[^a-zA-Z0-9]+/g, '-').replace(/^-/, '');
}

/** An engine that keeps its containers leaves its mounts behind. */
function unmountBelow(directory: string): void {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${directory}/`));
  for (const path of mounts.toReversed()) execFileSync('umount', ['--lazy', path]);
}

function daemonArguments(directory: string, socketPath: string, bridge: boolean): string[] {
  const name = namespaceOf(directory);
  return [
    `--host=unix://${socketPath}`,
    `--data-root=${join(directory, 'root')}`,
    `--exec-root=${join(directory, 'exec')}`,
    `--pidfile=${join(directory, 'docker.pid')}`,
    // Where the machine has a containerd of its own, both engines would otherwise share one space of names in it.
    `--containerd-namespace=${name}`,
    `--containerd-plugins-namespace=${name}-plugins`,
    '--live-restore',
    bridge ? '--bip=10.213.0.1/24' : '--bridge=none',
    '--iptables=false',
    '--ip-masq=false',
  ];
}

/** Copies images of the machine's engine into another. */
export async function copyImages(target: Docker, images: readonly string[]): Promise<void> {
  for (const image of images) {
    const loading = await target.loadImage(await mainEngine.getImage(image).get());
    await new Promise((resolve, reject) =>
      target.modem.followProgress(loading, (error, lines) => (error ? reject(error) : resolve(lines))),
    );
  }
}
