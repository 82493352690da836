// Queries, chunks, watches, events and the log over a real bus.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { headers } from 'nats';
import { ChunkAssembler } from '../../src/bus/chunk-assembler.ts';
import { AnswerSender, cut } from '../../src/bus/chunks.ts';
import type { CloudEvent } from '../../src/bus/cloud-event.ts';
import { CLOUD_EVENT_SCHEMA } from '../../src/bus/cloud-event.ts';
import { CHUNK_MAX_BYTES, CHUNK_WINDOW } from '../../src/bus/limits.ts';
import { CommandReplySchema, EntrySchema } from '../../src/bus/message-schemas.ts';
import { AnswerBrokenError, Requester } from '../../src/bus/requester.ts';
import type { PublishedSchemas } from '../../src/bus/schemas.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import type { CellClient } from '../../src/bus/cell-client.ts';
import { validator } from '../../machines/index.ts';
import { BusCell } from '../support/bus-cell.ts';

let cell: BusCell;
let client: CellClient;
beforeAll(async () => {
  cell = await BusCell.start();
  client = await cell.client();
});
afterAll(() => cell.dispose());

const OPERATOR = { role: 'operator', actor: 'admin' } as const;
const configMap = (name: string, text = 'hello', labels?: Record<string, string>) => ({
  apiVersion: 'v1' as const,
  kind: 'ConfigMap' as const,
  metadata: { name, ...(labels ? { labels } : {}) },
  data: { text },
});

/** A namespace of the test's own, so that lists are of its objects only. */
async function namespaceOf(name: string): Promise<string> {
  await client.create({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } });
  return name;
}

async function fill(namespace: string, count: number, bytes: number): Promise<void> {
  const manifest = (index: number) => configMap(`item-${index}`, 'x'.repeat(bytes));
  await client.submit(
    Array.from({ length: count }, (_, index) => ({
      id: `${namespace}/${index}`,
      kind: 'ConfigMap',
      namespace,
      name: `item-${index}`,
      verb: 'create',
      arguments: { manifest: manifest(index) },
    })),
  );
}

/** A bare exchange of chunks: a sender and whoever asks. */
async function exchange() {
  const asking = await cell.connect(OPERATOR);
  const answering = await cell.connect({ role: 'control-plane' });
  const sender = new AnswerSender(answering, systemClock, systemIdentifiers);
  const requester = new Requester(asking, systemClock, 'exchange');
  return { asking, answering, sender, requester, subject: asking.subjects.openSession('n9', 'exchange') };
}

describe('a list', () => {
  test('of 20 MB arrives whole, in chunks', async () => {
    const namespace = await namespaceOf('large');
    await fill(namespace, 200, 100 * 1024);
    const { items, revision } = await client.list('ConfigMap', { namespace });
    expect(items).toHaveLength(200);
    expect(items.every(({ data }) => data?.text?.length === 100 * 1024)).toBe(true);
    expect(revision).toBeGreaterThan(200);
  });

  test('can be asked for page by page', async () => {
    const namespace = await namespaceOf('pages');
    await fill(namespace, 7, 10);
    const names: string[] = [];
    let token: string | undefined;
    do {
      const page = await client.list('ConfigMap', { namespace, limit: 3, ...(token ? { continue: token } : {}) });
      names.push(...page.items.map(({ metadata }) => metadata.name));
      token = page.continue;
    } while (token);
    expect(names).toEqual(['0', '1', '2', '3', '4', '5', '6'].map((index) => `item-${index}`));
  });

  test('can be selected by labels, and a bad selector is said to be one', async () => {
    const namespace = await namespaceOf('labels');
    await client.create({
      ...configMap('red', '', { colour: 'red' }),
      metadata: { name: 'red', namespace, labels: { colour: 'red' } },
    });
    await client.create({ ...configMap('blue'), metadata: { name: 'blue', namespace, labels: { colour: 'blue' } } });
    const { items } = await client.list('ConfigMap', { namespace, labelSelector: 'colour in (red)' });
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['red']);
    await expect(client.list('ConfigMap', { labelSelector: 'a b' })).rejects.toMatchObject({ reason: 'BadRequest' });
  });
});

