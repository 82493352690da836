/** A controller whose reconciler does what a test says, over a cell in memory with ConfigMaps. */
import { onTestFinished } from 'vitest';
import type { CommandDraft, ReconcileInput, Reconciler, ReconcileResult } from '../../machines/index.ts';
import { Controller } from '../../src/control-loop/controller.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { Cell } from './cell.ts';
import { CellSink } from './cell-sink.ts';
import { ManualClock, settle } from './manual-clock.ts';

const NOTHING: ReconcileResult = { commands: [] };

export class ControllerBench {
  readonly cell = Cell.begin();
  readonly clock = new ManualClock();
  readonly sink = new CellSink(this.cell);
  /** Names of the keys looked at, in order. */
  readonly looks: string[] = [];
  /** What a look finds: nothing to do, unless a test says otherwise. */
  find: (input: ReconcileInput) => ReconcileResult = () => NOTHING;
  readonly controller: Controller;
  #drafts = 0;

  constructor() {
    const reconciler: Reconciler = {
      name: 'test',
      observes: { ConfigMap: (before, after) => [after ?? before].filter((record) => record !== undefined) },
      reconcile: (input) => {
        this.looks.push(input.key.name);
        return this.find(input);
      },
    };
    const { sink, clock, cell } = this;
    this.controller = new Controller({ reconciler, view: cell.state, sink, clock, logger: silentLogger });
    sink.observe((change) => this.controller.observe(change));
    onTestFinished(() => this.controller.stop());
  }

  /** A ConfigMap is made or changed by somebody else; resolves when the controller has done what it can about it. */
  async touch(name: string, actor = 'admin'): Promise<void> {
    const exists = this.cell.find('ConfigMap', name) !== undefined;
    const data = { at: String(++this.#drafts) };
    const command = exists
      ? { verb: 'patch', arguments: { patch: { data } } }
      : { verb: 'create', arguments: { manifest: { metadata: { name }, data } } };
    this.sink.change(() => this.cell.accept({ kind: 'ConfigMap', name, actor, ...command }));
    await settle();
  }

  /** What a controller may want of a ConfigMap: something new each time. */
  change(name: string, more: Partial<CommandDraft> = {}): CommandDraft {
    const number = ++this.#drafts;
    const patch = { metadata: { annotations: { number: String(number) } } };
    return { id: `change/${number}`, ...this.#key(name), verb: 'patch', arguments: { patch }, ...more };
  }

  /** A command that is refused each time it is decided. */
  refused(name: string, id = `refused/${++this.#drafts}`): CommandDraft {
    return { ...this.change(name), id, preconditions: { uid: 'another' } };
  }

  /** A command that changes nothing. */
  idle(name: string): CommandDraft {
    return this.change(name, { arguments: { patch: {} } });
  }

  /** Milliseconds between one look and the next, so many times. */
  async waits(count: number): Promise<readonly number[]> {
    const waits: number[] = [];
    for (let index = 0; index < count; index++) {
      const looks = this.looks.length;
      const began = this.clock.now();
      while (this.looks.length === looks) await this.clock.advance(5);
      waits.push(this.clock.now() - began);
    }
    return waits;
  }

  #key(name: string) {
    return { kind: 'ConfigMap', namespace: 'default', name };
  }
}
