/** WATCH: what becomes of a selection, from any revision on. Each watch reads the changes at its own pace and holds none of them. */
import type { Kind } from '../../../machines/index.ts';
import type { Timer } from '../../foundation/clock.ts';
import type { Exchange } from '../http/exchange.ts';
import { selectionOf, type Selection } from '../resources/selection.ts';
import { includeObjectOf } from '../resources/table.ts';
import type { Target } from '../resources/target.ts';
import { select } from './list.ts';
import type { Services } from './services.ts';
import { reach } from './versions.ts';
import { WatchEvents } from './watch-events.ts';
import { watchQueryOf, type WatchQuery } from './watch-options.ts';

/** How often a client that wants them is told how far the cell is. */
export const BOOKMARK_MS = 60_000;
/** A client that reads nothing for so long is gone. */
export const DRAIN_MAX_MS = 30_000;

export async function watch(
  exchange: Exchange,
  target: Target & { readonly kind: Kind },
  services: Services,
): Promise<void> {
  const { shape } = exchange.negotiate();
  const { kind } = target;
  const query = watchQueryOf(exchange.query);
  const selection = selectionOf(kind.kind, target, exchange.query);
  const include = includeObjectOf(exchange.query);
  const now = () => services.clock.now();
  const events = new WatchEvents({ kind, selection, shape, include, now });
  const { revision } = query;
  await reach(services.follower, revision === undefined ? { of: 'latest' } : { of: 'at-least', revision });
  exchange.begin(200, { 'Content-Type': 'application/json' });
  exchange.response.flushHeaders();
  await new Watch(exchange, { query, selection, events }, services).run();
}

interface Watched {
  readonly query: WatchQuery;
  readonly selection: Selection;
  readonly events: WatchEvents;
}

class Watch {
  readonly #exchange: Exchange;
  readonly #watched: Watched;
  readonly #services: Services;
  /** All up to this revision was told. */
  #revision: number;
  #timedOut = false;
  #bookmarkDue = false;
  #wake: (() => void) | undefined;

  constructor(exchange: Exchange, watched: Watched, services: Services) {
    this.#exchange = exchange;
    this.#watched = watched;
    this.#services = services;
    this.#revision = watched.query.revision ?? services.follower.revision;
  }

  async run(): Promise<void> {
    const { clock, follower } = this.#services;
    const { response } = this.#exchange;
    const { query } = this.#watched;
    const forget = follower.subscribe(() => this.#wakeUp());
    const timeout = clock.after(query.timeoutMs, () => {
      this.#timedOut = true;
      this.#wakeUp();
    });
    const bookmarks = query.bookmarks ? this.#remindOfBookmarks() : undefined;
    response.once('close', () => this.#wakeUp());
    try {
      if (query.initial) await this.#tellInitial();
      while (!this.#exchange.over && !this.#timedOut) await this.#step();
      if (query.bookmarks && !this.#exchange.over) this.#bookmark({ endOfInitial: false });
      response.end();
    } finally {
      forget();
      timeout.cancel();
      bookmarks?.cancel();
    }
  }

  /** Tells what is new, or waits for something. */
  async #step(): Promise<void> {
    const { follower, past } = this.#services;
    const changes = follower.recent.after(this.#revision);
    if (changes === undefined) {
      const { selection } = this.#watched;
      for await (const change of past.changesAfter(selection, this.#revision)) {
        await this.#tell(this.#watched.events.change(change));
        if (this.#exchange.over || this.#timedOut) return;
        this.#revision = change.revision;
      }
      return;
    }
    for (const change of changes) {
      const line = this.#watched.events.change(change);
      if (line !== undefined) await this.#tell(line);
      if (this.#exchange.over) return;
      this.#revision = change.revision;
    }
    if (this.#bookmarkDue) this.#bookmark({ endOfInitial: false });
    if (this.#revision >= follower.revision && !this.#timedOut && !this.#exchange.over)
      await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  async #tellInitial(): Promise<void> {
    const { follower } = this.#services;
    const { events, selection, query } = this.#watched;
    const { revision } = follower;
    for (const record of select(selection, follower.state)) {
      await this.#tell(events.initial(record));
      if (this.#exchange.over) return;
    }
    this.#revision = revision;
    if (query.tellsEndOfInitial) this.#bookmark({ endOfInitial: true });
  }

  #bookmark(options: { readonly endOfInitial: boolean }): void {
    this.#bookmarkDue = false;
    this.#exchange.response.write(this.#watched.events.bookmark(this.#revision, options));
  }

  #remindOfBookmarks(): Timer {
    let timer: Timer;
    const remind = () => {
      this.#bookmarkDue = true;
      this.#wakeUp();
      timer = this.#services.clock.after(BOOKMARK_MS, remind);
    };
    timer = this.#services.clock.after(BOOKMARK_MS, remind);
    return { cancel: () => timer.cancel() };
  }

  /** Resolves once the client has room for more; one that reads nothing loses its connection. */
  async #tell(line: string | undefined): Promise<void> {
    const { response } = this.#exchange;
    if (line === undefined || this.#exchange.over || response.write(line)) return;
    const timer = this.#services.clock.after(DRAIN_MAX_MS, () => response.destroy());
    await new Promise<void>((resolve) => {
      const done = () => {
        response.off('drain', done);
        response.off('close', done);
        resolve();
      };
      response.on('drain', done);
      response.on('close', done);
    });
    timer.cancel();
  }

  #wakeUp(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
