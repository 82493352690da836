/** The terminal of this process. */
import { once } from 'node:events';
import type { Terminal } from './context.ts';
import { EXIT } from './exit-codes.ts';

/** A reader that has gone away (`| head`) ends the program quietly, as with any tool. */
const READER_GONE = 'EPIPE';

/** `leave` ends the process: nothing more can be said on standard output. */
export function processTerminal(leave: (exitCode: number) => void): Terminal {
  const { stdin, stdout, stderr } = process;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code === READER_GONE) return leave(EXIT.ok);
    stderr.write(`error: cannot write to standard output: ${error.message}\n`);
    leave(EXIT.failed);
  });
  // Whoever does not read the complaints still gets the output.
  stderr.on('error', () => undefined);
  return {
    async write(text) {
      if (!stdout.write(text)) await once(stdout, 'drain');
    },
    complain: (text) => void stderr.write(text),
    input: stdin,
    isTerminal: stdout.isTTY,
    size: () => (stdout.isTTY ? { columns: stdout.columns, rows: stdout.rows } : undefined),
    onResize(listener) {
      stdout.on('resize', listener);
      return () => stdout.off('resize', listener);
    },
  };
}
