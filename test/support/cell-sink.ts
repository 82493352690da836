/** Where parts of the control loop send their commands in tests: a cell in memory decides them, and every change reaches who listens as a fold would tell it. */
import type { Command, Outcome } from '../../machines/index.ts';
import type { Change } from '../../src/state/applied-entry.ts';
import { ENTRY_MAX_COMMITS } from '../../src/log/entry.ts';
import type { CommandSink } from '../../src/writer/command-sink.ts';
import type { Cell } from './cell.ts';

export class CellSink implements CommandSink {
  readonly cell: Cell;
  /** Every command submitted, decided or not. */
  readonly sent: Command[] = [];
  /** Answers in the cell's stead; undefined lets it decide. */
  answer: ((commands: readonly Command[]) => readonly Outcome[] | undefined) | undefined;
  readonly #observers: ((change: Change) => void)[] = [];
  #held: (() => void)[] | undefined;

  constructor(cell: Cell) {
    this.cell = cell;
  }

  observe(observer: (change: Change) => void): void {
    this.#observers.push(observer);
  }

  async submit(commands: readonly Command[]): Promise<readonly Outcome[]> {
    this.sent.push(...commands);
    if (this.#held) await new Promise<void>((resolve) => this.#held?.push(resolve));
    const answered = this.answer?.(commands);
    if (answered) return answered;
    const outcomes: Outcome[] = [];
    for (let at = 0; at < commands.length; at += ENTRY_MAX_COMMITS) {
      this.change(() => outcomes.push(...this.cell.submitTogether(commands.slice(at, at + ENTRY_MAX_COMMITS))));
    }
    return outcomes;
  }

  /** Something happens in the cell: whoever listens hears of it. */
  change<Result>(act: () => Result): Result {
    const before = this.cell.changes.length;
    const result = act();
    const changes = this.cell.changes.slice(before);
    for (const change of changes) for (const observer of this.#observers) observer(change);
    return result;
  }

  /** Commands wait with the writer from now on. */
  hold(): void {
    this.#held = [];
  }

  /** Those that waited are decided, in order. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const resume of held) resume();
  }
}

/** The writer has no room. */
export function queueFull(commands: readonly Command[]): readonly Outcome[] {
  return commands.map(() => ({ outcome: 'not-decided', why: 'QueueFull', message: 'too many commands are waiting' }));
}
