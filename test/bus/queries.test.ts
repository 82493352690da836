// Queries, events and the log over a real bus, with our library and without.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CloudEvent } from '../../src/bus/cloud-event.ts';
import { CLOUD_EVENT_SCHEMA } from '../../src/bus/cloud-event.ts';
import { CommandReplySchema, EntrySchema } from '../../src/bus/message-schemas.ts';
import type { PublishedSchemas } from '../../src/bus/schemas.ts';
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
