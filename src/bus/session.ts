/** One end of a session: frames out within a window, frames in checked for gaps, and an end when the other side falls silent. */
import type { Clock, Timer } from '../foundation/clock.ts';
import { decodeFrame, encodeFrame, type Frame, type FrameType } from './frames.ts';

/** Bytes sent ahead of what the other side has taken: what a slow reader costs in memory, at most, at each station. */
export const SESSION_WINDOW_BYTES = 512 * 1024;
/** Largest frame: other traffic of the connection waits no longer than for this. */
export const FRAME_MAX_BYTES = 64 * 1024;
/** Each side says that it is alive this often … */
export const SESSION_ALIVE_MS = 5_000;
/** … and a side that has not been heard for so long is gone. */
export const SESSION_SILENCE_MS = 20_000;
/** How much is taken before the other side is told: an eighth of the window, so that it never waits in vain. */
const TAKEN_STEP_BYTES = SESSION_WINDOW_BYTES / 8;

/** The other side is gone, or a frame was lost on the way. */
export class SessionBrokenError extends Error {
  override readonly name = 'SessionBrokenError';
}

export interface SessionEndOptions {
  readonly clock: Clock;
  /** Publishes a frame to the other side. */
  publish(frame: Uint8Array): void;
  /** Takes frames that are not the session's own business (taken, alive). Data frames count as taken only after `taken`. */
  receive(frame: Frame): void;
  /** Called once when the session cannot go on. */
  onBroken(error: SessionBrokenError): void;
}

export class SessionEnd {
  readonly #options: SessionEndOptions;
  #sentNumber = 0;
  #receivedNumber = 0;
  #sentBytes = 0;
  #otherTook = 0;
  #tookBytes = 0;
  #toldBytes = 0;
  #lastHeard: number;
  #closed = false;
  #room: (() => void)[] = [];
  #timer: Timer;

  constructor(options: SessionEndOptions) {
    this.#options = options;
    this.#lastHeard = options.clock.monotonic();
    this.#timer = this.#tick();
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Sends a frame that is not data. */
  send(type: FrameType, content?: unknown): void {
    const data = content === undefined ? new Uint8Array() : Buffer.from(JSON.stringify(content));
    this.#publish(type, data);
  }

  /** Sends data, resolving once the other side has room for more. Resolves at once when the session has ended. */
  async sendData(type: 'stdin' | 'stdout' | 'stderr', data: Uint8Array): Promise<void> {
    for (let start = 0; start < data.byteLength; start += FRAME_MAX_BYTES) {
      while (!this.#closed && this.#sentBytes - this.#otherTook >= SESSION_WINDOW_BYTES) {
        await new Promise<void>((resolve) => this.#room.push(resolve));
      }
      const piece = data.subarray(start, start + FRAME_MAX_BYTES);
      this.#sentBytes += piece.byteLength;
      this.#publish(type, piece);
    }
  }

  /** The consumer has taken so many bytes of data: the other side may send more. */
  taken(bytes: number): void {
    this.#tookBytes += bytes;
    if (this.#tookBytes - this.#toldBytes < TAKEN_STEP_BYTES) return;
    this.#toldBytes = this.#tookBytes;
    const data = Buffer.allocUnsafe(8);
    data.writeBigUInt64BE(BigInt(this.#tookBytes));
    this.#publish('taken', data);
  }

  /** Takes a message of the other side. */
  take(payload: Uint8Array): void {
    if (this.#closed) return;
    const frame = decodeFrame(payload);
    if (frame === undefined || frame.number !== this.#receivedNumber >>> 0) {
      return this.#break('a frame of the session was lost on the way');
    }
    this.#receivedNumber++;
    this.#lastHeard = this.#options.clock.monotonic();
    if (frame.type === 'taken') return this.#takeTaken(frame.data);
    if (frame.type !== 'alive') this.#options.receive(frame);
  }

  /** Ends this side; nothing is sent any more. */
  close(): void {
    this.#closed = true;
    this.#timer.cancel();
    for (const resolve of this.#room.splice(0)) resolve();
  }

  #takeTaken(data: Uint8Array): void {
    if (data.byteLength !== 8) return this.#break('a frame of the session is malformed');
    this.#otherTook = Number(Buffer.from(data).readBigUInt64BE());
    for (const resolve of this.#room.splice(0)) resolve();
  }

  #publish(type: FrameType, data: Uint8Array): void {
    if (this.#closed) return;
    this.#options.publish(encodeFrame(type, this.#sentNumber++, data));
  }

  #tick(): Timer {
    return this.#options.clock.after(SESSION_ALIVE_MS, () => {
      if (this.#closed) return;
      if (this.#options.clock.monotonic() - this.#lastHeard > SESSION_SILENCE_MS) {
        return this.#break(`the other side was silent for ${SESSION_SILENCE_MS / 1000} s`);
      }
      this.send('alive');
      this.#timer = this.#tick();
    });
  }

  #break(why: string): void {
    if (this.#closed) return;
    this.close();
    this.#options.onBroken(new SessionBrokenError(why));
  }
}
