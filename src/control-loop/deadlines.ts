/** Sends `expire` when a deadline of an object is due. The deadline itself is state; this only watches the clock. */
import { keyText, kinds, type Deadline, type ObjectKey, type ObjectRecord, type View } from '../../machines/index.ts';
import type { Clock, Timer } from '../foundation/clock.ts';
import { doublingWaitMs, type DoublingLimits } from '../foundation/doubling.ts';
import type { Change } from '../state/applied-entry.ts';
import type { CommandSink } from '../writer/command-sink.ts';
import type { Cause } from './keyed-queue.ts';

const ACTOR = 'system:controller:deadlines';
/** Waits before an `expire` that was not accepted is sent again: what it waits for is rarely quick, and each refusal is kept in the log. */
export const DEADLINE_BACK_OFF: DoublingLimits = { minimumMs: 1_000, maximumMs: 60_000 };
/** The hour is looked at this often at least: deadlines are wall-clock times, which may jump, and timers hold no more than 24 days. */
export const DEADLINE_CHECK_MAX_MS = 60_000;

export interface DeadlinesOptions {
  readonly view: View;
  readonly sink: CommandSink;
  readonly clock: Clock;
  /** How long nodes have been watched without a break, milliseconds. */
  watchedMs(): number;
}

/** A deadline that is waited for. */
interface Armed {
  readonly key: ObjectKey;
  readonly deadline: Deadline;
  /** The change that set it; undefined where that was before this term. */
  readonly cause: Cause | undefined;
  /** Grows with each refusal, which stands for its attempt. */
  attempt: number;
  failures: number;
  timer: Timer | undefined;
}

export class Deadlines {
  readonly #options: DeadlinesOptions;
  /** By object and deadline name. */
  readonly #armed = new Map<string, Armed>();
  #stopped = false;

  constructor(options: DeadlinesOptions) {
    this.#options = options;
  }

  /** Takes up all deadlines there are: at the start of a term. */
  resync(): void {
    for (const kind of kinds.values()) {
      if (kind.deadlines === undefined) continue;
      for (const record of this.#options.view.list(kind.kind)) this.#update(record, [], deadlinesOf(record), undefined);
    }
  }

  observe({ commit, before, after }: Change): void {
    if (kinds.get(commit.kind)?.deadlines === undefined) return;
    const { kind, namespace, name, revision, correlation } = commit;
    const cause = { revision, correlation };
    this.#update({ kind, namespace, name }, before ? deadlinesOf(before) : [], after ? deadlinesOf(after) : [], cause);
  }

  stop(): void {
    this.#stopped = true;
    for (const id of this.#armed.keys()) this.#cancel(id);
  }

  #update(
    { kind, namespace, name }: ObjectKey,
    before: readonly Deadline[],
    after: readonly Deadline[],
    cause: Cause | undefined,
  ): void {
    const key = { kind, namespace, name };
    for (const gone of before) {
      if (!after.some((deadline) => deadline.name === gone.name)) this.#cancel(idOf(key, gone));
    }
    for (const deadline of after) {
      const id = idOf(key, deadline);
      if (this.#armed.get(id)?.deadline.at === deadline.at) continue;
      this.#cancel(id);
      const armed: Armed = { key, deadline, cause, attempt: 1, failures: 0, timer: undefined };
      this.#armed.set(id, armed);
      this.#wait(id, armed);
    }
  }

  #cancel(id: string): void {
    this.#armed.get(id)?.timer?.cancel();
    this.#armed.delete(id);
  }

  #wait(id: string, armed: Armed, atLeastMs = 0): void {
    const { clock } = this.#options;
    const waitMs = Math.min(armed.deadline.at - clock.now(), DEADLINE_CHECK_MAX_MS);
    armed.timer = clock.after(Math.max(waitMs, atLeastMs), () => {
      // Timers may be a millisecond early, and the hour may have been set back meanwhile.
      if (clock.now() < armed.deadline.at) return this.#wait(id, armed, 1);
      const unwatchedMs = (armed.deadline.watchedMs ?? 0) - this.#options.watchedMs();
      // Whole milliseconds: a rest of one that no timer can wait for would be asked for again and again.
      if (unwatchedMs > 0) this.#wait(id, armed, Math.ceil(unwatchedMs));
      else void this.#expire(id, armed);
    });
  }

  async #expire(id: string, armed: Armed): Promise<void> {
    const { view, sink } = this.#options;
    const { key, deadline, cause, attempt } = armed;
    const record = view.get(key.kind, key.namespace, key.name);
    if (record === undefined) return this.#cancel(id);
    const [outcome] = await sink.submit([
      {
        id: `deadline/${record.uid}/${deadline.name}/${deadline.at}/${record.revision}`,
        attempt,
        ...key,
        verb: 'expire',
        arguments: { deadline: deadline.name },
        actor: ACTOR,
        seen: view.revision,
        cause: cause?.revision ?? record.revision,
        correlation: cause?.correlation ?? record.correlation,
        reason: `the deadline "${deadline.name}" was due`,
        preconditions: { uid: record.uid },
      },
    ]);
    if (this.#stopped || this.#armed.get(id) !== armed) return;
    if (outcome?.outcome === 'accepted' || outcome?.outcome === 'unchanged') return this.#cancel(id);
    if (outcome?.outcome === 'refused') armed.attempt++;
    armed.failures++;
    this.#wait(id, armed, doublingWaitMs(armed.failures, DEADLINE_BACK_OFF));
  }
}

function idOf(key: ObjectKey, { name }: Deadline): string {
  return `${keyText(key)} ${name}`;
}

function deadlinesOf(record: ObjectRecord): readonly Deadline[] {
  return kinds.get(record.kind)?.deadlines?.(record) ?? [];
}
