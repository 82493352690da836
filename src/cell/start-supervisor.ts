/** Starts the supervisor process and waits for each part of the cell to answer, saying what stands in the way where one does not. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { join, resolve as absolutePath } from 'node:path';
import { CellClient } from '../bus/cell-client.ts';
import { systemClock, type Clock } from '../foundation/clock.ts';
import { systemIdentifiers } from '../foundation/identifiers.ts';
import type { DataDirectory } from './data-directory.ts';
import { connectOperator, operatorCredentials } from './operator-connection.ts';
import { DirectoryTakenError, EXIT_DIRECTORY_TAKEN } from './directory-lock.ts';
import { runningCell } from './running-cell.ts';
import type { RuntimeName } from './runtime-name.ts';
import { lastMessage } from './supervised-process.ts';
import { PROCESS_PROGRAM } from './supervisor.ts';
import { CellStartError, type UpOptions } from './up-options.ts';

/** How often a part that is starting is asked. */
const POLL_MS = 50;
/** How long a part may take: the bus recovers a large log, the control plane replays it. */
export const START_MAX_MS = 180_000;

/** A supervisor that was started. */
export interface StartedSupervisor {
  readonly child: ChildProcess;
  /** Resolves with its exit code once it has ended. */
  readonly ended: Promise<number | null>;
  readonly logFile: string;
}

export function startSupervisor(directory: DataDirectory, options: UpOptions, runtime: RuntimeName): StartedSupervisor {
  mkdirSync(directory.logs, { recursive: true, mode: 0o700 });
  const logFile = join(directory.logs, 'supervisor.log');
  const descriptor = openSync(logFile, 'a', 0o600);
  const nodes = Array.from({ length: options.nodes }, (_, index) => `n${index + 1}`);
  const args = ['supervisor', '--data', directory.root, '--nodes', nodes.join(','), '--runtime', runtime];
  if (options.standby) args.push('--standby');
  if (options.listen !== undefined) args.push('--listen', options.listen);
  if (options.apiPort !== undefined) args.push('--api-port', String(options.apiPort));
  if (options.acceptLoss) args.push('--accept-loss');
  if (options.acceptUnsynced) args.push('--accept-unsynced');
  if (options.detach) args.push('--detached');
  const child = spawn(process.execPath, [PROCESS_PROGRAM, ...args], {
    // Not the caller's directory, which may be removed or unmounted while the cell runs.
    cwd: directory.root,
    env: environmentElsewhere(process.env),
    // A session of its own: Ctrl-C reaches only us, and we tell it; detached, it outlives us and the terminal.
    detached: true,
    stdio: [options.detach ? 'ignore' : 'pipe', descriptor, descriptor],
  });
  closeSync(descriptor);
  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => resolve(code));
    child.once('error', () => resolve(null));
  });
  return { child, ended, logFile };
}

/** What a person wrote relative to the directory they are in, so that it still holds in another. */
function environmentElsewhere(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const server = environment['PERIPLUS_NATS_SERVER'];
  return server ? { ...environment, PERIPLUS_NATS_SERVER: absolutePath(server) } : environment;
}

/** Asks until there is an answer. Raises CellStartError when the supervisor ends, stands still, or takes too long. */
export async function waitUntil<Answer>(
  what: string,
  directory: DataDirectory,
  supervisor: StartedSupervisor,
  clock: Clock,
  ask: () => Promise<Answer | undefined> | Answer | undefined,
): Promise<Answer> {
  let code: number | null | undefined;
  const ended = supervisor.ended.then((exitCode) => void (code = exitCode));
  let asking: Promise<{ readonly answer: Answer | undefined }> | undefined;
  for (const until = clock.monotonic() + START_MAX_MS; clock.monotonic() < until; await clock.sleep(POLL_MS)) {
    // An answer may take long to fail once nothing is left that could give it: what stands in its way is looked for meanwhile.
    asking ??= Promise.resolve(ask()).then((answer) => ({ answer }));
    const result = await Promise.race([asking, ended, clock.sleep(POLL_MS)]);
    if (result) asking = undefined;
    if (code === EXIT_DIRECTORY_TAKEN) throw new CellStartError(new DirectoryTakenError(directory.root).message);
    if (code !== undefined) throw new CellStartError(`${lastMessage(supervisor.logFile)} (see ${supervisor.logFile})`);
    if (result?.answer !== undefined) return result.answer;
    const trouble = runningCell(directory)?.trouble;
    if (trouble !== undefined) throw new CellStartError(trouble);
  }
  throw new CellStartError(`${what} did not get ready within ${START_MAX_MS / 1000} s: see ${directory.logs}`);
}

/** A client with the operator's credentials. Rejects while the bus does not answer. */
export async function connectOperatorClient(directory: DataDirectory): Promise<CellClient> {
  const bus = await connectOperator(operatorCredentials(directory.root));
  return new CellClient({ bus, clock: systemClock, identifiers: systemIdentifiers });
}
