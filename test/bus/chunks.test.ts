// Answers in chunks: whole, in order, no faster than they are taken.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { headers } from 'nats';
import { ChunkAssembler } from '../../src/bus/chunk-assembler.ts';
import { AnswerSender, cut } from '../../src/bus/chunks.ts';
import { CHUNK_MAX_BYTES, CHUNK_WINDOW } from '../../src/bus/limits.ts';
import { AnswerBrokenError, Requester } from '../../src/bus/requester.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { BusCell } from '../support/bus-cell.ts';

let cell: BusCell;
beforeAll(async () => {
  cell = await BusCell.start();
});
afterAll(() => cell.dispose());

const OPERATOR = { role: 'operator', actor: 'admin' } as const;
/** A bare exchange of chunks: a sender and whoever asks. */
async function exchange() {
  const asking = await cell.connect(OPERATOR);
  const answering = await cell.connect({ role: 'control-plane' });
  const sender = new AnswerSender(answering, systemClock, systemIdentifiers);
  const requester = new Requester(asking, systemClock, 'exchange');
  return { asking, answering, sender, requester, subject: asking.subjects.openSession('n9', 'exchange') };
}

describe('chunks', () => {
  test('are as large as they may be, and put together what was cut', async () => {
    const pieces = [Buffer.alloc(10, 1), Buffer.alloc(0), Buffer.alloc(25, 2), Buffer.alloc(3, 3)];
    const chunks: Uint8Array[] = [];
    for await (const chunk of cut(pieces, 10)) chunks.push(chunk);
    expect(chunks.map(({ byteLength }) => byteLength)).toEqual([10, 10, 10, 8]);
    expect(Buffer.concat(chunks)).toEqual(Buffer.concat(pieces));
  });

  test('are made no faster than they are taken', async () => {
    const { asking, answering, sender, subject } = await exchange();
    let made = 0;
    const pieces = function* () {
      for (; made < 100; made++) yield new Uint8Array(CHUNK_MAX_BYTES);
    };
    const subscription = answering.connection.subscribe(subject, {
      callback: (_, message) => void sender.send(message.reply ?? '', pieces()),
    });
    onTestFinished(() => subscription.unsubscribe());
    await answering.connection.flush();
    // Takes the first window and acknowledges nothing.
    const inbox = `${asking.subjects.inbox('admin')}.silent`;
    let taken = 0;
    const full = new Promise<void>((resolve) => {
      asking.connection.subscribe(inbox, { callback: () => void (++taken === CHUNK_WINDOW && resolve()) });
    });
    asking.connection.publish(subject, '', { reply: inbox });
    await full;
    await asking.connection.flush();
    expect(taken).toBe(CHUNK_WINDOW);
    expect(made).toBeLessThanOrEqual(CHUNK_WINDOW + 3);
  });

  test('one of which is missing make a broken answer', async () => {
    const { answering, requester, subject } = await exchange();
    const subscription = answering.connection.subscribe(subject, {
      callback: (_, message) => {
        for (const number of ['0', '2']) {
          const chunk = headers();
          chunk.set('Periplus-Transfer', 'one');
          chunk.set('Periplus-Chunk', number);
          answering.connection.publish(message.reply ?? '', 'x', { headers: chunk });
        }
      },
    });
    onTestFinished(() => subscription.unsubscribe());
    await answering.connection.flush();
    await expect(requester.request(subject, '', 5_000)).rejects.toBeInstanceOf(AnswerBrokenError);
  });

  test('of a second answer are ignored', async () => {
    const { answering, requester, subject } = await exchange();
    const subscription = answering.connection.subscribe(subject, {
      callback: (_, message) => {
        for (const [transfer, number, last] of [
          ['a', '0'],
          ['b', '0'],
          ['a', '1', 'true'],
        ] as const) {
          const chunk = headers();
          chunk.set('Periplus-Transfer', transfer);
          chunk.set('Periplus-Chunk', number);
          if (last) chunk.set('Periplus-Last', last);
          answering.connection.publish(message.reply ?? '', transfer + number, { headers: chunk });
        }
      },
    });
    onTestFinished(() => subscription.unsubscribe());
    await answering.connection.flush();
    expect(Buffer.from(await requester.request(subject, '', 5_000)).toString()).toBe('a0a1');
  });

  test('beyond the limit are not kept', () => {
    const assembler = new ChunkAssembler(10);
    const message = { data: new Uint8Array(11), headers: headers() };
    message.headers.set('Periplus-Transfer', 'one');
    message.headers.set('Periplus-Chunk', '0');
    expect(assembler.take(message as unknown as Parameters<typeof assembler.take>[0])).toMatchObject({
      state: 'broken',
    });
  });
});