describe('a query', () => {
  test('for a table has the columns of the kind', async () => {
    const namespace = await namespaceOf('table');
    await fill(namespace, 2, 10);
    const { columns, rows } = await client.queries.table({ kind: 'ConfigMap', namespace });
    expect(columns).toEqual(['NAME', 'DATA', 'AGE']);
    expect(rows.map(({ cells }) => cells.slice(0, 2))).toEqual([
      ['item-0', '1'],
      ['item-1', '1'],
    ]);
  });

  test.each([
    ['of an unknown kind', { kind: 'Colour' }, 'NotFound'],
    ['with an unknown field', { kind: 'Pod', colour: 'red' }, 'BadRequest'],
    ['without a kind', {}, 'BadRequest'],
  ])('%s is answered with why', async (_, query, reason) => {
    await expect(client.queries.ask('list', query as { kind: string })).rejects.toMatchObject({ reason });
  });

  test('there is not is answered with why', async () => {
    await expect(client.queries.ask('nothing' as 'status', {})).rejects.toMatchObject({ reason: 'NotFound' });
  });

  test('for a revision that never comes is answered with that', async () => {
    const impatient = await cell.client();
    await expect(impatient.queries.ask('list', { kind: 'Pod', revision: 1e9 })).rejects.toMatchObject({
      reason: 'Behind',
    });
  });

  test('for the status says how far the cell is', async () => {
    expect(await client.status()).toMatchObject({ cell: cell.cell, writing: true, lineage: 'one' });
  });
});

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

describe('a watch', () => {
  test('tells what is there, then what becomes of it', async () => {
    const namespace = await namespaceOf('watched');
    await client.create({ ...configMap('first'), metadata: { name: 'first', namespace } });
    const stop = new AbortController();
    const told: string[] = [];
    for await (const event of client.watch('ConfigMap', { namespace }, stop.signal)) {
      told.push(event.type === 'SYNCED' ? 'SYNCED' : `${event.type} ${event.object.metadata.name}`);
      if (event.type === 'SYNCED')
        await client.create({ ...configMap('second'), metadata: { name: 'second', namespace } });
      if (event.type === 'ADDED' && event.object.metadata.name === 'second') {
        await client.patch('ConfigMap', 'first', { data: { text: 'changed' } }, { namespace });
      }
      if (event.type === 'MODIFIED') {
        expect(event.object.data).toEqual({ text: 'changed' });
        await client.delete('ConfigMap', 'second', { namespace });
      }
      if (event.type === 'DELETED') stop.abort();
    }
    expect(told).toEqual(['ADDED first', 'SYNCED', 'ADDED second', 'MODIFIED first', 'DELETED second']);
  });

  test('notices what happened while the connection was away', async () => {
    const namespace = await namespaceOf('away');
    const bus = await cell.connect(OPERATOR);
    const { CellClient: Client } = await import('../../src/bus/cell-client.ts');
    const watcher = new Client({ bus, clock: systemClock, identifiers: systemIdentifiers });
    const stop = new AbortController();
    for await (const event of watcher.watch('ConfigMap', { namespace }, stop.signal)) {
      if (event.type === 'SYNCED') {
        await Promise.all([
          bus.connection.reconnect(),
          client.create({ ...configMap('missed'), metadata: { name: 'missed', namespace } }),
        ]);
      }
      if (event.type === 'ADDED') {
        expect(event.object.metadata.name).toBe('missed');
        stop.abort();
      }
    }
  });

  test('notices a gap in what it hears, and lists anew', async () => {
    const namespace = await namespaceOf('gap');
    const plane = cell.plane;
    const stop = new AbortController();
    const publisher = 'another';
    const tell = (count: number) =>
      plane.connection.publish(
        plane.subjects.eventsBookmark,
        JSON.stringify({ publisher, lineage: 'one', revision: 0, counts: { Pod: count } }),
      );
    const lists: string[] = [];
    const listening = plane.connection.subscribe(plane.subjects.queriesAll, {
      callback: (_, message) => void lists.push(message.subject),
    });
    onTestFinished(() => listening.unsubscribe());
    const events = client.watch('Pod', { namespace }, stop.signal)[Symbol.asyncIterator]();
    expect((await events.next()).value).toMatchObject({ type: 'SYNCED' });
    const next = events.next();
    tell(1);
    tell(3);
    const subject = plane.subjects.query('admin', 'list');
    await expect.poll(() => lists.filter((asked) => asked === subject).length).toBeGreaterThanOrEqual(2);
    stop.abort();
    expect((await next).done).toBe(true);
  });
});

