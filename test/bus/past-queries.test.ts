// Get, list, table and records about the past, over a real bus.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ObjectRecord } from '../../machines/index.ts';
import type { CellClient } from '../../src/bus/cell-client.ts';
import { PAST_PAGE_MAX, PAST_PORTION_OBJECTS, PAST_SLICE_MS, pastList } from '../../src/bus/past-answers.ts';
import type { ListAnswer } from '../../src/bus/query-messages.ts';
import type { FieldTerm } from '../../src/bus/query-source.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { pastView } from '../../src/history/past-view.ts';
import { RECORDS_PAGE_MAX } from '../../src/bus/history-messages/records.ts';
import { BusCell } from '../support/bus-cell.ts';

let cell: BusCell;
let client: CellClient;
beforeAll(async () => {
  cell = await BusCell.start();
  client = await cell.client();
});
afterAll(() => cell.dispose());

const configMap = (name: string, text: string, labels: Record<string, string> = {}) => ({
  apiVersion: 'v1' as const,
  kind: 'ConfigMap' as const,
  metadata: { name, labels },
  data: { text },
});

/** Many at once, in the default namespace; returns the revision after them. */
async function fill(prefix: string, count: number): Promise<number> {
  const outcomes = await client.submit(
    Array.from({ length: count }, (_, index) => ({
      id: `${prefix}/${index}`,
      kind: 'ConfigMap',
      namespace: 'default',
      name: `${prefix}-${index}`,
      verb: 'create',
      arguments: { manifest: configMap(`${prefix}-${index}`, 'x', { prefix }) },
    })),
  );
  return Math.max(...outcomes.map((outcome) => ('revision' in outcome ? outcome.revision : 0)));
}

