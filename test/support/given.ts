/** Given what happened, when a command is sent, then these events or this refusal: the words in which rules of kinds are told. */
import { expect } from 'vitest';
import {
  evolve,
  evolveByTransition,
  initialState,
  kinds,
  type MachineState,
  type ObjectContext,
  type ObjectRecord,
  type Outcome,
  validator,
} from '../../machines/index.ts';
import type { Change } from '../../src/state/applied-entry.ts';
import { Cell, type TestCommand } from './cell.ts';

/** A command that is accepted or changes nothing, or time that passes. */
export type Step = TestCommand | { readonly laterMs: number };

/** What is expected of an event: its type, and of its data what is given. */
export type ExpectedEvent = string | { readonly type: string; readonly data: object };

/** Lets time pass. */
export function later(ms: number): Step {
  return { laterMs: ms };
}

/** A cell in which the steps have happened. */
export function given(...steps: readonly Step[]): Given {
  const cell = Cell.begin();
  for (const step of steps) take(cell, step);
  return new Given(cell);
}

function take(cell: Cell, step: Step): void {
  if ('laterMs' in step) {
    cell.now += step.laterMs;
    return;
  }
  const outcome = cell.send(step);
  const text = `given ${step.verb} of ${step.kind} ${step.name}`;
  expect(['accepted', 'unchanged'], `${text}: ${JSON.stringify(outcome)}`).toContain(outcome.outcome);
}

export class Given {
  readonly cell: Cell;

  constructor(cell: Cell) {
    this.cell = cell;
  }

  /** Sends the command whose outcome is looked at; time may pass before it. */
  when(...steps: readonly [...Step[], TestCommand]): Then {
    for (const step of steps.slice(0, -1)) take(this.cell, step);
    const command = steps.at(-1) as TestCommand;
    const outcome = this.cell.send(command);
    return new Then(this.cell, command, outcome);
  }
}

/** How many of a cell's commits have been checked. */
const checked = new WeakMap<Cell, number>();

export class Then {
  readonly cell: Cell;
  readonly #command: TestCommand;
  readonly #outcome: Outcome;

  constructor(cell: Cell, command: TestCommand, outcome: Outcome) {
    this.cell = cell;
    this.#command = command;
    this.#outcome = outcome;
    for (const change of cell.changes.slice(checked.get(cell) ?? 0)) checkCommit(change);
    checked.set(cell, cell.changes.length);
  }

  /** Exactly these events, in this order. */
  thenEvents(...expected: readonly ExpectedEvent[]): this {
    expect(this.#outcome).toMatchObject({ outcome: 'accepted' });
    const events = this.cell.changes.at(-1)?.commit.events ?? [];
    expect(events.map(({ type }) => type)).toEqual(
      expected.map((event) => (typeof event === 'string' ? event : event.type)),
    );
    for (const [index, event] of expected.entries()) {
      if (typeof event !== 'string') expect(events[index]?.data).toMatchObject(event.data);
    }
    return this;
  }

  /** All was so already. */
  thenUnchanged(): this {
    expect(this.#outcome).toMatchObject({ outcome: 'unchanged' });
    return this;
  }

  /** No, for this reason, with these words in the sentence. */
  thenRefused(reason: string, words = ''): this {
    const message: unknown = expect.stringContaining(words);
    expect(this.#outcome).toMatchObject({ outcome: 'refused', refusal: { reason, message } });
    return this;
  }

  /** The object afterwards; undefined when it is gone. */
  record<Context extends ObjectContext>(): ObjectRecord<Context> | undefined {
    return this.cell.find<Context>(this.#command.kind, this.#command.name, this.#command.namespace);
  }
}

/** Every event has the shape its kind declares, and the cheap step is XState's own. */
function checkCommit({ commit, before }: Change): void {
  const kind = kinds.get(commit.kind);
  if (kind === undefined) throw new Error(`there is no kind ${commit.kind}`);
  let state: MachineState = before ?? initialState(kind.machine);
  for (const { type, version, data } of commit.events) {
    const definition = kind.events[type];
    expect(definition?.version, `${type} is declared`).toBe(version);
    if (definition) expect(validator(definition.schema).errors(data), `data of ${type}`).toEqual([]);
    const event = { type, data, time: before ? Date.UTC(2026, 5, 1) : 0 };
    const next: MachineState = evolve(kind.machine, state, event);
    expect(evolveByTransition(kind.machine, state, event), `${type} by XState`).toEqual(next);
    state = next;
  }
}
