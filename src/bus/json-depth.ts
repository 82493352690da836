/** Refuses JSON that is nested too deeply before anybody walks it recursively. */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;
const CLOSE_ARRAY = 0x5d;
const CLOSE_OBJECT = 0x7d;

/** Whether brackets outside of strings nest deeper than the limit. One pass over the bytes, about a nanosecond each. */
export function isNestedDeeperThan(payload: Uint8Array, limit: number): boolean {
  let depth = 0;
  for (let at = 0; at < payload.length; at++) {
    const byte = payload[at];
    if (byte === QUOTE) at = endOfString(payload, at);
    else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      if (++depth > limit) return true;
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) depth--;
  }
  return false;
}

function endOfString(payload: Uint8Array, start: number): number {
  let end = payload.indexOf(QUOTE, start + 1);
  while (end !== -1 && isEscaped(payload, end)) end = payload.indexOf(QUOTE, end + 1);
  return end === -1 ? payload.length : end;
}

function isEscaped(payload: Uint8Array, at: number): boolean {
  let backslashes = 0;
  while (payload[at - 1 - backslashes] === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}
