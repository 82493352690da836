/** Reads a container's log as its shim wrote it, across the turn from one file to the next. */
import { open } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { parseTime } from '../../../foundation/clock.ts';
import type { Clock } from '../../../foundation/clock.ts';
import type { LogChunk, LogRequest } from '../container-runtime.ts';
import { isMissing } from './records.ts';

const READ_BYTES = 65_536;
/** Quick enough for eyes, rare enough for many readers. */
const FOLLOW_INTERVAL_MS = 50;
const LINE_FEED = 10;
const RECORD = /^(\S+) (stdout|stderr) ([FP]) /;

interface LogRecord {
  readonly time: string;
  readonly stream: LogChunk['stream'];
  /** Ends its line. */
  readonly full: boolean;
  readonly text: Buffer;
}

export interface LogSource {
  readonly path: string;
  readonly clock: Clock;
  /** Nothing will be written any more. */
  readonly ended: () => Promise<boolean>;
}

/** Ends quietly when the signal is aborted. */
export async function* readLog(source: LogSource, request: LogRequest, signal: AbortSignal): AsyncGenerator<LogChunk> {
  const reader = new LogReader(source.path);
  const print = printer(request);
  try {
    await reader.open();
    // Asked before reading: what is there then is all there will be.
    let ended = await source.ended();
    if (request.tailLines === undefined) for await (const record of reader.rest()) yield* print(record);
    else for (const record of await lastLines(reader, request, request.tailLines)) yield* print(record);
    while (request.follow && !ended && !signal.aborted) {
      await source.clock.sleep(FOLLOW_INTERVAL_MS, signal).catch(() => {});
      ended = await source.ended();
      for await (const record of reader.rest()) {
        if (signal.aborted) return;
        yield* print(record);
      }
    }
  } finally {
    await reader.close();
  }
}

/** The time stands at the beginning of each line, not of each part of one. */
function printer({ timestamps, since }: LogRequest): (record: LogRecord) => Iterable<LogChunk> {
  const unfinished = new Set<string>();
  return function* ({ time, stream, full, text }) {
    const begins = !unfinished.has(stream);
    if (full) unfinished.delete(stream);
    else unfinished.add(stream);
    if (since !== undefined && parseTime(time) < since) return;
    const prefix = timestamps && begins ? `${time} ` : '';
    yield { stream, data: Buffer.concat([Buffer.from(prefix), text, Buffer.from(full ? '\n' : '')]) };
  };
}

async function lastLines(reader: LogReader, { since = 0 }: LogRequest, count: number): Promise<LogRecord[]> {
  const lines: LogRecord[][] = [];
  const unfinished = new Map<string, LogRecord[]>();
  for await (const record of reader.rest()) {
    if (parseTime(record.time) < since) continue;
    let line = unfinished.get(record.stream);
    if (line === undefined) {
      line = [];
      lines.push(line);
      unfinished.set(record.stream, line);
      if (lines.length > count) lines.shift();
    }
    line.push(record);
    if (record.full) unfinished.delete(record.stream);
  }
  return lines.flat();
}

class LogReader {
  readonly #path: string;
  #file: FileHandle | undefined;
  #rest: Buffer = Buffer.alloc(0);

  constructor(path: string) {
    this.#path = path;
  }

  /** Begins with the older file where there is one. */
  async open(): Promise<void> {
    this.#file = (await openIfThere(`${this.#path}.1`)) ?? (await openIfThere(this.#path));
  }

  async close(): Promise<void> {
    await this.#file?.close();
  }

  /** All that was not read yet. */
  async *rest(): AsyncGenerator<LogRecord> {
    do yield* this.#restOfFile();
    while (await this.#turn());
  }

  async *#restOfFile(): AsyncGenerator<LogRecord> {
    for (;;) {
      const { bytesRead, buffer } = (await this.#file?.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES)) ?? {
        bytesRead: 0,
      };
      if (bytesRead === 0 || buffer === undefined) return;
      this.#rest = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
      for (let end = this.#rest.indexOf(LINE_FEED); end >= 0; end = this.#rest.indexOf(LINE_FEED)) {
        const record = parseRecord(this.#rest.subarray(0, end));
        this.#rest = this.#rest.subarray(end + 1);
        if (record !== undefined) yield record;
      }
    }
  }

  /** True when another file has the log's name now, which is then read on. */
  async #turn(): Promise<boolean> {
    const next = await openIfThere(this.#path);
    if (next === undefined) return false;
    if ((await inodeOf(next)) === (this.#file && (await inodeOf(this.#file)))) {
      await next.close();
      return false;
    }
    // Between our last read and the turn more may have been written to what we still have open.
    const old = this.#file;
    const grown = old !== undefined && (await this.#hasMore(old));
    if (grown) {
      await next.close();
      return true;
    }
    await old?.close();
    this.#file = next;
    return true;
  }

  async #hasMore(file: FileHandle): Promise<boolean> {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES);
    this.#rest = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
    return bytesRead > 0;
  }
}

/** Undefined for what is no record: a line the shim could write only in part, the disk being full. */
function parseRecord(line: Buffer): LogRecord | undefined {
  const [prefix, time, stream, tag] = RECORD.exec(line.subarray(0, 64).toString('latin1')) ?? [];
  if (prefix === undefined || time === undefined || (stream !== 'stdout' && stream !== 'stderr')) return undefined;
  return { time, stream, full: tag === 'F', text: line.subarray(prefix.length) };
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function inodeOf(file: FileHandle): Promise<bigint> {
  return (await file.stat({ bigint: true })).ino;
}
