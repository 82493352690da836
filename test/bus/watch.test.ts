// Watches over a real bus, which misses messages at times.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import type { CellClient } from '../../src/bus/cell-client.ts';
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
