/** Answers larger than a message: numbered chunks to the requester's inbox, a window of them ahead of its acknowledgements. */
import { headers, type MsgHdrs } from 'nats';
import type { Clock } from '../foundation/clock.ts';
import type { Identifiers } from '../foundation/identifiers.ts';
import type { Bus } from './connection.ts';
import { CHUNK_ACKNOWLEDGE_MS, CHUNK_MAX_BYTES, CHUNK_WINDOW } from './limits.ts';

/** Header: which transfer a chunk is part of. A message without it is a whole answer. */
export const TRANSFER_HEADER = 'Periplus-Transfer';
/** Header: the chunk's number, from 0. Each chunk is acknowledged by publishing its number to the message's reply subject. */
export const CHUNK_HEADER = 'Periplus-Chunk';
/** Header: `true` on the last chunk. */
export const LAST_HEADER = 'Periplus-Last';

/** Cuts a text's bytes, arriving in pieces of any size, into pieces of exactly the chunk size but for the last. */
export async function* cut(
  pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>,
  chunkBytes = CHUNK_MAX_BYTES,
): AsyncGenerator<Uint8Array> {
  let waiting: Uint8Array[] = [];
  let bytes = 0;
  for await (const piece of pieces) {
    let rest = piece;
    while (bytes + rest.byteLength > chunkBytes) {
      const taken = chunkBytes - bytes;
      yield Buffer.concat([...waiting, rest.subarray(0, taken)]);
      rest = rest.subarray(taken);
      waiting = [];
      bytes = 0;
    }
    if (rest.byteLength > 0) waiting.push(rest);
    bytes += rest.byteLength;
  }
  yield Buffer.concat(waiting);
}

interface Transfer {
  acknowledged: number;
  wake: () => void;
}

/** Sends answers of any size. One per process and connection. */
export class AnswerSender {
  readonly #bus: Bus;
  readonly #clock: Clock;
  readonly #identifiers: Identifiers;
  readonly #acknowledgements: string;
  readonly #transfers = new Map<string, Transfer>();

  constructor(bus: Bus, clock: Clock, identifiers: Identifiers) {
    this.#bus = bus;
    this.#clock = clock;
    this.#identifiers = identifiers;
    this.#acknowledgements = bus.subjects.acknowledgements(identifiers.uuid());
    bus.connection.subscribe(this.#acknowledgements, {
      callback: (error, message) => {
        if (error === null) this.#acknowledge(message.string());
      },
    });
  }

  /**
   * Sends an answer that arrives in pieces; pieces are asked for only as fast as the receiver takes them. Resolves once all
   * is sent, `false` when the receiver went away first. Rejects with what the pieces raise.
   */
  async send(reply: string, pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<boolean> {
    const chunks = cut(pieces)[Symbol.asyncIterator]();
    const first = await chunks.next();
    let next = await chunks.next();
    if (next.done) {
      this.#bus.connection.publish(reply, first.value ?? new Uint8Array());
      return true;
    }
    const id = this.#identifiers.uuid();
    const transfer: Transfer = { acknowledged: 0, wake: () => undefined };
    this.#transfers.set(id, transfer);
    try {
      let current: Uint8Array = first.value ?? new Uint8Array();
      for (let number = 0; ; number++) {
        if (!(await this.#room(transfer, number))) return false;
        const last = next.done === true;
        this.#publish(reply, current, chunkHeaders(id, number, last));
        if (last) return true;
        current = next.value as Uint8Array;
        next = await chunks.next();
      }
    } finally {
      this.#transfers.delete(id);
      await chunks.return(undefined);
    }
  }

  /** Resolves with whether the chunk may be sent: true within the window, false when the receiver is silent for too long. */
  #room(transfer: Transfer, number: number): Promise<boolean> | boolean {
    if (number - transfer.acknowledged < CHUNK_WINDOW) return true;
    return new Promise((resolve) => {
      const wait = () =>
        this.#clock.after(CHUNK_ACKNOWLEDGE_MS, () => {
          transfer.wake = () => undefined;
          resolve(false);
        });
      let timer = wait();
      transfer.wake = () => {
        timer.cancel();
        if (number - transfer.acknowledged < CHUNK_WINDOW) resolve(true);
        else timer = wait();
      };
    });
  }

  #publish(reply: string, chunk: Uint8Array, chunkHeader: MsgHdrs): void {
    this.#bus.connection.publish(reply, chunk, { headers: chunkHeader, reply: this.#acknowledgements });
  }

  /** `<transfer> <number>`: everything up to that chunk has arrived. */
  #acknowledge(text: string): void {
    const [id = '', number = ''] = text.split(' ');
    const transfer = this.#transfers.get(id);
    const count = Number(number) + 1;
    if (transfer === undefined || !(count > transfer.acknowledged)) return;
    transfer.acknowledged = count;
    transfer.wake();
  }
}

function chunkHeaders(id: string, number: number, last: boolean): MsgHdrs {
  const chunk = headers();
  chunk.set(TRANSFER_HEADER, id);
  chunk.set(CHUNK_HEADER, String(number));
  if (last) chunk.set(LAST_HEADER, 'true');
  return chunk;
}

/** Pieces without acknowledgements, for messages that nobody asked for (work lists). */
export function publishInChunks(bus: Bus, identifiers: Identifiers, subject: string, payload: Uint8Array): void {
  if (payload.byteLength <= CHUNK_MAX_BYTES) return bus.connection.publish(subject, payload);
  const id = identifiers.uuid();
  for (let number = 0, start = 0; start < payload.byteLength; number++, start += CHUNK_MAX_BYTES) {
    const end = start + CHUNK_MAX_BYTES;
    const header = chunkHeaders(id, number, end >= payload.byteLength);
    bus.connection.publish(subject, payload.subarray(start, end), { headers: header });
  }
}
