/** Watches objects over the bus: a list, then what changed, level by level. Events are at most once; a gap leads to a new list. */
import type { Subscription } from 'nats';
import { keyText, parseKey, type ObjectKey } from '../../machines/index.ts';
import type { Clock, Timer } from '../foundation/clock.ts';
import type { CloudEvent } from './cloud-event.ts';
import type { Bus } from './connection.ts';
import type { EventsBookmark } from './event-publisher.ts';
import type { QueryClient } from './query-client.ts';
import { GET_MAX_KEYS, type AnyObject, type Query } from './query-messages.ts';

/** How long changes are gathered before objects are fetched: a burst of changes to one object costs one read. */
const GATHER_MS = 20;

/** What a watch tells. Changes between two reads of an object are one; whoever needs each folds the log. */
export type WatchEvent<Item = AnyObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: Item }
  /** All objects that were there at the beginning have been told. */
  | { readonly type: 'SYNCED'; readonly revision: number };

export type WatchSelection = Omit<Query<'list'>, 'limit' | 'continue' | 'revision'> & { readonly name?: string };

export interface WatchOptions {
  readonly bus: Bus;
  readonly queries: QueryClient;
  readonly clock: Clock;
  readonly selection: WatchSelection;
  readonly signal?: AbortSignal;
}

/** Endless until the signal is aborted or the consumer stops. Rejects when the cell cannot be asked for longer than a query's deadline. */
export async function* watch<Item extends AnyObject>(options: WatchOptions): AsyncGenerator<WatchEvent<Item>> {
  const feed = new ChangeFeed(options);
  const known = new Map<string, Item>();
  const abort = () => feed.close();
  options.signal?.addEventListener('abort', abort, { once: true });
  try {
    yield* relist(options, known);
    yield { type: 'SYNCED', revision: options.queries.seen };
    for (;;) {
      const changes = await feed.next();
      if (changes === undefined || options.signal?.aborted) return;
      options.queries.saw(changes.revision);
      if (changes.missed) yield* relist(options, known);
      else yield* refresh(options, known, changes.keys);
    }
  } finally {
    options.signal?.removeEventListener('abort', abort);
    feed.close();
  }
}

/** Lists anew and tells the differences. */
async function* relist<Item extends AnyObject>(
  { queries, selection }: WatchOptions,
  known: Map<string, Item>,
): AsyncGenerator<WatchEvent<Item>> {
  const { name, ...query } = selection;
  const { items } = await queries.list<Item>(query);
  const gone = new Map(known);
  for (const object of items) {
    if (name !== undefined && object.metadata.name !== name) continue;
    gone.delete(keyText(keyOf(object)));
    yield* tell(known, object);
  }
  for (const [key, object] of gone) {
    known.delete(key);
    yield { type: 'DELETED', object };
  }
}

/** Reads the objects that changed and tells what became of them. */
async function* refresh<Item extends AnyObject>(
  options: WatchOptions,
  known: Map<string, Item>,
  keys: readonly string[],
): AsyncGenerator<WatchEvent<Item>> {
  // A selector's match can only be decided where the labels and fields are: the read model.
  if (options.selection.labelSelector || options.selection.fieldSelector || options.selection.ownerUid) {
    return yield* relist(options, known);
  }
  for (let start = 0; start < keys.length; start += GET_MAX_KEYS) {
    const some = keys.slice(start, start + GET_MAX_KEYS);
    const { items } = await options.queries.get<Item>({ keys: some.map(parseKey) });
    for (const [index, object] of items.entries()) {
      const key = some[index] ?? '';
      const before = known.get(key);
      if (object !== null) yield* tell(known, object);
      else if (before) {
        known.delete(key);
        yield { type: 'DELETED', object: before };
      }
    }
  }
}

