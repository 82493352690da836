/** Puts chunks together again, in their order, within a limit. */
import type { Msg } from 'nats';
import { CHUNK_HEADER, LAST_HEADER, TRANSFER_HEADER } from './chunks.ts';

/**
 * `whole`: the answer is complete. `more`: wait for the next chunk. `other`: part of another transfer than the one begun
 * (two processes answered): ignore it. `broken`: a chunk is missing, or it grew beyond the limit.
 */
export type Assembled =
  | { readonly state: 'whole'; readonly payload: Uint8Array }
  | { readonly state: 'more' }
  | { readonly state: 'other' }
  | { readonly state: 'broken'; readonly why: string };

export class ChunkAssembler {
  readonly #maxBytes: number;
  #transfer: string | undefined;
  #chunks: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Takes a message; one without chunk headers is a whole answer. */
  take(message: Msg): Assembled {
    const transfer = message.headers?.get(TRANSFER_HEADER) ?? '';
    if (transfer === '') return this.#transfer === undefined ? whole(message.data) : { state: 'other' };
    if (this.#transfer !== undefined && this.#transfer !== transfer) return { state: 'other' };
    const number = message.headers?.get(CHUNK_HEADER) ?? '';
    if (Number(number) !== this.#chunks.length) {
      return { state: 'broken', why: `chunk ${number} came where chunk ${this.#chunks.length} was expected` };
    }
    this.#transfer = transfer;
    this.#chunks.push(message.data);
    this.#bytes += message.data.byteLength;
    if (this.#bytes > this.#maxBytes) {
      return { state: 'broken', why: `it is larger than the limit of ${this.#maxBytes} bytes` };
    }
    if (message.headers?.get(LAST_HEADER) !== 'true') return { state: 'more' };
    return whole(Buffer.concat(this.#chunks, this.#bytes));
  }
}

function whole(payload: Uint8Array): Assembled {
  return { state: 'whole', payload };
}

/** What to publish to a chunk's reply subject once it has arrived; undefined for a whole message. */
export function acknowledgementOf(message: Msg): string | undefined {
  const transfer = message.headers?.get(TRANSFER_HEADER);
  return transfer ? `${transfer} ${message.headers?.get(CHUNK_HEADER) ?? ''}` : undefined;
}
