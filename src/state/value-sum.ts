/** Hashes of JSON values as a sum over their leaves: of a value that changed only the leaves that differ are hashed. */

// Written here because a library hashes texts: making one of a pod's status took four times as long as walking to the two
// leaves that changed. Two lanes of 32 bits, since numbers of 64 would be objects. It tells values apart that differ by
// accident; where somebody may want to deceive there is the chain's SHA-256.

const LOW_SEED = 0x2c1b3c6d;
const HIGH_SEED = 0x297a2d39;
/** Odd, with about as many bits set as not, so that one bit of a word reaches half of the lane's. */
const LOW_FACTOR = 0x9e3779b1;
const HIGH_FACTOR = 0x85ebca77;
const LOW_FINAL = 0x7feb352d;
const HIGH_FINAL = 0x846ca68b;
const WORD = 2 ** 32;

/** What a leaf is, so that `1`, `"1"` and `[1]` differ. */
const Tag = { text: 1, integer: 2, number: 3, true: 4, false: 5, null: 6, object: 7, list: 8, key: 9 } as const;

/** Most bytes that a unit of UTF-16 takes in JSON: `\u0000`. */
const BYTES_PER_UNIT_MAX = 6;
/** More than a leaf's punctuation takes, and than any number does. */
const BYTES_PER_LEAF_MAX = 32;

const double = new Float64Array(1);
const words = new Int32Array(double.buffer);

/** Two lanes that words are stirred into. */
export class Lanes {
  low = LOW_SEED;
  high = HIGH_SEED;

  begin(low = LOW_SEED, high = HIGH_SEED): this {
    this.low = low;
    this.high = high;
    return this;
  }

  word(word: number): this {
    const low = Math.imul(this.low ^ word, LOW_FACTOR);
    const high = Math.imul(this.high ^ word, HIGH_FACTOR);
    this.low = (low << 13) | (low >>> 19);
    this.high = (high << 17) | (high >>> 15);
    return this;
  }

  text(text: string): this {
    let { low, high } = this;
    const { length } = text;
    for (let index = 0; index < length; index += 2) {
      // The length, which is stirred in too, tells an odd end from a character 0.
      let word = text.charCodeAt(index);
      if (index + 1 < length) word |= text.charCodeAt(index + 1) << 16;
      low = Math.imul(low ^ word, LOW_FACTOR);
      low = (low << 13) | (low >>> 19);
      high = Math.imul(high ^ word, HIGH_FACTOR);
      high = (high << 17) | (high >>> 15);
    }
    this.low = low;
    this.high = high;
    return this.word(length);
  }

  /** A whole number up to 2^53. */
  integer(value: number): this {
    return this.word(value | 0).word(Math.floor(value / WORD) | 0);
  }

  /** Spreads what went in last over all bits. */
  end(): this {
    let { low, high } = this;
    low = Math.imul(low ^ (low >>> 16), LOW_FINAL);
    high = Math.imul(high ^ (high >>> 15), HIGH_FINAL);
    low = Math.imul(low ^ (low >>> 15), HIGH_FINAL);
    high = Math.imul(high ^ (high >>> 16), LOW_FINAL);
    this.low = low ^ (low >>> 16);
    this.high = high ^ (high >>> 15);
    return this;
  }
}

type Container = Readonly<Record<string, unknown>> & readonly unknown[];

/** A sum that values are added to and taken from, each with the path it stands at. */
export class ValueSum {
  low = 0;
  high = 0;
  /** Never less than by how many bytes the values' JSON grew. */
  grownBytesAtMost = 0;
  readonly #lanes = new Lanes();

  begin(low: number, high: number): this {
    this.low = low;
    this.high = high;
    this.grownBytesAtMost = 0;
    return this;
  }

  /** Replaces the members of one object by those of another. */
  change(before: object, after: object): this {
    this.#changeObject(before as Container, after as Container, LOW_SEED, HIGH_SEED);
    return this;
  }

