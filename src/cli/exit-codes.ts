/** What the command line's exit codes mean; `periplus --help` lists them. */

export const EXIT = {
  ok: 0,
  /** Something was refused, is missing, or went wrong. */
  failed: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** No cell runs there. */
  noCell: 3,
  /** The cell does not answer; what was asked may or may not have happened. */
  noAnswer: 4,
  /** Ctrl-C. */
  interrupted: 130,
} as const;

export const EXIT_CODES_HELP = `
Exit codes: 0 done; 1 refused, missing or failed; 2 wrong usage; 3 no cell runs there; 4 the cell does not answer;
130 interrupted. exec ends with the code of its command.`;

/** Ends a command with a code and, when there is something to say, a message on standard error. */
export class CommandFailure extends Error {
  override readonly name = 'CommandFailure';
  readonly exitCode: number;

  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}
