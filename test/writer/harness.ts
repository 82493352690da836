/** A writer over a scripted log, with what tests of its rules keep asking for. */
import { bootstrapCommands, type Command, type Outcome } from '../../machines/index.ts';
import { systemClock, type Clock } from '../../src/foundation/clock.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { decodeEntry, type Entry } from '../../src/log/entry.ts';
import { Fold } from '../../src/state/fold.ts';
import { WRITER_LIMITS, type WriterLimits } from '../../src/writer/limits.ts';
import { Writer } from '../../src/writer/writer.ts';
import { ScriptedLog } from '../support/scripted-log.ts';

export const FAST_LIMITS: WriterLimits = {
  ...WRITER_LIMITS,
  unknownRetryMinMs: 1,
  unknownRetryMaxMs: 4,
  readBackMs: 50,
};

export class Harness {
  readonly log: ScriptedLog;
  readonly fold: Fold;
  readonly writer: Writer;
  readonly #end = new AbortController();
  held: Promise<void> = Promise.resolve();

  constructor(
    options: {
      readonly log?: ScriptedLog;
      readonly limits?: Partial<WriterLimits>;
      readonly name?: string;
      readonly clock?: Clock;
      readonly fold?: Fold;
    } = {},
  ) {
    this.fold = options.fold ?? new Fold();
    this.log = options.log ?? new ScriptedLog();
    this.writer = new Writer({
      log: this.log,
      fold: this.fold,
      clock: options.clock ?? systemClock,
      identifiers: systemIdentifiers,
      logger: silentLogger,
      name: options.name ?? 'first',
      limits: { ...FAST_LIMITS, ...options.limits },
    });
  }

  /** Resolves once commands are taken. */
  async hold(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.held = this.writer.hold(this.#end.signal, { onWriting: resolve });
      this.held.catch(reject);
    });
  }

  /** Becomes the writer of a cell with its namespaces. */
  async begin(): Promise<void> {
    await this.hold();
    await this.writer.submit(bootstrapCommands().map((draft) => ({ ...draft, actor: 'system:bootstrap' })));
  }

  /** Ends the term without waiting for it. */
  abort(): void {
    this.#end.abort();
  }

  async end(): Promise<void> {
    this.abort();
    await this.held;
  }

  /** The same process with a term to come. */
  again(): Harness {
    return new Harness({ log: this.log, fold: this.fold });
  }

  async send(command: Command): Promise<Outcome> {
    const [outcome] = await this.writer.submit([command]);
    if (outcome === undefined) throw new Error('no outcome');
    return outcome;
  }

  entries(): Entry[] {
    return this.log.payloads.map((payload, index) => decodeEntry(payload, { entry: index + 1, revision: 0 }));
  }

  /** The log folded from its beginning by somebody who wrote none of it. */
  refold(): Fold {
    const fold = new Fold();
    for (const [index, payload] of this.log.payloads.entries()) fold.apply({ number: index + 1, payload });
    return fold;
  }
}

/** A command that makes a ConfigMap. */
export function createMap(name: string, more: Partial<Command> = {}): Command {
  return {
    id: `create/${name}`,
    kind: 'ConfigMap',
    namespace: 'default',
    name,
    verb: 'create',
    arguments: { manifest: { metadata: { name }, data: { key: 'value' } } },
    actor: 'admin',
    ...more,
  };
}