describe('an object', () => {
  test('is got as it was at a revision or a time, also once it is gone', async () => {
    const first = await client.create(configMap('a', 'one'));
    await client.patch('ConfigMap', 'a', { data: { text: 'two' } });
    const gone = await client.delete('ConfigMap', 'a');
    expect(await client.get('ConfigMap', 'a')).toBeUndefined();
    expect(await client.get('ConfigMap', 'a', { at: first.revision })).toMatchObject({
      data: { text: 'one' },
      metadata: { resourceVersion: String(first.revision) },
    });
    expect((await client.get('ConfigMap', 'a', { at: gone.revision - 1 }))?.data).toEqual({ text: 'two' });
    expect(await client.get('ConfigMap', 'a', { at: gone.revision })).toBeUndefined();
    const { time = 0 } = await client.queries.get({ keys: [], at: { revision: first.revision } });
    expect(await client.get('ConfigMap', 'a', { at: { time: time - 1 } })).toBeUndefined();
  });

  test('is one commit, by its revision; one that is to come is none, and nobody waits for it', async () => {
    const { revision } = await client.create(configMap('one-commit', 'x'));
    const { commit } = await client.queries.ask('commit', { commit: revision });
    expect(commit?.commit).toMatchObject({ kind: 'ConfigMap', name: 'one-commit', verb: 'create', revision });
    expect(await client.queries.ask('commit', { commit: revision + 1_000 })).toEqual({ commit: null });
  });

  test('of a point there is not is refused in a sentence', async () => {
    await expect(client.list('Nothing', { at: 1 })).rejects.toThrow(/doesn't have a resource type "Nothing"/);
    await expect(client.get('ConfigMap', 'a', { at: 1_000_000 })).rejects.toThrow(
      /revision 1000000 is in the future: the last one is \d+/,
    );
    await expect(client.get('ConfigMap', 'a', { at: { time: 0 } })).rejects.toThrow(
      /1970-01-01T00:00:00Z is before the log began/,
    );
  });
});

describe('a list', () => {
  test('is of the moment asked for, selected as today', async () => {
    await client.create(configMap('s-1', 'x', { app: 'web' }));
    const { revision } = await client.create(configMap('s-2', 'x', { app: 'db' }));
    await client.patch('ConfigMap', 's-1', { metadata: { labels: { app: 'db' } } });
    await client.delete('ConfigMap', 's-2');
    const names = async (query: object) =>
      (await client.list('ConfigMap', { at: revision, namespace: 'default', ...query })).items.map(
        ({ metadata }) => metadata.name,
      );
    expect(await names({ labelSelector: 'app=web' })).toEqual(['s-1']);
    expect(await names({ labelSelector: 'app in (web,db)' })).toEqual(['s-1', 's-2']);
    expect(await names({ labelSelector: 'app!=web,app' })).toEqual(['s-2']);
    expect(await names({ namespace: 'elsewhere' })).toEqual([]);
    expect(await names({ ownerUid: 'nobody' })).toEqual([]);
  });

  test('is selected by fields, of which an absent one is empty', async () => {
    const { revision } = await client.create(configMap('field', 'x'));
    const view = pastView(cell.past, { revision }, Infinity);
    const names = async (field: string, operator: FieldTerm['operator'], value: string) => {
      const options = { kind: 'ConfigMap', fieldSelector: [{ field, operator, value }] };
      let text = '';
      for await (const piece of pastList(view, options, { kind: 'ConfigMap' }, systemClock)) text += piece;
      return (JSON.parse(text) as ListAnswer).items.map(({ metadata }) => metadata.name);
    };
    expect(await names('metadata.name', 'Equals', 'field')).toEqual(['field']);
    expect(await names('metadata.name', 'NotEquals', 'field')).not.toContain('field');
    expect(await names('spec.nodeName', 'Equals', '')).toContain('field');
    expect(await names('spec.nodeName', 'Equals', 'n1')).toEqual([]);
  });

  test('gives others a turn only after so long', async () => {
    const revision = await fill('turn', 3 * PAST_PORTION_OBJECTS);
    const view = pastView(cell.past, { revision }, Infinity);
    const turns = async (portionMs: number) => {
      let [now, given] = [0, 0];
      const clock = { ...systemClock, monotonic: () => (now += portionMs), sleep: async () => void given++ };
      const query = { kind: 'ConfigMap', namespace: 'default' };
      for await (const _ of pastList(view, query, query, clock));
      return given;
    };
    expect(await turns(PAST_SLICE_MS)).toBeGreaterThanOrEqual(2);
    expect(await turns(0)).toBe(0);
  });

  test('of many pages stays at the revision of its first page', async () => {
    const revision = await fill('page', 250);
    const asked = { namespace: 'default', labelSelector: 'prefix=page', limit: 100 };
    const first = await client.list('ConfigMap', { ...asked, at: revision });
    await Promise.all([0, 1, 2].map((index) => client.delete('ConfigMap', `page-${index}`)));
    const names = first.items.map(({ metadata }) => metadata.name);
    let token = first.continue;
    expect(first.revision).toBe(revision);
    while (token !== undefined) {
      const page = await client.list('ConfigMap', { ...asked, continue: token });
      expect(page.revision).toBe(revision);
      names.push(...page.items.map(({ metadata }) => metadata.name));
      token = page.continue;
    }
    expect(names).toEqual(Array.from({ length: 250 }, (_, index) => `page-${index}`).toSorted());
  });

  test('without a limit comes whole, and a page has at most the limit of a page', async () => {
    const revision = await fill('whole', PAST_PAGE_MAX + 50);
    const asked = { at: revision, labelSelector: 'prefix=whole' };
    expect((await client.list('ConfigMap', asked)).items).toHaveLength(PAST_PAGE_MAX + 50);
    expect((await client.list('ConfigMap', { ...asked, limit: 10_000 })).items).toHaveLength(PAST_PAGE_MAX);
  });

  test('that is told to go on where nobody said so is refused', async () => {
    await expect(client.list('ConfigMap', { at: 3, continue: '%' })).rejects.toThrow(/no token of ours/);
  });
});

describe('a table', () => {
  test('shows ages as they were, to the time that was asked for', async () => {
    const { revision } = await client.create(configMap('aged', 'x'));
    const table = { kind: 'ConfigMap', namespace: 'default', name: 'aged' };
    const then = await client.queries.table({ ...table, at: { revision } });
    expect(then.revision).toBe(revision);
    expect(then.rows[0]?.cells.at(-1)).toBe('0s');
    await client.delete('ConfigMap', 'aged');
    expect((await client.queries.table(table)).rows).toEqual([]);
    expect((await client.queries.table({ ...table, at: { revision } })).rows).toHaveLength(1);
  });
});

describe('all records', () => {
  test('of a moment come page by page, each as the fold had it, of every kind', async () => {
    const revision = await fill('record', RECORDS_PAGE_MAX + 20);
    const wanted = [...cell.fold.state.list('ConfigMap'), ...cell.fold.state.list('Namespace')].length;
    await client.delete('ConfigMap', 'record-0');
    const records: ObjectRecord[] = [];
    let total: number | undefined;
    for await (const page of client.records({ at: revision })) {
      expect(page.revision).toBe(revision);
      expect(page.records.length).toBeLessThanOrEqual(RECORDS_PAGE_MAX);
      total ??= page.total;
      records.push(...page.records);
    }
    expect(total).toBe(records.length);
    expect(records.filter(({ kind }) => kind === 'ConfigMap' || kind === 'Namespace')).toHaveLength(wanted);
    const one = records.find(({ name }) => name === 'record-7');
    expect(one).toEqual(JSON.parse(JSON.stringify(cell.fold.state.get('ConfigMap', 'default', 'record-7'))));
    expect(records.some(({ name }) => name === 'record-0')).toBe(true);
  });
});
