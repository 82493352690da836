/** Commands run inside containers: a child of the agent that enters the container's namespaces and groups. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { PassThrough } from 'node:stream';
import type { Readable, Writable } from 'node:stream';
import type { ExecRequest, ExecSession, LogChunk } from '../container-runtime.ts';
import { RuntimeError } from '../container-runtime.ts';
import type { ProcessMark } from './records.ts';
import { shimCommand } from './shim.ts';

/** Chunks kept for a reader who is slow or absent; then the program has to wait in its writes. */
const UNREAD_CHUNKS_MAX = 64;
const SIGNAL_EXIT_CODE_BASE = 128;
/** Where a command with a terminal hears of the terminal's size. */
const SIZES_DESCRIPTOR = 3;

export interface ExecTarget {
  readonly mark: ProcessMark;
  readonly workingDirectory: string;
  readonly groups: readonly string[];
}

export interface ExecSessions {
  start(containerId: string, target: ExecTarget, request: ExecRequest): ExecSession;
  /** The container has ended, and what was run inside ends with it. */
  endAll(containerId: string): void;
}

export function createExecSessions(): ExecSessions {
  const sessions = new Map<string, Set<ChildProcess>>();
  return {
    start(containerId, target, request) {
      const child = spawnInside(target, request);
      const ofContainer = sessions.get(containerId) ?? new Set();
      sessions.set(containerId, ofContainer.add(child));
      child.once('exit', () => {
        ofContainer.delete(child);
        if (ofContainer.size === 0) sessions.delete(containerId);
      });
      return sessionOf(child, request);
    },
    endAll(containerId) {
      for (const child of sessions.get(containerId) ?? []) signalGroup(child, 'SIGKILL');
    },
  };
}

function spawnInside({ mark, workingDirectory, groups }: ExecTarget, request: ExecRequest): ChildProcess {
  const mode = request.tty ? 'terminal' : 'plain';
  const where = [String(mark.pid), mark.startTicks, mode, workingDirectory, ...groups];
  const [command, ...args] = shimCommand('enter', [...where, '--', ...request.command]);
  const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' };
  return spawn(command, args, {
    detached: true,
    cwd: '/',
    env,
    stdio: [request.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe', request.tty ? 'pipe' : 'ignore'],
  });
}

function sessionOf(child: ChildProcess, request: ExecRequest): ExecSession {
  const output = new PassThrough({ objectMode: true, highWaterMark: UNREAD_CHUNKS_MAX });
  const pumps = (['stdout', 'stderr'] as const).map((stream) => pump(child[stream], stream, output));
  void Promise.all(pumps).then(() => output.end());
  const exitCode = exitCodeOf(child);
  // Whoever closes a session need not wait for its code.
  exitCode.catch(() => {});
  // A command that has ended takes no more input; who writes is told by the write.
  child.stdin?.on('error', () => {});
  const sizes = child.stdio[SIZES_DESCRIPTOR] as Writable | null | undefined;
  sizes?.on('error', () => {});
  return {
    output: chunksOf(output),
    write: (data) => write(child.stdin, data, 'the command takes no more input'),
    endInput: () => child.stdin?.end(),
    resize: ({ columns, rows }) =>
      request.tty
        ? write(sizes, Buffer.from(`${columns} ${rows}\n`), 'the terminal is gone')
        : Promise.reject(new RuntimeError('refused', 'a command without a terminal has no size')),
    exitCode,
    close() {
      output.destroy();
      for (const stream of [child.stdin, child.stdout, child.stderr, sizes]) stream?.destroy();
      signalGroup(child, 'SIGHUP');
    },
  };
}

/** Waits for the reader, who may be slow. */
async function pump(source: Readable | null, stream: LogChunk['stream'], output: PassThrough): Promise<void> {
  try {
    for await (const data of source ?? []) {
      if (output.destroyed) return;
      if (output.write({ stream, data } satisfies LogChunk)) continue;
      await new Promise<void>((resolve) => {
        output.once('drain', resolve);
        output.once('close', resolve);
      });
    }
  } catch {
    // Closed by us.
  }
}

/** A closed session simply ends. */
async function* chunksOf(output: PassThrough): AsyncGenerator<LogChunk> {
  try {
    for await (const chunk of output) yield chunk;
  } catch (error) {
    if (!output.destroyed) throw error;
  }
}

function write(stream: Writable | null | undefined, data: Uint8Array, otherwise: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause?: Error) => reject(new RuntimeError('gone', otherwise, { cause }));
    if (!stream?.writable) refuse();
    else stream.write(data, (error) => (error ? refuse(error) : resolve()));
  });
}

function exitCodeOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(new RuntimeError('refused', `exec: ${cause.message}`, { cause })));
    child.once('exit', (code, signal) => {
      resolve(code ?? SIGNAL_EXIT_CODE_BASE + (signal === null ? 0 : constants.signals[signal]));
    });
  });
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended by itself.
  }
}