describe('events', () => {
  test('are CloudEvents that say who, why and after what', async () => {
    const bus = await cell.connect({ role: 'reader', actor: 'viewer' });
    const events: CloudEvent[] = [];
    bus.connection.subscribe(bus.subjects.event({ kind: 'ConfigMap', namespace: 'default', name: 'told' }), {
      callback: (_, message) => void events.push(message.json<CloudEvent>()),
    });
    await bus.connection.flush();
    const { revision } = await client.send({
      kind: 'ConfigMap',
      name: 'told',
      verb: 'create',
      arguments: { manifest: configMap('told') },
      cause: 3,
      correlation: 2,
      reason: 'a test',
    });
    await expect.poll(() => events.length).toBe(1);
    expect(events[0]).toMatchObject({
      specversion: '1.0',
      type: 'periplus.ObjectCreated',
      subject: 'ConfigMap/default/told',
      revision,
      causation: 3,
      correlation: 2,
      reason: 'a test',
      actor: 'admin',
      lineage: 'one',
    });
    expect(validator(CLOUD_EVENT_SCHEMA).errors(events[0])).toEqual([]);
  });
});

describe('the log', () => {
  test('is read from a revision on, and followed', async () => {
    const { revision } = await client.create(configMap('log-1'));
    const stop = new AbortController();
    const names: string[] = [];
    for await (const entry of client.log({ fromRevision: revision, follow: true }, stop.signal)) {
      names.push(...entry.commits.map(({ name }) => name));
      if (names.length === 1) await client.create(configMap('log-2'));
      else break;
    }
    expect(names).toEqual(['log-1', 'log-2']);
  });

  test('ends at its present end when it is not followed', async () => {
    let last = 0;
    for await (const entry of client.log()) last = entry.number;
    expect(last).toBe(cell.fold.state.position.entry);
  });
});

describe('a bare NATS client', () => {
  test('drives the cell with the published schemas alone', async () => {
    const bare = await cell.server.connect({ user: 'admin', pass: 'admin', inboxPrefix: 'test%2Ecell.inbox.admin' });
    const ask = async (subject: string, payload: object) =>
      (await bare.request(`test%2Ecell.${subject}`, JSON.stringify(payload), { timeout: 5_000 })).json<unknown>();
    const schemas = (await ask('query.admin.schemas', {})) as PublishedSchemas;
    const command = {
      id: 'bare-1',
      kind: 'ConfigMap',
      namespace: 'default',
      name: 'bare',
      verb: 'create',
      arguments: { manifest: configMap('bare') },
    };
    expect(validator(schemas.command).check(command)).toBe(true);
    expect(validator(schemas.kinds['ConfigMap']!.commands['create']!).check(command.arguments)).toBe(true);
    const reply = await ask('cmd.admin.ConfigMap.create', command);
    expect(validator(schemas.reply).errors(reply)).toEqual([]);
    expect(reply).toMatchObject({ outcomes: [{ outcome: 'accepted', name: 'bare' }] });
    const answer = await ask('query.admin.get', { keys: [{ kind: 'ConfigMap', namespace: 'default', name: 'bare' }] });
    expect(answer).toMatchObject({ items: [{ kind: 'ConfigMap', data: { text: 'hello' } }] });
  });

  test('finds every entry and reply to be as the schemas say', async () => {
    const entry = validator(EntrySchema);
    for await (const read of client.log()) expect(entry.errors(read)).toEqual([]);
    const outcomes = await client.submit([
      {
        id: 'schema-1',
        kind: 'ConfigMap',
        namespace: 'default',
        name: 'Bad_Name',
        verb: 'create',
        arguments: { manifest: configMap('Bad_Name') },
      },
      { id: 'x'.repeat(200), kind: 'ConfigMap', namespace: 'default', name: 'a', verb: 'create', arguments: {} },
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['refused', 'not-decided']);
    expect(validator(CommandReplySchema).errors({ outcomes })).toEqual([]);
  });
});
