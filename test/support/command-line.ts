// Runs command lines in this process against a cell of the test, and gives back what they said.
import { Readable } from 'node:stream';
import type { CellClient } from '../../src/bus/cell-client.ts';
import type { CommandContext } from '../../src/cli/context.ts';
import { runProgram } from '../../src/cli/program.ts';
import type { DownOptions, UpOptions } from '../../src/cell/up-options.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';

export interface Said {
  readonly exitCode: number;
  readonly output: string;
  readonly errors: string;
}

export interface RunOptions {
  readonly input?: string;
  readonly signal?: AbortSignal;
  /** Told of all that has been printed so far, each time there is more. */
  onOutput?(output: string): void;
  readonly up?: (options: UpOptions) => Promise<number>;
  readonly down?: (options: DownOptions) => Promise<number>;
}

/** Runs one command line; its cell comes from `connect`. */
export async function runCommandLine(
  connect: (data: string) => Promise<CellClient>,
  words: readonly string[],
  options: RunOptions = {},
): Promise<Said> {
  let output = '';
  let errors = '';
  const context: CommandContext = {
    terminal: {
      write(text) {
        output += Buffer.from(text).toString();
        options.onOutput?.(output);
      },
      complain: (text) => void (errors += Buffer.from(text).toString()),
      input: Readable.from(options.input === undefined ? [] : [Buffer.from(options.input)]),
      isTerminal: false,
      size: () => undefined,
      onResize: () => () => undefined,
    },
    clock: systemClock,
    identifiers: systemIdentifiers,
    environment: { XDG_DATA_HOME: '/home/somebody/data' },
    signal: options.signal ?? new AbortController().signal,
    connect,
  };
  const control = { up: options.up ?? (() => Promise.resolve(0)), down: options.down ?? (() => Promise.resolve(0)) };
  const exitCode = await runProgram(words, { context, control, version: '1.2.3' });
  return { exitCode, output, errors };
}
