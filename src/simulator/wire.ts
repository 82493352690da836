/** What connects one host of the simulated cell with the bus: messages take time on it, and it can be cut, lose, double, delay and reorder them. */
import type { Random } from './random.ts';
import type { Timeline } from './timeline.ts';
import { addTrouble } from './trouble.ts';

/** One way through a rack: what a message takes at least and at most, milliseconds. */
const LATENCY_MS = { least: 0.2, most: 1.5 } as const;
/** A connection that was lost is tried again after this long: RECONNECT_WAIT_MS of the bus with its jitter. */
const RECONNECT_MS = 300;
/** How far a message may fall behind later ones where they are reordered, milliseconds. */
const REORDER_MAX_MS = 400;

/** What may befall messages: probabilities, and milliseconds added at most. They add up over the two wires on a message's way. */
export type WireTrouble = Record<'loss' | 'doubling' | 'reorder' | 'delayMs', number>;

export type WireStatus = 'connected' | 'disconnected';

export interface WireOptions {
  readonly timeline: Timeline;
  readonly random: Random;
}

export class Wire {
  readonly host: string;
  readonly trouble: WireTrouble = { loss: 0, doubling: 0, reorder: 0, delayMs: 0 };
  readonly #options: WireOptions;
  readonly #listeners = new Set<(status: WireStatus) => void>();
  /** When the last message to each other host arrives: a connection keeps its order. */
  readonly #arrivals = new Map<Wire, number>();
  /** Cuts not yet mended: they may overlap. */
  #cuts = 0;
  #isConnected = true;
  #cut: { readonly sinceMs: number; readonly troubledUntilMs: number } | undefined;
  /** When it was last cut or troubled; for those who judge whether a silence was to be expected. */
  #troubledUntilMs = -Infinity;

  constructor(host: string, options: WireOptions) {
    this.host = host;
    this.#options = options;
  }

  get isCut(): boolean {
    return this.#cuts > 0;
  }

  /** Since when it is cut, and until when it was troubled before; virtual milliseconds. */
  get cut(): { readonly sinceMs: number; readonly troubledUntilMs: number } | undefined {
    return this.isCut ? this.#cut : undefined;
  }

  /** As both ends see it, which may be later than it is so. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Virtual time of the last moment at which messages may have been lost or late on it. */
  get troubledUntilMs(): number {
    const { loss, delayMs, reorder } = this.trouble;
    const isTroubled = this.isCut || !this.#isConnected || loss > 0 || delayMs > 0 || reorder > 0;
    return isTroubled ? this.#options.timeline.nowMs : this.#troubledUntilMs;
  }

  onStatus(listener: (status: WireStatus) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Nothing passes any more; both ends notice so much later, milliseconds. */
  cutOff(noticedAfterMs: number): void {
    const { timeline } = this.#options;
    if (!this.isCut) this.#cut = { sinceMs: timeline.nowMs, troubledUntilMs: this.troubledUntilMs };
    if (++this.#cuts > 1) return;
    timeline.after(noticedAfterMs, () => {
      if (this.isCut) this.#tell('disconnected');
    });
  }

  mend(): void {
    if (!this.isCut) return;
    this.#noteTrouble();
    if (--this.#cuts > 0) return;
    if (!this.#isConnected) this.#options.timeline.after(RECONNECT_MS, () => this.#reconnect());
  }

  /** Changes what befalls messages, and back again when the result is called. */
  befall(what: keyof WireTrouble, by: number): () => void {
    const end = addTrouble(this.trouble, what, by);
    return () => {
      this.#noteTrouble();
      end();
    };
  }

  /** Ends whatever befalls messages. */
  calm(): void {
    this.#noteTrouble();
    Object.assign(this.trouble, { loss: 0, doubling: 0, reorder: 0, delayMs: 0 });
    while (this.isCut) this.mend();
  }

  /** Carries a message to another host, where it may arrive late, twice or not at all. */
  carry(to: Wire, deliver: () => void): void {
    const { timeline, random } = this.#options;
    if (this.isCut || to.isCut) return;
    if (this.#befalls(to, 'loss')) return;
    const isReordered = this.#befalls(to, 'reorder');
    const travelMs = this.#travelMs(to) + (isReordered ? random.between(0, REORDER_MAX_MS) : 0);
    let atMs = timeline.nowMs + travelMs;
    if (!isReordered) this.#arrivals.set(to, (atMs = Math.max(atMs, this.#arrivals.get(to) ?? 0)));
    const arrive = () => {
      if (!this.isCut && !to.isCut) deliver();
    };
    timeline.after(atMs - timeline.nowMs, arrive);
    if (this.#befalls(to, 'doubling'))
      timeline.after(atMs - timeline.nowMs + random.between(0, REORDER_MAX_MS), arrive);
  }

  /** Carries an answer of the log or the lease's store: it may be late or lost, but comes once. */
  carryOnce(to: Wire, deliver: () => void): void {
    const { timeline } = this.#options;
    if (this.isCut || to.isCut || this.#befalls(to, 'loss')) return;
    timeline.after(this.#travelMs(to), () => {
      if (!this.isCut && !to.isCut) deliver();
    });
  }

  #befalls(to: Wire, what: 'loss' | 'doubling' | 'reorder'): boolean {
    const probability = this.trouble[what] + to.trouble[what];
    return probability > 0 && this.#options.random.chance(probability);
  }

  #travelMs(to: Wire): number {
    const { random } = this.#options;
    const delayMs = this.trouble.delayMs + to.trouble.delayMs;
    return random.between(LATENCY_MS.least, LATENCY_MS.most) + (delayMs > 0 ? random.between(0, delayMs) : 0);
  }

  #noteTrouble(): void {
    this.#troubledUntilMs = this.troubledUntilMs;
  }

  #reconnect(): void {
    if (this.isCut || this.#isConnected) return;
    this.#noteTrouble();
    this.#tell('connected');
  }

  #tell(status: WireStatus): void {
    if (this.#isConnected === (status === 'connected')) return;
    this.#isConnected = status === 'connected';
    for (const listener of this.#listeners) listener(status);
  }
}
