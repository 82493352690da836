/** A dockerd of a test's own beside the machine's, so that it can be stopped and started without harm to anybody else. */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { accessSync, constants, mkdtempSync, readFileSync, rmSync } from 'node:fs';
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
  const missing = ['dockerd', 'unshare', 'umount'].find((name) => findProgram(name) === undefined);
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

/** Without a bridge or firewall rules, which belong to the machine's own engine. */
export async function startSecondEngine(): Promise<SecondEngine> {
  const directory = mkdtempSync(join(tmpdir(), 'periplus-dockerd-'));
  const socketPath = join(directory, 'docker.sock');
  const docker = new Docker({ socketPath });
  let daemon: ChildProcess | undefined;

  async function start(): Promise<void> {
    // In a network namespace of its own: a dockerd without a bridge removes docker0, the bridge of the machine's engine.
    const command = ['--net', findProgram('dockerd') ?? 'dockerd', ...daemonArguments(directory, socketPath)];
    daemon = spawn('unshare', command, { stdio: 'ignore' });
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
    unmountBelow(directory);
    rmSync(directory, { recursive: true, force: true });
  }

  await start();
  return { socketPath, docker, start, stop, remove };
}

/** An engine that keeps its containers leaves its mounts behind. */
function unmountBelow(directory: string): void {
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[4] ?? '')
    .filter((path) => path.startsWith(`${directory}/`));
  for (const path of mounts.toReversed()) execFileSync('umount', ['--lazy', path]);
}

function daemonArguments(directory: string, socketPath: string): string[] {
  const name = directory.replaceAll(/[^a-zA-Z0-9]+/g, '-').replace(/^-/, '');
  return [
    `--host=unix://${socketPath}`,
    `--data-root=${join(directory, 'root')}`,
    `--exec-root=${join(directory, 'exec')}`,
    `--pidfile=${join(directory, 'docker.pid')}`,
    // Where the machine has a containerd of its own, both engines would otherwise share one space of names in it.
    `--containerd-namespace=${name}`,
    `--containerd-plugins-namespace=${name}-plugins`,
    '--live-restore',
    '--bridge=none',
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
