/** Changes and deletions undone on a whole cell, with its controllers, scheduler and agents at work. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Objects } from '../../machines/index.ts';
import { RealCell } from '../support/real-cell.ts';
import { RealCommandLine } from '../support/real-command-line.ts';

const web = {
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name: 'web', labels: { tier: 'front' } },
  spec: {
    replicas: 2,
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'demo:1' }] } },
  },
};

describe('a cell', () => {
  let cell: RealCell;
  let line: RealCommandLine;

  beforeAll(async () => {
    cell = await RealCell.start({ runtime: 'hollow', nodes: 2 });
    line = new RealCommandLine(cell);
  });

  afterAll(() => cell?.dispose());

  /** The cell's revision once so many pods run. */
  function untilRunning(count: number): Promise<number> {
    return cell.eventually(`${count} pods run`, async () => {
      const client = await cell.client();
      const { items, revision } = await client.list('Pod', { labelSelector: 'app=web' });
      expect(items.map(({ status }) => status.phase)).toEqual(Array.from({ length: count }, () => 'Running'));
      const controller = await client.get('ReplicationController', 'web');
      expect(controller?.status).toMatchObject({ replicas: count, readyReplicas: count });
      return revision;
    });
  }

  const uids = async () => {
    const { items } = await (await cell.client()).list('Pod', { labelSelector: 'app=web' });
    return items.map(({ metadata }) => metadata.uid);
  };

  test('goes back to as many pods, and to the labels, that there were', async () => {
    await line.apply(web);
    const first = await untilRunning(2);
    await line.output('scale rc web --replicas 4');
    const labels = { tier: 'back' };
    await (await cell.client()).patch('ReplicationController', 'web', { metadata: { labels } });
    const second = await untilRunning(4);
    const told = await line.output(`diff ${first} ${second} --spec-only`);
    expect(told).toContain('    ~ spec.replicas: 2 → 4\n');
    expect(told).toContain('    ~ metadata.labels.tier: front → back\n');
    expect(told).toMatch(/^2 created, 1 changed between revision/m);
    const shown = await line.output(`rollback rc/web --to ${first} --dry-run`);
    expect(shown).toContain('    ~ spec.replicas: 4 → 2\n');
    await line.output(`rollback rc/web --to ${first}`);
    await untilRunning(2);
    const { metadata } = JSON.parse(await line.output('get rc web -o json')) as Objects['ReplicationController'];
    expect(metadata.labels).toEqual({ tier: 'front' });
    expect(await line.output(`rollback rc/web --to ${first}`)).toContain('unchanged');
  });

  test('makes a deleted controller anew, whose pods are others, and the history tells of it', async () => {
    const before = await uids();
    await line.output('delete rc web');
    await cell.eventually('its pods are gone', async () => expect(await uids()).toEqual([]));
    expect((await line.run('rollback rc/web --to 1h')).exitCode).toBe(1);
    await line.output('undelete rc/web');
    await untilRunning(2);
    const after = await uids();
    expect(after.filter((uid) => before.includes(uid))).toEqual([]);
    expect(await line.output('history rc/web')).toMatch(/undeleted: as it was at revision \d+, before its removal/);
    expect((await line.run('undelete rc/web')).errors).toContain('already exists');
  });

  test('brings a namespace back with what its users had made in it', async () => {
    const here = { namespace: 'shop' };
    const map = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'prices', ...here }, data: { apple: '1' } };
    await line.apply({ kind: 'Namespace', metadata: { name: 'shop' } }, map, {
      ...web,
      metadata: { name: 'till', ...here },
    });
    await line.output('delete ns shop');
    expect(await line.output('undelete ns/shop --with-contents')).toMatch(
      /^namespace\/shop undeleted.*\nconfigmap\/prices undeleted.*\nreplicationcontroller\/till undeleted/,
    );
    expect(await line.output('get cm prices -n shop -o json')).toContain('"apple": "1"');
    await cell.eventually('its pods are there', async () => {
      const { items } = await (await cell.client()).list('Pod', here);
      expect(items).toHaveLength(2);
    });
  });

  test('takes back what was done to a node and to its own configuration', async () => {
    const before = (await (await cell.client()).status()).revision;
    const client = await cell.client();
    await line.output('cordon n1');
    await client.patch('Node', 'n1', { metadata: { labels: { disk: 'ssd' } } });
    await client.patch('CellConfiguration', 'cell', { spec: { nodeSilenceSeconds: 33 } });
    await line.output(`rollback node/n1 --to ${before}`);
    await line.output(`rollback cellconfiguration/cell --to ${before}`);
    const node = await client.get('Node', 'n1');
    expect(node?.spec).toEqual({});
    expect(node?.metadata.labels).not.toHaveProperty('disk');
    expect((await client.get('CellConfiguration', 'cell'))?.spec?.nodeSilenceSeconds).toBe(10);
  });
});
