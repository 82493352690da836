/** The small parts of the Docker runtime, each at its limits. */
import { describe, expect, it } from 'vitest';
import type { RuntimeEvent } from '../../src/agent/runtimes/container-runtime.ts';
import { RuntimeError } from '../../src/agent/runtimes/container-runtime.ts';
import { NAME_POLLS_MAX, createByName } from '../../src/agent/runtimes/docker/create-by-name.ts';
import { Engine } from '../../src/agent/runtimes/docker/engine.ts';
import { createFrameReader } from '../../src/agent/runtimes/docker/frames.ts';
import { readJsonLines } from '../../src/agent/runtimes/docker/lines.ts';
import { containerName, identityOf, labelsOf } from '../../src/agent/runtimes/docker/names.ts';
import { WAITING_EVENTS_MAX, createEventHub } from '../../src/agent/runtimes/event-hub.ts';
import { createLimiter } from '../../src/agent/runtimes/limiter.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import type { Clock } from '../../src/foundation/clock.ts';
import { answerJson, startFakeEngine } from '../support/fake-engine.ts';
import { podIdentity } from './stage.ts';

function frame(stream: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt8(stream, 0);
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

describe('framed output', () => {
  const bytes = Buffer.concat([frame(1, 'one'), frame(2, ''), frame(2, 'two'), frame(1, 'three')]);

  it.each([1, 2, 3, 7, 8, 9, 1000])('is read the same in pieces of %i bytes', (size) => {
    const reader = createFrameReader();
    const text = { stdout: '', stderr: '' };
    for (let at = 0; at < bytes.length; at += size) {
      for (const { stream, data } of reader.push(bytes.subarray(at, at + size)))
        text[stream] += Buffer.from(data).toString();
    }
    expect(text).toEqual({ stdout: 'onethree', stderr: 'two' });
  });
});

async function read(...pieces: string[]): Promise<unknown[]> {
  const stream = (async function* () {
    for (const piece of pieces) yield Buffer.from(piece);
  })();
  const lines: unknown[] = [];
  for await (const line of readJsonLines(stream)) lines.push(line);
  return lines;
}

describe('lines of JSON', () => {
  it('are read whole whatever the pieces they come in', async () => {
    expect(await read('{"a":', '1}\r\n\n{"b"', ':2}\n', '{"c":3}')).toEqual([{ a: 1 }, { b: 2 }, { c: 3 }]);
  });

  it('that never end are refused', async () => {
    await expect(read('x'.repeat(1_048_577))).rejects.toThrow(RangeError);
  });
});

describe('the limiter', () => {
  it('lets so many in at once, the rest in their order, and goes on after a failure', async () => {
    const limiter = createLimiter(2);
    const entered: number[] = [];
    const doors = Array.from({ length: 5 }, () => Promise.withResolvers<void>());
    const tasks = doors.map((door, index) =>
      limiter
        .run(() => {
          entered.push(index);
          return door.promise;
        })
        .catch(() => 'failed'),
    );
    await Promise.resolve();
    expect(entered).toEqual([0, 1]);
    doors[1]?.reject(new Error('stuck'));
    expect(await tasks[1]).toBe('failed');
    await Promise.resolve();
    expect(entered).toEqual([0, 1, 2]);
    for (const door of doors) door.resolve();
    await Promise.all(tasks);
    expect(entered).toEqual([0, 1, 2, 3, 4]);
  });

  it('lets those who go ahead in before the others', async () => {
    const limiter = createLimiter(1);
    const order: string[] = [];
    const door = Promise.withResolvers<void>();
    const enter = (name: string, ahead: boolean) => limiter.run(async () => void order.push(name), { ahead });
    const first = limiter.run(() => door.promise);
    const others = [enter('new', false), enter('begun', true), enter('newer', false), enter('begun too', true)];
    door.resolve();
    await Promise.all([first, ...others]);
    expect(order).toEqual(['begun', 'begun too', 'new', 'newer']);
  });
});

describe('the event hub', () => {
  const pod = podIdentity();
  const event = (id: number): RuntimeEvent => ({ type: 'started', id: String(id), pod });

  it('tells who falls behind to list again, and then of what came after', async () => {
    const hub = createEventHub({ live: true });
    const events = hub.listen(new AbortController().signal)[Symbol.asyncIterator]();
    expect(await events.next()).toMatchObject({ value: { type: 'resync' } });
    for (let id = 0; id <= WAITING_EVENTS_MAX; id++) hub.publish(event(id));
    hub.publish(event(4711));
    expect(await events.next()).toMatchObject({ value: { type: 'resync' } });
    expect(await events.next()).toMatchObject({ value: { id: '4711' } });
    hub.close();
    expect(await events.next()).toMatchObject({ done: true });
  });

  it('keeps a full queue as it is', async () => {
    const hub = createEventHub({ live: false });
    const events = hub.listen(new AbortController().signal)[Symbol.asyncIterator]();
    const first = events.next();
    for (let id = 0; id < WAITING_EVENTS_MAX; id++) hub.publish(event(id));
    expect(await first).toMatchObject({ value: { id: '0' } });
    expect(await events.next()).toMatchObject({ value: { id: '1' } });
    hub.close();
  });
});

describe('names', () => {
  const pod = { uid: '7d1f', namespace: 'default', name: 'web.1' };

  it('hold uid, container and attempt whole, however long and odd the rest is', () => {
    expect(containerName({ pod, container: 'app', attempt: 2 })).toBe('periplus_app_web.1_default_7d1f_2');
    const long = { ...pod, name: 'ä'.repeat(300) };
    expect(containerName({ pod: long, container: 'app', attempt: 2 })).toBe(
      `periplus_app_${'-'.repeat(63)}_default_7d1f_2`,
    );
  });

  it('of parts that the engine allows in no name are refused', () => {
    expect(() => containerName({ pod: { ...pod, uid: 'a/b' }, container: 'app', attempt: 0 })).toThrow(RuntimeError);
  });

  it('are not enough: labels say whose a container is', () => {
    const owner = { cell: 'c', node: 'n' };
    const identity = { pod, container: 'app', attempt: 2 };
    const labels = labelsOf(owner, identity);
    expect(identityOf(owner, labels)).toEqual(identity);
    expect(identityOf({ ...owner, node: 'other' }, labels)).toBeUndefined();
    expect(identityOf({ ...owner, cell: 'other' }, labels)).toBeUndefined();
    const { 'periplus.pod.uid': _uid, ...incomplete } = labels;
    expect(identityOf(owner, incomplete)).toBeUndefined();
  });
});

describe('a name that is taken by nothing', () => {
  it('is asked for again while its container may still be in the making, and then given up', async () => {
    const impatient: Clock = { ...systemClock, sleep: async () => {} };
    let creations = 0;
    const fake = await startFakeEngine(({ method, response }) => {
      if (method === 'POST') creations += 1;
      answerJson(response, method === 'POST' ? 409 : 404, { message: 'no' });
    });
    const engine = new Engine({ socketPath: fake.socketPath, clock: impatient });
    const owner = { cell: 'c', node: 'n' };
    const request = { identity: { pod: podIdentity(), container: 'app', attempt: 0 }, body: { Image: 'a' } };
    const creating = createByName({ engine, owner, clock: impatient, turn: (task) => task() }, request);
    await expect(creating).rejects.toMatchObject({ code: 'unavailable' });
    expect(creations).toBe(NAME_POLLS_MAX);
    await fake.remove();
  });
});
