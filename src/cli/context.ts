/** What every command works with: the terminal, time, and a way to the cell. Tests hand in their own. */
import type { Readable } from 'node:stream';
import type { CellClient } from '../bus/cell-client.ts';
import type { Clock } from '../foundation/clock.ts';
import type { Identifiers } from '../foundation/identifiers.ts';

/** A terminal's input, as far as exec needs it. */
export type TerminalInput = Readable & {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
};

export interface Terminal {
  /** Standard output. Resolves once there is room for more. */
  write(text: string | Uint8Array): Promise<void> | void;
  /** Standard error. */
  complain(text: string | Uint8Array): void;
  readonly input: TerminalInput;
  /** Whether standard output is a terminal. */
  readonly isTerminal: boolean;
  /** Size of the terminal; undefined where there is none. */
  size(): { readonly columns: number; readonly rows: number } | undefined;
  onResize(listener: () => void): () => void;
}

export interface CommandContext {
  readonly terminal: Terminal;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly environment: NodeJS.ProcessEnv;
  /** Aborted by Ctrl-C. */
  readonly signal: AbortSignal;
  /** Connects to the cell under a data directory. */
  connect(data: string): Promise<CellClient>;
}

/** Runs something with a connection that is closed afterwards, whatever happens. */
export async function withCell<Result>(
  context: CommandContext,
  data: string,
  work: (cell: CellClient) => Promise<Result>,
): Promise<Result> {
  const cell = await context.connect(data);
  try {
    return await work(cell);
  } finally {
    await cell.close();
  }
}