function* tell<Item extends AnyObject>(known: Map<string, Item>, object: Item): Generator<WatchEvent<Item>> {
  const key = keyText(keyOf(object));
  const before = known.get(key);
  if (before?.metadata.resourceVersion === object.metadata.resourceVersion) return;
  known.set(key, object);
  if (before === undefined) return yield { type: 'ADDED', object };
  if (before.metadata.uid === object.metadata.uid) return yield { type: 'MODIFIED', object };
  // Deleted and created again between two reads.
  yield { type: 'DELETED', object: before };
  yield { type: 'ADDED', object };
}

function keyOf({ kind, metadata }: AnyObject): ObjectKey {
  return { kind, namespace: metadata.namespace ?? '', name: metadata.name };
}

interface Changes {
  readonly keys: readonly string[];
  readonly revision: number;
  /** Events may have been missed: keys are not all. */
  readonly missed: boolean;
}

/** Collects keys of changed objects of one kind, and notices when some may be missing. */
class ChangeFeed {
  readonly #options: WatchOptions;
  readonly #subscriptions: readonly Subscription[];
  readonly #forgetStatus: () => void;
  readonly #keys = new Set<string>();
  #revision = 0;
  #missed = false;
  /** Whose counts these are, and the last one heard. */
  #publisher: string | undefined;
  #count = 0;
  #timer: Timer | undefined;
  #ready = false;
  #closed = false;
  #wake: (() => void) | undefined;

  constructor(options: WatchOptions) {
    this.#options = options;
    const { bus, selection } = options;
    const { connection, subjects } = bus;
    this.#subscriptions = [
      connection.subscribe(subjects.eventsOf(selection.kind), {
        callback: (error, message) => error === null && this.#takeEvent(message.json<CloudEvent>()),
      }),
      connection.subscribe(subjects.eventsBookmark, {
        callback: (error, message) => error === null && this.#takeBookmark(message.json<EventsBookmark>()),
      }),
    ];
    this.#forgetStatus = bus.onStatus((status) => {
      if (status === 'connected') this.#miss();
    });
    void connection.closed().then(() => this.close());
  }

  /** Resolves with what changed since the last call, or undefined once closed. */
  async next(): Promise<Changes | undefined> {
    while (!this.#ready && !this.#closed) await new Promise<void>((resolve) => (this.#wake = resolve));
    if (this.#closed) return undefined;
    const changes = { keys: [...this.#keys], revision: this.#revision, missed: this.#missed };
    this.#keys.clear();
    this.#missed = false;
    this.#ready = false;
    return changes;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#timer?.cancel();
    this.#forgetStatus();
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
    this.#wake?.();
  }

  #takeEvent(event: CloudEvent): void {
    this.#follow(event.publisher, event.kindsequence, event.kindsequence - 1);
    if (this.#concerns(parseKey(event.subject))) this.#keys.add(event.subject);
    this.#gather(event.revision);
  }

  #takeBookmark({ publisher, revision, counts }: EventsBookmark): void {
    const count = counts[this.#options.selection.kind] ?? 0;
    this.#follow(publisher, count, count);
    if (this.#missed) this.#gather(revision);
  }

  /** `expected` is the count that must have been heard before, where `count` itself was not. */
  #follow(publisher: string, count: number, expected: number): void {
    if (this.#publisher !== publisher) {
      // The first one heard says nothing of a gap: the list was asked for after the subscription began.
      if (this.#publisher !== undefined) this.#missed = true;
    } else if (this.#count !== count && this.#count !== expected) this.#missed = true;
    this.#publisher = publisher;
    this.#count = count;
  }

  #miss(): void {
    this.#missed = true;
    this.#gather(this.#revision);
  }

  #concerns({ namespace, name }: ObjectKey): boolean {
    const { selection } = this.#options;
    return (selection.namespace ?? namespace) === namespace && (selection.name ?? name) === name;
  }

  #gather(revision: number): void {
    this.#revision = Math.max(this.#revision, revision);
    if (this.#keys.size === 0 && !this.#missed) return;
    this.#timer ??= this.#options.clock.after(GATHER_MS, () => {
      this.#timer = undefined;
      this.#ready = true;
      this.#wake?.();
    });
  }
}
