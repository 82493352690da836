// Lists and watches: of one revision, of any revision, and on from it.
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { KEPT_LISTS_MAX } from '../../src/gateway/verbs/kept-pages.ts';
import { at, GatewayCell, type Watching } from '../support/gateway-cell.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

let cell: GatewayCell;
beforeAll(async () => {
  cell = await GatewayCell.start();
});
afterAll(() => cell.dispose());

const selected = (group: string) => `${CONFIG_MAPS}?labelSelector=group%3D${group}`;
const names = (json: unknown) =>
  (at(json, 'items') as readonly { readonly metadata: { readonly name: string } }[]).map(
    ({ metadata }) => metadata.name,
  );
const create = async (group: string, ...given: readonly string[]) => {
  let last: unknown;
  for (const name of given) last = (await cell.configMap(name, {}, { group })).json;
  return Number(at(last, 'metadata.resourceVersion'));
};
const remove = (name: string) => cell.ask(`${CONFIG_MAPS}/${name}`, { method: 'DELETE' });
const label = (name: string, group: string) =>
  cell.ask(`${CONFIG_MAPS}/${name}`, {
    method: 'PATCH',
    body: { metadata: { labels: { group } } },
    type: 'application/merge-patch+json',
  });
const watching = async (path: string): Promise<Watching> => {
  const watch = await cell.watch(path);
  onTestFinished(() => watch.stop());
  return watch;
};

describe('a list', () => {
  test('in pages is of its first page’s revision, whatever happens meanwhile', async () => {
    await create('paged', 'p1', 'p2', 'p3', 'p5');
    const first = await cell.ask(`${selected('paged')}&limit=2`);
    expect([names(first.json), at(first.json, 'metadata.remainingItemCount')]).toEqual([['p1', 'p2'], 2]);
    await create('paged', 'p4');
    await remove('p5');
    const token = String(at(first.json, 'metadata.continue'));
    const second = await cell.ask(`${selected('paged')}&limit=2&continue=${token}`);
    expect(names(second.json)).toEqual(['p3', 'p5']);
    expect(at(second.json, 'metadata.continue')).toBeUndefined();
    expect(at(second.json, 'metadata.resourceVersion')).toBe(at(first.json, 'metadata.resourceVersion'));
  });

  test('that gave way to others goes on from the past', async () => {
    await create('crowded', 'q1', 'q2', 'q3');
    const first = await cell.ask(`${selected('crowded')}&limit=1`);
    for (let other = 0; other <= KEPT_LISTS_MAX; other++) await cell.ask(`${CONFIG_MAPS}?limit=1`);
    await remove('q3');
    const rest = await cell.ask(`${selected('crowded')}&continue=${String(at(first.json, 'metadata.continue'))}`);
    expect(names(rest.json)).toEqual(['q2', 'q3']);
  });

  test('of any past revision is exact', async () => {
    const two = await create('exact', 'e1', 'e2');
    await create('exact', 'e3');
    await remove('e1');
    const then = await cell.ask(`${selected('exact')}&resourceVersion=${two}&resourceVersionMatch=Exact`);
    expect([names(then.json), at(then.json, 'metadata.resourceVersion')]).toEqual([['e1', 'e2'], String(two)]);
    const one = await cell.ask(`${CONFIG_MAPS}/e1?resourceVersion=${two}&resourceVersionMatch=Exact`);
    expect(at(one.json, 'metadata.name')).toBe('e1');
    expect((await cell.ask(`${CONFIG_MAPS}/e1`)).code).toBe(404);
  });

  test('of a revision that is not there yet is told so', async () => {
    const { code, json } = await cell.ask(`${CONFIG_MAPS}?resourceVersion=999999`);
    expect([code, at(json, 'details.causes.0.reason')]).toEqual([504, 'ResourceVersionTooLarge']);
  });

  test.each([
    ['resourceVersion=x', 400],
    ['resourceVersionMatch=Exact', 422],
    ['resourceVersionMatch=Exact&resourceVersion=0', 422],
    ['resourceVersionMatch=Sometimes&resourceVersion=1', 422],
    ['labelSelector=a%20b', 400],
    ['fieldSelector=spec.colour%3Dred', 400],
    ['limit=many', 400],
    ['continue=nothing', 400],
    ['includeObject=Some', 400],
    ['watch=perhaps', 400],
  ])('asked for with %s is refused', async (query, code) => {
    expect((await cell.ask(`${CONFIG_MAPS}?${query}`)).code).toBe(code);
  });
});

describe('a watch', () => {
  test('tells what is there, then what becomes of it', async () => {
    await create('live', 'l1');
    const watch = await watching(`${selected('live')}&watch=true`);
    await watch.until(1);
    await create('live', 'l2');
    await cell.ask(`${CONFIG_MAPS}/l1`, {
      method: 'PATCH',
      body: { data: { a: '1' } },
      type: 'application/merge-patch+json',
    });
    await remove('l2');
    expect(await watch.until(4)).toEqual(['ADDED l1', 'ADDED l2', 'MODIFIED l1', 'DELETED l2']);
    const versions = watch.events.map(({ object }) => Number(object.metadata.resourceVersion));
    expect(versions).toEqual(versions.toSorted((one, other) => one - other));
  });

  test('tells of objects that begin and cease to match', async () => {
    await create('other', 'm1');
    const watch = await watching(`${selected('matched')}&watch=1`);
    await label('m1', 'matched');
    await watch.until(1);
    await label('m1', 'other');
    expect(await watch.until(2)).toEqual(['ADDED m1', 'DELETED m1']);
  });

  test('goes on from a revision a moment ago', async () => {
    const from = await create('since', 's1');
    await create('since', 's2');
    const watch = await watching(`${selected('since')}&watch=true&resourceVersion=${from}`);
    expect(await watch.until(1)).toEqual(['ADDED s2']);
  });

  test('goes on from a revision before the gateway was started, and then with what comes', async () => {
    const from = await create('old', 'o1', 'o2');
    await create('old', 'o3');
    await remove('o1');
    await cell.restartGateway();
    const watch = await watching(`${selected('old')}&watch=true&resourceVersion=${from}`);
    await watch.until(2);
    await create('old', 'o4');
    expect(await watch.until(3)).toEqual(['ADDED o3', 'DELETED o1', 'ADDED o4']);
  });

  test('of a list says where the list ends', async () => {
    await create('listed', 'w1');
    const query = 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true';
    const watch = await watching(`${selected('listed')}&${query}`);
    await watch.until(2);
    expect(watch.events[1]).toMatchObject({
      type: 'BOOKMARK',
      object: { kind: 'ConfigMap', metadata: { annotations: { 'k8s.io/initial-events-end': 'true' } } },
    });
    expect((await cell.ask(`${CONFIG_MAPS}?watch=true&sendInitialEvents=true`)).code).toBe(422);
  });

  test('ends when its time is over, with a bookmark for whoever wants one', async () => {
    const watch = await watching(`${selected('nothing')}&watch=true&allowWatchBookmarks=true&timeoutSeconds=1`);
    await watch.until(1);
    expect(watch.events[0]?.type).toBe('BOOKMARK');
  });
});
