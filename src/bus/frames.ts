/** Frames of a session between a client and a node: a type, a running number so that a loss is noticed, and bytes. */

/** Frame types by name; the byte on the wire is the index. Append only. */
export const FRAME_TYPES = [
  /** The node has begun. */
  'begun',
  'stdout',
  'stderr',
  'stdin',
  /** Standard input has ended. */
  'end-of-input',
  /** `{"columns":80,"rows":24}` */
  'resize',
  /** `{"exitCode":0}`: the end of an exec; of logs, the end. */
  'done',
  /** `{"reason":"...","message":"..."}`: the end, with why. */
  'failed',
  /** How many bytes have been taken so far: 8 bytes, big-endian. */
  'taken',
  /** Nothing to say, but alive. */
  'alive',
  /** The client has lost interest. */
  'cancel',
] as const;

export type FrameType = (typeof FRAME_TYPES)[number];

export interface Frame {
  readonly type: FrameType;
  /** Counts the frames of one direction, from 0; wraps at 2^32. */
  readonly number: number;
  readonly data: Uint8Array;
}

const HEAD_BYTES = 5;

export function encodeFrame(type: FrameType, number: number, data: Uint8Array): Uint8Array {
  const frame = Buffer.allocUnsafe(HEAD_BYTES + data.byteLength);
  frame.writeUInt8(FRAME_TYPES.indexOf(type), 0);
  frame.writeUInt32BE(number >>> 0, 1);
  frame.set(data, HEAD_BYTES);
  return frame;
}

/** Undefined for what is no frame. */
export function decodeFrame(payload: Uint8Array): Frame | undefined {
  const type = FRAME_TYPES[payload[0] ?? FRAME_TYPES.length];
  if (type === undefined || payload.byteLength < HEAD_BYTES) return undefined;
  const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  return { type, number: view.getUint32(1), data: payload.subarray(HEAD_BYTES) };
}
