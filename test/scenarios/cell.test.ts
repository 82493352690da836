/** The story of a cell on all its real parts but NATS and Docker: pods come up, nodes go and come back, writers die. */
import { describe, expect, test } from 'vitest';
import { isReady, type PodContext } from '../../machines/pod/index.ts';
import { createPodCommand } from '../support/scheduling.ts';
import {
  allReady,
  createWebCommand as create,
  expectContainersMatch,
  expectFoldsAlike,
  NODES,
  podsOf,
  podsOn,
  scaleWebCommand as scale,
} from '../support/whole-cell-checks.ts';
import { WholeCell } from '../support/whole-cell.ts';
import { WEB_KEY } from '../support/workload.ts';

async function running(replicas = 12): Promise<WholeCell> {
  const cell = await WholeCell.start(...NODES);
  await cell.send(create(replicas));
  await cell.eventually(`${replicas} pods are ready`, allReady(replicas));
  return cell;
}

test('a controller of twelve comes up over three nodes, spread evenly', async () => {
  const cell = await running();
  expect(NODES.map((name) => podsOn(cell.state, name).length)).toEqual([4, 4, 4]);
  await expectContainersMatch(cell);
  await expectFoldsAlike(cell);
});

test('it is scaled up and down', async () => {
  const cell = await running(3);
  await cell.send(scale(10));
  await cell.eventually('ten are ready', allReady(10));
  await cell.send(scale(2));
  await cell.eventually('two are left', allReady(2));
  await expectContainersMatch(cell);
});

test('a cell at rest writes nothing', async () => {
  const cell = await running();
  const { stored } = cell.log.marks;
  await cell.clock.advance(60_000);
  expect(cell.log.marks.stored).toBe(stored);
});

describe('a deletion', () => {
  test('of the controller takes its pods along, in the background', async () => {
    const cell = await running();
    await cell.send({ ...WEB_KEY, verb: 'delete', arguments: { propagationPolicy: 'Background' } });
    await cell.eventually('no pod is left', (state) => podsOf(state).length === 0);
    await cell.clock.advance(1_000);
    await expectContainersMatch(cell);
  });

  test('of the controller alone leaves its pods running', async () => {
    const cell = await running();
    const before = podsOf(cell.state).map(({ uid }) => uid);
    await cell.send({ ...WEB_KEY, verb: 'delete', arguments: { propagationPolicy: 'Orphan' } });
    await cell.eventually('the controller is gone', (state) => [...state.list('ReplicationController')].length === 0);
    await cell.clock.advance(10_000);
    expect(podsOf(cell.state).map(({ uid, context }) => [uid, context.metadata.ownerReferences])).toEqual(
      before.map((uid) => [uid, undefined]),
    );
    await expectContainersMatch(cell);
  });

  test('of the namespace leaves nothing of it', async () => {
    const cell = await WholeCell.start(...NODES);
    const manifest = { metadata: { name: 'team' } };
    await cell.send({ kind: 'Namespace', name: 'team', verb: 'create', arguments: { manifest } });
    await cell.send(create(6, { namespace: 'team' }));
    await cell.send({ ...createPodCommand('bare'), namespace: 'team' });
    await cell.eventually('its pods are ready', (state) => podsOf(state).filter(isReady).length === 7);
    await cell.send({ kind: 'Namespace', name: 'team', verb: 'delete' });
    await cell.eventually('it is gone', (state) => state.get('Namespace', '', 'team') === undefined);
    expect(podsOf(cell.state)).toEqual([]);
    await cell.clock.advance(1_000);
    await expectContainersMatch(cell);
  });
});

/** A cell in which n1 was cut off until its pods were replaced; a bare pod was on it too. */
async function bereft(): Promise<{ readonly cell: WholeCell; readonly replaced: readonly string[] }> {
  const cell = await running();
  await cell.send(createPodCommand('bare', { spec: { nodeName: 'n1' } }));
  await cell.eventually('the bare pod is ready', (state) => podsOn(state, 'n1').filter(isReady).length === 5);
  const replaced = podsOn(cell.state, 'n1').flatMap(({ uid, name }) => (name === 'bare' ? [] : [uid]));
  cell.node('n1').cut();
  await cell.eventually(
    'they are replaced',
    (state) => [...podsOn(state, 'n2'), ...podsOn(state, 'n3')].filter(isReady).length === 12,
  );
  return { cell, replaced };
}

