/** One child of the supervisor: started again with back-off whenever it ends, told to stop when the cell does. */
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import type { Clock } from '../foundation/clock.ts';
import type { Logger } from '../foundation/logger.ts';

/** First and longest wait before a child is started again. */
export const RESTART_MIN_MS = 100;
export const RESTART_MAX_MS = 10_000;
/** A child that ran for so long is taken to be well: its back-off begins anew. */
export const RESTART_RESET_MS = 30_000;
/** How long a child may take to end after SIGTERM: an agent stops its containers in that time. */
export const STOP_MAX_MS = 60_000;
/** Exit code of a child that must not be started again: an operator has to decide (damaged log). */
export const EXIT_NEEDS_OPERATOR = 78;

export interface SupervisedOptions {
  readonly name: string;
  readonly command: readonly [string, ...string[]];
  /** Its standard output and error go here. */
  readonly logFile: string;
  readonly environment: NodeJS.ProcessEnv;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called when it was started again, under another process id. */
  onRestarted(): void;
  /** Called when it ended with EXIT_NEEDS_OPERATOR, with what it last said. */
  onNeedsOperator(message: string): void;
}

export class SupervisedProcess {
  readonly #options: SupervisedOptions;
  #child: ChildProcess | undefined;
  #stopping = false;
  #waitMs = RESTART_MIN_MS;
  #ended: Promise<void> = Promise.resolve();

  constructor(options: SupervisedOptions) {
    this.#options = options;
    this.#start();
  }

  get name(): string {
    return this.#options.name;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Sends SIGTERM and resolves once it has ended; SIGKILL after the limit. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const child = this.#child;
    if (child === undefined) return;
    child.kill('SIGTERM');
    const timer = this.#options.clock.after(STOP_MAX_MS, () => child.kill('SIGKILL'));
    await this.#ended;
    timer.cancel();
  }

  /** Lets it end as if the supervisor had been killed: an agent then leaves its containers running. */
  async abandon(): Promise<void> {
    this.#stopping = true;
    this.#child?.stdin?.end();
    await this.#ended;
  }

  #start(): void {
    const { command, logFile, environment, clock } = this.#options;
    const descriptor = openSync(logFile, 'a', 0o600);
    const [file, ...args] = command;
    const began = clock.monotonic();
    // Its standard input is a pipe of ours: when we are gone, however we went, it reads the end and ends too.
    const child = spawn(file, args, { stdio: ['pipe', descriptor, descriptor], env: environment });
    closeSync(descriptor);
    this.#child = child;
    this.#ended = new Promise((resolve) => {
      child.once('error', (error) => {
        this.#options.logger.error('cannot start', { process: this.#options.name, error });
        this.#afterEnd(began, null);
        resolve();
      });
      child.once('exit', (code, signal) => {
        this.#options.logger.info('ended', { process: this.#options.name, code, signal });
        this.#afterEnd(began, code);
        resolve();
      });
    });
  }

  #afterEnd(began: number, code: number | null): void {
    const { clock } = this.#options;
    this.#child = undefined;
    if (this.#stopping) return;
    if (code === EXIT_NEEDS_OPERATOR) return this.#options.onNeedsOperator(lastMessage(this.#options.logFile));
    if (clock.monotonic() - began > RESTART_RESET_MS) this.#waitMs = RESTART_MIN_MS;
    clock.after(this.#waitMs, () => {
      if (this.#stopping) return;
      this.#start();
      this.#options.onRestarted();
    });
    this.#waitMs = Math.min(this.#waitMs * 2, RESTART_MAX_MS);
  }
}

/** The message of the last line a process logged, for people. */
export function lastMessage(logFile: string): string {
  const line = readFileSync(logFile, 'utf8').trimEnd().split('\n').at(-1) ?? '';
  try {
    const { error, msg } = JSON.parse(line) as {
      readonly error?: { readonly message?: string };
      readonly msg?: string;
    };
    return error?.message ?? msg ?? line;
  } catch {
    return line;
  }
}

/** For a child: resolves when the parent is gone (the end of standard input) or asks it to end, see untilAsked. */
export function untilToldToEnd(): Promise<'parent-gone' | 'asked'> {
  const parentGone = new Promise<'parent-gone'>((resolve) => {
    process.stdin.resume();
    process.stdin.once('end', () => resolve('parent-gone'));
    process.stdin.once('error', () => resolve('parent-gone'));
  });
  return Promise.race([parentGone, untilAsked()]);
}

/** SIGTERM and SIGINT ask for an orderly end; SIGHUP says that whoever started us is gone, so that containers live on. */
export function untilAsked(): Promise<'parent-gone' | 'asked'> {
  return new Promise((resolve) => {
    // Not only the first one: a second Ctrl-C or "down" must not end us while containers are being removed.
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve('asked'));
    process.once('SIGHUP', () => resolve('parent-gone'));
  });
}
