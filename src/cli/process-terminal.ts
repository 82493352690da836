/** The terminal of this process. */
import { once } from 'node:events';
import type { Terminal } from './context.ts';

/** A reader that has gone away (`| head`) ends the program quietly, as with any tool. */
const READER_GONE = 'EPIPE';

export function processTerminal(onReaderGone: () => void): Terminal {
  const { stdin, stdout, stderr } = process;
  stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== READER_GONE) throw error;
    onReaderGone();
  });
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
