/** Fields of protobuf messages, written. */
import protobuf from 'protobufjs/minimal.js';

/** Wire type of what has a length. */
const DELIMITED = 2;

export function text(field: number, value: string): Uint8Array {
  return protobuf.Writer.create()
    .uint32((field << 3) | DELIMITED)
    .string(value)
    .finish();
}

/** A field that holds a message of these fields. */
export function message(field: number, parts: readonly Uint8Array[]): Uint8Array {
  return protobuf.Writer.create()
    .uint32((field << 3) | DELIMITED)
    .bytes(Buffer.concat(parts))
    .finish();
}
