/** Sends `expire` when a deadline of an object is due. The deadline itself is state; this only watches the clock. */
import { keyText, kinds, type Deadline, type ObjectKey, type ObjectRecord, type View } from '../../machines/index.ts';
import type { Clock, Timer } from '../foundation/clock.ts';
import type { Change } from '../state/applied-entry.ts';
import type { CommandSink } from '../writer/command-sink.ts';

const ACTOR = 'system:controller:deadlines';
/** Wait before a refused or undecided `expire` is sent again. */
export const DEADLINE_RETRY_MS = 1_000;

export interface DeadlinesOptions {
  readonly view: View;
  readonly sink: CommandSink;
  readonly clock: Clock;
}

export class Deadlines {
  readonly #options: DeadlinesOptions;
  /** By object and deadline name. */
  readonly #timers = new Map<string, { readonly at: number; timer: Timer }>();
  #stopped = false;

  constructor(options: DeadlinesOptions) {
    this.#options = options;
  }

  resync(): void {
    for (const kind of kinds.values()) {
      if (kind.deadlines === undefined) continue;
      for (const record of this.#options.view.list(kind.kind)) this.#update(record, [], deadlinesOf(record));
    }
  }

  observe({ commit, before, after }: Change): void {
    if (kinds.get(commit.kind)?.deadlines === undefined) return;
    this.#update(commit, before ? deadlinesOf(before) : [], after ? deadlinesOf(after) : []);
  }

  stop(): void {
    this.#stopped = true;
    for (const { timer } of this.#timers.values()) timer.cancel();
    this.#timers.clear();
  }

  #update(key: ObjectKey, before: readonly Deadline[], after: readonly Deadline[]): void {
    for (const { name } of before)
      if (!after.some((deadline) => deadline.name === name)) this.#cancel(`${keyText(key)} ${name}`);
    for (const deadline of after) {
      const id = `${keyText(key)} ${deadline.name}`;
      if (this.#timers.get(id)?.at === deadline.at) continue;
      this.#cancel(id);
      this.#arm(id, key, deadline, Math.max(0, deadline.at - this.#options.clock.now()));
    }
  }

  #cancel(id: string): void {
    this.#timers.get(id)?.timer.cancel();
    this.#timers.delete(id);
  }

  #arm(id: string, key: ObjectKey, deadline: Deadline, delayMs: number): void {
    const timer = this.#options.clock.after(delayMs, () => void this.#expire(id, key, deadline));
    this.#timers.set(id, { at: deadline.at, timer });
  }

  async #expire(id: string, key: ObjectKey, deadline: Deadline): Promise<void> {
    const { view, sink } = this.#options;
    const record = view.get(key.kind, key.namespace, key.name);
    if (this.#stopped || record === undefined) return this.#cancel(id);
    const [outcome] = await sink.submit([
      {
        id: `deadline/${record.uid}/${deadline.name}/${deadline.at}/${record.revision}`,
        kind: key.kind,
        namespace: key.namespace,
        name: key.name,
        verb: 'expire',
        arguments: { deadline: deadline.name },
        actor: ACTOR,
        seen: view.revision,
        cause: record.revision,
        correlation: record.correlation,
        reason: `the deadline "${deadline.name}" was due`,
        preconditions: { uid: record.uid },
      },
    ]);
    if (this.#stopped || this.#timers.get(id)?.at !== deadline.at) return;
    if (outcome?.outcome === 'refused' || outcome?.outcome === 'not-decided')
      this.#arm(id, key, deadline, DEADLINE_RETRY_MS);
    else this.#cancel(id);
  }
}

function deadlinesOf(record: ObjectRecord): readonly Deadline[] {
  return kinds.get(record.kind)?.deadlines?.(record) ?? [];
}
