/** The command line's entry: this process's terminal, signals and exit code around src/cli. */
import { connect } from './index.ts';
import { PERIPLUS_VERSION } from './cell/version.ts';
import { processTerminal } from './cli/process-terminal.ts';
import { runProgram } from './cli/program.ts';
import { systemClock } from './foundation/clock.ts';
import { systemIdentifiers } from './foundation/identifiers.ts';

const words = process.argv.slice(2);
const interrupted = new AbortController();

// `up` has its own way to end: the cell it started has to be stopped first.
if (words[0] !== 'up') {
  process.once('SIGINT', () => interrupted.abort());
  process.once('SIGTERM', () => interrupted.abort());
}

process.exitCode = await runProgram(words, {
  version: PERIPLUS_VERSION,
  control: {
    // Loaded only when wanted, since every other command should answer at once.
    up: async (options) => (await import('./cell/up.ts')).up(options),
    down: async (options) => (await import('./cell/down.ts')).down(options),
  },
  context: {
    terminal: processTerminal((exitCode) => process.exit(exitCode)),
    clock: systemClock,
    identifiers: systemIdentifiers,
    environment: process.env,
    signal: interrupted.signal,
    connect: (data) => connect({ data }),
  },
});