  #change(before: unknown, after: unknown, low: number, high: number): void {
    if (isContainer(before) && isContainer(after) && Array.isArray(before) === Array.isArray(after)) {
      if (Array.isArray(before)) this.#changeList(before, after, low, high);
      else this.#changeObject(before, after, low, high);
      return;
    }
    if (before !== undefined) this.#add(before, low, high, -1);
    if (after !== undefined) this.#add(after, low, high, 1);
  }

  #changeList(before: readonly unknown[], after: readonly unknown[], low: number, high: number): void {
    const length = Math.max(before.length, after.length);
    for (let index = 0; index < length; index++) {
      // JSON has no undefined in a list.
      const old = index < before.length ? (before[index] ?? null) : undefined;
      const value = index < after.length ? (after[index] ?? null) : undefined;
      if (old === value) continue;
      this.#grow(0);
      const lanes = this.#lanes.begin(low, high).word(index);
      this.#change(old, value, lanes.low, lanes.high);
    }
  }

  #changeObject(before: Container, after: Container, low: number, high: number): void {
    for (const key in after) {
      const value = after[key];
      const old = own(before[key]);
      if (value === old || value === undefined) continue;
      this.#grow(key.length);
      const lanes = this.#lanes.begin(low, high).text(key).word(Tag.key);
      this.#change(old, value, lanes.low, lanes.high);
    }
    for (const key in before) {
      if (before[key] === undefined || own(after[key]) !== undefined) continue;
      const lanes = this.#lanes.begin(low, high).text(key).word(Tag.key);
      this.#add(before[key], lanes.low, lanes.high, -1);
    }
  }

  /** Adds a value's leaves, or with -1 takes them away. */
  #add(value: unknown, low: number, high: number, sign: number): void {
    if (!isContainer(value)) return this.#leaf(value, low, high, sign);
    const list = Array.isArray(value);
    this.#sum(this.#lanes.begin(low, high).word(list ? Tag.list : Tag.object), sign);
    if (list) {
      for (let index = 0; index < value.length; index++) {
        this.#grow(0);
        const lanes = this.#lanes.begin(low, high).word(index);
        this.#add(value[index] ?? null, lanes.low, lanes.high, sign);
      }
      return;
    }
    for (const key in value) {
      if (value[key] === undefined) continue;
      this.#grow(key.length);
      const lanes = this.#lanes.begin(low, high).text(key).word(Tag.key);
      this.#add(value[key], lanes.low, lanes.high, sign);
    }
  }

  #leaf(value: unknown, low: number, high: number, sign: number): void {
    const lanes = this.#lanes.begin(low, high);
    if (typeof value === 'string') {
      if (sign > 0) this.#grow(value.length);
      lanes.text(value).word(Tag.text);
    } else if (typeof value === 'number') number(lanes, value);
    else lanes.word(value === null ? Tag.null : value === true ? Tag.true : Tag.false);
    this.#sum(lanes, sign);
  }

  #grow(units: number): void {
    this.grownBytesAtMost += units * BYTES_PER_UNIT_MAX + BYTES_PER_LEAF_MAX;
  }

  #sum(lanes: Lanes, sign: number): void {
    const { low, high } = lanes.end();
    this.low = (this.low + Math.imul(low, sign)) | 0;
    this.high = (this.high + Math.imul(high, sign)) | 0;
  }
}

/** As JSON writes it: -0 is 0, and what is not finite null. */
function number(lanes: Lanes, value: number): Lanes {
  if ((value | 0) === value) return lanes.word(value | 0).word(Tag.integer);
  if (!Number.isFinite(value)) return lanes.word(Tag.null);
  double[0] = value;
  return lanes
    .word(words[0] ?? 0)
    .word(words[1] ?? 0)
    .word(Tag.number);
}

function isContainer(value: unknown): value is Container {
  return typeof value === 'object' && value !== null;
}

/** What a plain object inherits is none of its data: a key of users may be `constructor` or `__proto__`. */
function own(value: unknown): unknown {
  return typeof value === 'function' || value === Object.prototype ? undefined : value;
}
