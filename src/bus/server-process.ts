/** The embedded nats-server as a process: starts it so that it ends with its parent, and ends one that a killed parent left behind. */
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import { totalmem } from 'node:os';
import { promisify } from 'node:util';
import type { Clock } from '../foundation/clock.ts';
import type { ServerFiles } from './server-config.ts';
import { NatsServerError } from './server-error.ts';

/** Go's soft limit for the server's memory: block caches of a log being replayed reach more than this, and are better given back. */
const MEMORY_LIMIT_BYTES = 512 * 1024 * 1024;
/** On a small machine the server gets no more than this share. */
const MEMORY_LIMIT_SHARE = 0.25;
/** Go lets its heap double by default; half as much costs no time that could be measured, and saves 8 MB. */
const HEAP_GROWTH_PERCENT = '50';
/** What the process says last on standard error, kept for the error message; characters. */
const LAST_WORDS_LENGTH = 4096;
/** SIGTERM took 0.8 s at a million compressed messages; ten times that is a hang. */
const STOP_TIMEOUT_MS = 10_000;
const STOP_POLL_MS = 10;

export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of what it wrote to standard error. */
  readonly lastWords: string;
}

/** A started server process. */
export interface ServerProcess {
  readonly pid: number;
  readonly exited: Promise<ServerExit>;
  /** Undefined while it runs. */
  exit(): ServerExit | undefined;
  signal(name: 'SIGHUP' | 'SIGTERM' | 'SIGKILL'): void;
  /** SIGTERM, and SIGKILL when that is not enough. */
  stop(): Promise<ServerExit>;
}

/** Raises NatsServerError when the server would not accept its configuration file. */
export async function checkConfig(executable: string, files: ServerFiles): Promise<void> {
  try {
    await promisify(execFile)(executable, ['-t', '-c', files.config]);
  } catch (cause) {
    const said = ((cause as { stderr?: string }).stderr ?? '').trim();
    throw new NatsServerError(`nats-server refuses its configuration ${files.config}: ${said}`, { cause });
  }
}

/** Starts the server. Raises NatsServerError when the program cannot be started at all. */
export async function startProcess(options: {
  readonly executable: string;
  readonly files: ServerFiles;
  readonly clock: Clock;
}): Promise<ServerProcess> {
  const { executable, files, clock } = options;
  const command = [executable, '-c', files.config];
  // Without setpriv the server outlives a killed parent, and the next start ends it.
  const [program, ...parameters] = (await hasSetpriv())
    ? ['setpriv', '--pdeathsig', 'TERM', '--', ...command]
    : command;
  const child = spawn(program ?? executable, parameters, {
    // A session of its own: Ctrl-C at the terminal is for the supervisor, which stops the server last.
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { GOMEMLIMIT: memoryLimit(), GOGC: HEAP_GROWTH_PERCENT, ...process.env },
  });
  return watch(child, program ?? executable, clock);
}

function memoryLimit(): string {
  return String(Math.floor(Math.min(MEMORY_LIMIT_BYTES, totalmem() * MEMORY_LIMIT_SHARE)));
}

async function hasSetpriv(): Promise<boolean> {
  try {
    await promisify(execFile)('setpriv', ['--version']);
    return true;
  } catch {
    return false;
  }
}

async function watch(child: ChildProcess, program: string, clock: Clock): Promise<ServerProcess> {
  let lastWords = '';
  let ended: ServerExit | undefined;
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    lastWords = (lastWords + text).slice(-LAST_WORDS_LENGTH);
  });
  const exited = new Promise<ServerExit>((resolve) => {
    child.once('close', (code, signal) => {
      ended = { code, signal, lastWords };
      resolve(ended);
    });
  });
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => reject(new NatsServerError(`cannot start ${program}`, { cause })));
  });
  return {
    pid: child.pid ?? 0,
    exited,
    exit: () => ended,
    signal: (name) => void child.kill(name),
    async stop() {
      child.kill('SIGTERM');
      const kill = clock.after(STOP_TIMEOUT_MS, () => void child.kill('SIGKILL'));
      const exit = await exited;
      kill.cancel();
      return exit;
    },
  };
}

/** Ends a server that still runs on these files, left by a parent that was killed. Returns its process id. */
export async function reapLeftover(files: ServerFiles, clock: Clock): Promise<number | undefined> {
  const pid = Number(await readFile(files.pid, 'utf8').catch(() => ''));
  if (!Number.isInteger(pid) || pid <= 1 || !(await runsOn(pid, files))) return undefined;
  process.kill(pid, 'SIGTERM');
  const killAt = clock.monotonic() + STOP_TIMEOUT_MS;
  let killed = false;
  while (await runsOn(pid, files)) {
    if (!killed && clock.monotonic() > killAt) {
      process.kill(pid, 'SIGKILL');
      killed = true;
    }
    await clock.sleep(STOP_POLL_MS);
  }
  await rm(files.portsOf(pid), { force: true });
  return pid;
}

/** Whether the process is a server of these files: process ids are used again, a configuration's path is not. */
async function runsOn(pid: number, files: ServerFiles): Promise<boolean> {
  const commandLine = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return commandLine.split('\0').includes(files.config);
}
