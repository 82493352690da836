/** The bus's limits, each with its reason. */

import { MAX_PAYLOAD_BYTES } from './server-config.ts';

/** Largest request: the server's largest message less what headers take, which is well under a kilobyte. */
export const REQUEST_MAX_BYTES = MAX_PAYLOAD_BYTES - 1024;
/** Larger answers go in chunks of this size: small enough that other traffic on the connection waits for a millisecond only. */
export const CHUNK_MAX_BYTES = 1024 * 1024;
/** Chunks sent ahead of their acknowledgements: keeps a pipe busy, and a slow reader's share of the server's memory small. */
export const CHUNK_WINDOW = 8;
/** A receiver that acknowledges no chunk for so long is gone. */
export const CHUNK_ACKNOWLEDGE_MS = 10_000;
/** Largest answer a requester puts together: a list of all of 150,000 pods. */
export const ANSWER_MAX_BYTES = 512 * 1024 * 1024;
/** Deepest nesting of JSON in a request: manifests need a dozen; what is deeper only aims at somebody's stack. */
export const JSON_MAX_DEPTH = 128;
