/** Republishes committed events for whoever listens: core NATS, at most once. Watchers learn from counts when they missed some. */
import type { Clock, Timer } from '../foundation/clock.ts';
import type { Identifiers } from '../foundation/identifiers.ts';
import type { AppliedEntry } from '../state/applied-entry.ts';
import { cloudEventOf } from './cloud-event.ts';
import type { Bus } from './connection.ts';
import { REQUEST_MAX_BYTES } from './limits.ts';

/** How long a lost last event can go unnoticed. */
const BOOKMARK_AFTER_MS = 250;
/** How often it is said that nothing new happened: how long a watcher takes to notice another publisher. */
const BOOKMARK_IDLE_MS = 2_000;

/** How far a publisher is: says to watchers what they must have received by now. */
export interface EventsBookmark {
  readonly publisher: string;
  readonly lineage: string;
  readonly revision: number;
  /** Commits published so far, by kind. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface EventPublisherOptions {
  readonly bus: Bus;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
}

/** One term's publisher; subscribe `publish` to the fold, stop it when the term ends. */
export class EventPublisher {
  readonly #options: EventPublisherOptions;
  readonly #publisher: string;
  readonly #counts = new Map<string, number>();
  #lineage = '';
  #revision = 0;
  #timer: Timer | undefined;
  #timerIsSoon = false;
  #stopped = false;

  constructor(options: EventPublisherOptions) {
    this.#options = options;
    this.#publisher = options.identifiers.uuid();
    this.#schedule(BOOKMARK_IDLE_MS);
  }

  readonly publish = ({ entry, position, changes }: AppliedEntry): void => {
    if (this.#stopped) return;
    const { bus } = this.#options;
    this.#lineage = position.lineage;
    this.#revision = position.revision;
    for (const { commit } of changes) {
      const kindSequence = (this.#counts.get(commit.kind) ?? 0) + 1;
      this.#counts.set(commit.kind, kindSequence);
      const subject = bus.subjects.event(commit);
      const publication = {
        cell: bus.cell,
        lineage: entry.lineage,
        time: entry.time,
        publisher: this.#publisher,
        kindSequence,
      };
      for (const [index, event] of commit.events.entries()) {
        const text = JSON.stringify(cloudEventOf(commit, event, index, publication));
        // What does not fit is missed, which the counts tell.
        if (text.length <= REQUEST_MAX_BYTES) bus.connection.publish(subject, text);
      }
    }
    if (changes.length > 0 && !this.#timerIsSoon) this.#schedule(BOOKMARK_AFTER_MS);
  };

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #schedule(delayMs: number): void {
    this.#timer?.cancel();
    this.#timerIsSoon = delayMs < BOOKMARK_IDLE_MS;
    this.#timer = this.#options.clock.after(delayMs, () => this.#bookmark(), { background: true });
  }

  #bookmark(): void {
    const { bus } = this.#options;
    if (this.#stopped || bus.connection.isClosed()) return;
    const bookmark: EventsBookmark = {
      publisher: this.#publisher,
      lineage: this.#lineage,
      revision: this.#revision,
      counts: Object.fromEntries(this.#counts),
    };
    if (bus.connected()) bus.connection.publish(bus.subjects.eventsBookmark, JSON.stringify(bookmark));
    this.#schedule(BOOKMARK_IDLE_MS);
  }
}
