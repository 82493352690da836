/** Chance from a seed: the same seed and name give the same numbers, whatever other parts of the simulator draw. */
import { hash } from 'node:crypto';
import { suffixFromBytes, type Identifiers } from '../foundation/identifiers.ts';

const UINT32 = 0x1_0000_0000;

/** The sfc32 generator: small, fast, and of a period that no run comes near. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** `name` tells the streams of one seed apart, so that a part that draws more leaves the others alone. */
  constructor(seed: number | string, name: string) {
    const digest = hash('sha256', `${seed}/${name}`, 'buffer');
    this.#a = digest.readUInt32LE(0);
    this.#b = digest.readUInt32LE(4);
    this.#c = digest.readUInt32LE(8);
  }

  uint32(): number {
    const sum = (this.#a + this.#b + this.#counter) >>> 0;
    this.#counter = (this.#counter + 1) >>> 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) >>> 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) >>> 0;
    this.#c = (this.#c + sum) >>> 0;
    return sum;
  }

  /** In [0, 1). */
  fraction(): number {
    return this.uint32() / UINT32;
  }

  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** In [minimum, maximum). */
  between(minimum: number, maximum: number): number {
    return minimum + this.fraction() * (maximum - minimum);
  }

  /** A whole number from 0 to below the limit. */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** Time between things that happen at random, so often on the average. */
  wait(averageMs: number): number {
    return -Math.log(1 - this.fraction()) * averageMs;
  }

  pick<Item>(items: readonly [Item, ...Item[]]): Item;
  pick<Item>(items: readonly Item[]): Item | undefined;
  pick<Item>(items: readonly Item[]): Item | undefined {
    return items[this.below(items.length)];
  }
}

const UUID_BYTES = 16;
const SUFFIX_BYTES = 5;

/** Identifiers as chance of the seed makes them. */
export function seededIdentifiers(random: Random): Identifiers {
  const bytes = (length: number): Buffer => Buffer.from(Array.from({ length }, () => random.below(256)));
  return {
    uuid() {
      const raw = bytes(UUID_BYTES);
      raw[6] = ((raw[6] ?? 0) & 0x0f) | 0x40;
      raw[8] = ((raw[8] ?? 0) & 0x3f) | 0x80;
      const text = raw.toString('hex');
      return [text.slice(0, 8), text.slice(8, 12), text.slice(12, 16), text.slice(16, 20), text.slice(20)].join('-');
    },
    suffix: () => suffixFromBytes(bytes(SUFFIX_BYTES)),
    random: () => random.fraction(),
  };
}
