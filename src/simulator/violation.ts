/** What checkers find: the first thing that must never be ends a run. */

export interface Violation {
  /** Which checker found it. */
  readonly checker: string;
  /** Virtual time, milliseconds since the beginning. */
  readonly atMs: number;
  readonly step: number;
  /** The cell's revision then. */
  readonly revision: number;
  readonly what: string;
}

export interface FindingsOptions {
  nowMs(): number;
  step(): number;
  revision(): number;
}

export class Findings {
  readonly #options: FindingsOptions;
  #first: Violation | undefined;

  constructor(options: FindingsOptions) {
    this.#options = options;
  }

  get first(): Violation | undefined {
    return this.#first;
  }

  /** How one checker tells what it found. */
  for(checker: string): (what: string) => void {
    return (what) => {
      const { nowMs, step, revision } = this.#options;
      this.#first ??= { checker, atMs: nowMs(), step: step(), revision: revision(), what };
    };
  }
}
