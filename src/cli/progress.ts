/** How far long work is, on one line of a terminal: nothing is said where nobody looks. */
import type { Terminal } from './context.ts';

/** Shown again for each hundredth of the whole. */
const STEPS = 100;

export interface Progress {
  /** So much of the whole is done. */
  show(done: number, whole: number): void;
  /** Takes the line away. */
  clear(): void;
}

export function progressOf(terminal: Pick<Terminal, 'isTerminal' | 'complain'>, what: string): Progress {
  let shown = -1;
  let width = 0;
  return {
    show(done, whole) {
      const step = whole === 0 ? STEPS : Math.floor((done / whole) * STEPS);
      if (!terminal.isTerminal || step === shown) return;
      shown = step;
      const line = `${done} of ${whole} ${what}`;
      width = Math.max(width, line.length);
      terminal.complain(`\r${line.padEnd(width)}`);
    },
    clear() {
      if (width > 0) terminal.complain(`\r${' '.repeat(width)}\r`);
    },
  };
}
