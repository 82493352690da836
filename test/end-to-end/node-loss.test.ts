/** A node falls silent, its pods are replaced where they have a controller, and when it wakes it first stops what was replaced. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasEngine } from '../support/docker.ts';
import { containersOf, expectExactly, runningContainers, uidOf } from '../support/exactly.ts';
import { RealCell, requireThat } from '../support/real-cell.ts';
import { podManifest, workloadManifest } from '../support/real-workload.ts';

const NAME = 'web';
const NODES = ['n1', 'n2', 'n3'];
const REPLICAS = 6;

describe.skipIf(!hasEngine)('a cell of three nodes', () => {
  let cell: RealCell;

  beforeAll(async () => {
    cell = await RealCell.start({ nodes: 3 });
    const client = await cell.client();
    // Quicker than usual, but still several heartbeats, or nodes that stop together would not be seen to.
    await client.patch('CellConfiguration', 'cell', { spec: { nodeSilenceSeconds: 5, evictionTolerationSeconds: 1 } });
    await client.apply(workloadManifest(NAME, REPLICAS));
    await expectExactly(cell, NAME, REPLICAS);
  });

  afterAll(() => cell?.dispose());

  async function podsOn(node: string) {
    const { items } = await (await cell.client()).list('Pod', { namespace: 'default' });
    return items.filter(({ spec }) => spec.nodeName === node);
  }

  async function readyOf(node: string): Promise<string | undefined> {
    const found = await (await cell.client()).get('Node', node);
    return found?.status.conditions?.find(({ type }) => type === 'Ready')?.status;
  }

  async function untilReadyIs(node: string, status: string): Promise<void> {
    await cell.eventually(`${node} is Ready=${status}`, async () => {
      const found = await readyOf(node);
      requireThat(found === status, `it is Ready=${found}`);
    });
  }

  test('spreads the pods of a controller over its nodes', async () => {
    for (const node of NODES) expect((await podsOn(node)).length).toBe(REPLICAS / 3);
  });

  test('gives a cordoned node no new pods', async () => {
    const client = await cell.client();
    await client.patch('Node', 'n3', { spec: { unschedulable: true } });
    const before = (await podsOn('n3')).map(({ metadata }) => metadata.uid);
    await client.scale('ReplicationController', NAME, REPLICAS + 3);
    await expectExactly(cell, NAME, REPLICAS + 3);
    expect((await podsOn('n3')).map(({ metadata }) => metadata.uid)).toEqual(before);
    await client.patch('Node', 'n3', { spec: { unschedulable: null } });
    await client.scale('ReplicationController', NAME, REPLICAS);
    await expectExactly(cell, NAME, REPLICAS);
  });

  test('replaces the pods of a silent node elsewhere, and leaves a bare pod where it is', async () => {
    const client = await cell.client();
    const bare = podManifest('bare');
    await client.apply({ ...bare, spec: { ...bare.spec, nodeName: 'n2' } });
    await cell.eventually('the bare pod runs', async () => {
      const pod = await client.get('Pod', 'bare');
      requireThat(pod?.status.phase === 'Running', `it is ${pod?.status.phase}`);
    });
    const lost = (await podsOn('n2')).filter(({ metadata }) => metadata.labels?.['app'] === NAME);
    expect(lost.length).toBeGreaterThan(0);

    cell.signal('agent-n2', 'SIGSTOP');
    await untilReadyIs('n2', 'Unknown');
    await cell.eventually('as many others run elsewhere', async () => {
      const elsewhere = [...(await podsOn('n1')), ...(await podsOn('n3'))];
      const running = elsewhere.filter(({ status }) => status.phase === 'Running');
      requireThat(running.length === REPLICAS, `${running.length} run`);
    });
    const left = await client.get('Pod', 'bare');
    expect(left?.spec.nodeName).toBe('n2');
    const ready = left?.status.conditions?.find(({ type }) => type === 'Ready');
    expect(ready).toMatchObject({ status: 'False' });
    expect(`${ready?.reason} ${ready?.message}`).toMatch(/node/i);

    cell.signal('agent-n2', 'SIGCONT');
    await untilReadyIs('n2', 'True');
    await expectExactly(cell, NAME, REPLICAS);
    const running = new Set(runningContainers(await containersOf(cell), 'app').map(uidOf));
    for (const { metadata } of lost) expect(running).not.toContain(metadata.uid);
    expect((await client.get('Pod', 'bare'))?.metadata.uid).toBe(left?.metadata.uid);
    expect(running).toContain(left?.metadata.uid);
  });

  test('evicts nothing while most of its nodes are silent at once', async () => {
    const before = runningContainers(await containersOf(cell), 'app')
      .map(uidOf)
      .toSorted();
    const client = await cell.client();
    const uids = async () => {
      const { items } = await client.list('Pod', { namespace: 'default' });
      return items.map(({ metadata }) => metadata.uid).toSorted();
    };
    expect(await uids()).toEqual(before);
    for (const node of NODES) cell.signal(`agent-${node}`, 'SIGSTOP');
    for (const node of NODES) await untilReadyIs(node, 'Unknown');
    // Well beyond the toleration: whatever would be evicted would be gone by then.
    await cell.outlast(4_000);
    expect(await uids()).toEqual(before);
    for (const node of NODES) cell.signal(`agent-${node}`, 'SIGCONT');
    for (const node of NODES) await untilReadyIs(node, 'True');
    await expectExactly(cell, NAME, REPLICAS);
    expect(await uids()).toEqual(before);
  });

  test('has a log that verifies', async () => {
    expect(await cell.verify()).not.toHaveProperty('damage');
  });
});
