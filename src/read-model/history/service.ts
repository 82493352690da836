/** The worker's side of history: opens the file, records what it is sent, and answers each message. */
import { openForWriting } from '../database.ts';
import { troubleOf } from '../errors.ts';
import { isToHistory, type FromHistory, type ToHistory } from './message.ts';
import { HistoryMismatchError, HistoryWriter } from './writer.ts';

/** The worker's end of the line. */
export interface HistoryPort {
  postMessage(message: FromHistory): void;
  on(event: 'message', listener: (message: { readonly type: string }) => void): unknown;
}

/** Serves a recorder for as long as the worker runs. */
export function serveHistory(port: HistoryPort): void {
  const service = new HistoryService();
  port.on('message', (message) => {
    if (isToHistory(message)) port.postMessage(service.answer(message));
  });
}

class HistoryService {
  #writer: HistoryWriter | undefined;

  answer(message: ToHistory): FromHistory {
    try {
      return this.#do(message);
    } catch (error) {
      if (error instanceof HistoryMismatchError) return { type: 'history-mismatch' };
      return { type: 'history-failed', trouble: troubleOf(error) };
    }
  }

  #do(message: ToHistory): FromHistory {
    switch (message.type) {
      case 'history-open':
        this.#close();
        this.#writer = new HistoryWriter(openForWriting(message.file), message.endings);
        return { type: 'history-opened', position: this.#writer.position };
      case 'history-record':
        return { type: 'history-recorded', ...this.#opened().record(message) };
      case 'history-truncate':
        this.#opened().truncate(message.entry);
        return { type: 'history-opened', position: this.#opened().position };
      case 'history-close':
        this.#close();
        return { type: 'history-closed' };
      default:
        return message satisfies never;
    }
  }

  #opened(): HistoryWriter {
    if (this.#writer === undefined) throw new Error('history is not open');
    return this.#writer;
  }

  #close(): void {
    this.#writer?.close();
    this.#writer = undefined;
  }
}