describe('a node that falls silent', () => {
  test('costs its pods their readiness after the limit, and their place after the toleration', async () => {
    const cell = await running();
    cell.node('n1').cut();
    const began = cell.clock.now();
    await cell.eventually('its pods are not ready', (state) => !podsOn(state, 'n1').some(isReady));
    expect(cell.clock.now() - began).toBeGreaterThanOrEqual(8_000);
    expect(cell.clock.now() - began).toBeLessThanOrEqual(12_000);
    const lostAt = cell.clock.now();
    expect(podsOf(cell.state)).toHaveLength(12);
    await cell.eventually('others take their place', (state) => podsOf(state).length > 12);
    expect(cell.clock.now() - lostAt).toBeGreaterThanOrEqual(4_900);
    expect(cell.clock.now() - lostAt).toBeLessThanOrEqual(5_200);
  });

  test('keeps its bare pods, which say why they are not moved', async () => {
    const { cell } = await bereft();
    await cell.clock.advance(600_000);
    const bare = cell.state.get<PodContext>('Pod', 'default', 'bare');
    expect(bare?.context.spec.nodeName).toBe('n1');
    expect(bare?.context.metadata.deletionTimestamp).toBeUndefined();
    expect(bare?.context.status).toMatchObject({ reason: 'NodeLost', message: expect.stringContaining('not moved') });
  });

  test('and comes back stops what was replaced before it takes anything new, and lets the rest run on', async () => {
    const { cell, replaced } = await bereft();
    const node = cell.node('n1');
    expect(await node.running()).toEqual(expect.arrayContaining([...replaced]));
    await cell.send(scale(18));
    node.events.length = 0;
    node.reconnect();
    await cell.eventually('all are ready', allReady(18));
    const ended = node.events.findLastIndex(({ type, ...event }) => type === 'exited' && isOf(event, replaced));
    const began = node.events.findIndex(({ type, ...event }) => type === 'started' && !isOf(event, replaced));
    expect(ended).toBeGreaterThanOrEqual(0);
    if (began >= 0) expect(began).toBeGreaterThan(ended);
    const bare = cell.state.get<PodContext>('Pod', 'default', 'bare');
    expect(bare?.context.status.containerStatuses?.[0]).toMatchObject({ ready: true, restartCount: 0 });
    await expectContainersMatch(cell);
    await expectFoldsAlike(cell);
  });

  test('and comes back in time keeps its pods, none of which was restarted', async () => {
    const cell = await running();
    const before = podsOf(cell.state).map(({ uid }) => uid);
    cell.node('n1').cut();
    await cell.clock.advance(13_000);
    cell.node('n1').reconnect();
    await cell.eventually('all are ready', allReady(12));
    await cell.clock.advance(20_000);
    expect(podsOf(cell.state).map(({ uid }) => uid)).toEqual(before);
    await expectContainersMatch(cell);
  });

  test('together with all others is not held against any of them', async () => {
    const cell = await running();
    const before = podsOf(cell.state).map(({ uid }) => uid);
    for (const name of NODES) cell.node(name).cut();
    await cell.clock.advance(120_000);
    expect(podsOf(cell.state).map(({ uid }) => uid)).toEqual(before);
    for (const name of NODES) cell.node(name).reconnect();
    await cell.eventually('all are ready', allReady(12));
    expect(podsOf(cell.state).map(({ uid }) => uid)).toEqual(before);
    await expectContainersMatch(cell);
  });
});

function isOf(event: object, uids: readonly string[]): boolean {
  return 'pod' in event && uids.includes((event.pod as { readonly uid: string }).uid);
}

test('an agent that is replaced takes over its containers, and nothing is started twice', async () => {
  const cell = await running();
  const node = cell.node('n2');
  node.events.length = 0;
  await node.stopAgent();
  await cell.clock.advance(3_000);
  await node.startAgent();
  await cell.clock.advance(5_000);
  expect(node.events).toEqual([]);
  await cell.eventually('all are ready', allReady(12));
});

test('a writer that is away longer than the limit of silence evicts nobody when it is back', async () => {
  const cell = await running();
  const before = podsOf(cell.state).map(({ uid }) => uid);
  cell.kill();
  await cell.clock.advance(60_000);
  await cell.begin();
  await cell.clock.advance(60_000);
  expect(podsOf(cell.state).map(({ uid }) => uid)).toEqual(before);
  expect(podsOf(cell.state).every(isReady)).toBe(true);
});

/** What happens to the story while it is told, and the entry at which the writer dies. */
async function story(cell: WholeCell): Promise<void> {
  await cell.send(create(12));
  await cell.eventually('twelve are ready', allReady(12));
  await cell.send(scale(5));
  await cell.eventually('five are left', allReady(5));
  await cell.send(scale(7));
  await cell.eventually('seven are ready', allReady(7));
}

describe('a writer that dies at any entry is replaced by one that folds the log', () => {
  test.each([
    ['before it is stored', { lostOnTheWay: true }],
    ['when it is stored and nobody was told', { acknowledgementLost: true }],
    ['and it is stored after the next one has begun', { storedAfterMs: 600 }],
  ])(
    '%s: the story ends as ever',
    async (_when, fault) => {
      const undisturbed = await WholeCell.start(...NODES);
      const first = undisturbed.log.marks.stored + 1;
      await story(undisturbed);
      for (let dies = first; dies <= undisturbed.log.marks.stored; dies++) {
        const cell = await WholeCell.start(...NODES);
        cell.fault = (number) => {
          if (number !== dies) return undefined;
          cell.fault = undefined;
          cell.kill();
          return fault;
        };
        await story(cell);
        await cell.clock.advance(2_000);
        expect(allReady(7)(cell.state), `died at entry ${dies}`).toBe(true);
        await expectContainersMatch(cell);
        await expectFoldsAlike(cell);
      }
    },
    120_000,
  );
});
