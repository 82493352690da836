/** `why` on real histories: what an operator reads when a node was lost, a pod deleted, a controller scaled, a container crashed. */
import { describe, expect, test } from 'vitest';
import { isReady } from '../../machines/pod/index.ts';
import type { Query } from '../../src/bus/query-messages.ts';
import { describeWhy } from '../../src/cli/why-lines.ts';
import { answerWhy } from '../../src/history/answers/why.ts';
import { sourceOfWhole } from '../support/past.ts';
import { allReady, createWebCommand, podsOf, podsOn, scaleWebCommand } from '../support/whole-cell-checks.ts';
import { WholeCell } from '../support/whole-cell.ts';

const WEB = { kind: 'ReplicationController', namespace: 'default', name: 'web' };

async function running(replicas: number): Promise<WholeCell> {
  const cell = await WholeCell.start('n1', 'n2', 'n3');
  await cell.send(createWebCommand(replicas));
  await cell.eventually('all pods are ready', allReady(replicas));
  await cell.clock.advance(60_000);
  return cell;
}

/** What is printed, with pods called in the order they are told of and every line from `2026-01-01T` on. */
async function told(cell: WholeCell, query: Query<'why'>): Promise<string> {
  const text = describeWhy(answerWhy(await sourceOfWhole(cell), query));
  const names = [...new Set(text.match(/\bweb-[a-z0-9]{5}\b/g))];
  return names
    .reduce((shown, name, index) => shown.replaceAll(name, `web-${'abcdefgh'[index]}`), text)
    .replaceAll(/ {3,}(?=\S)/g, '  ')
    .trimEnd();
}

async function whyPod(cell: WholeCell, name = ''): Promise<string> {
  return told(cell, { kind: 'Pod', namespace: 'default', name });
}

/** A cell in which n1 fell silent until its one pod was replaced; the names of both. */
async function bereft() {
  const cell = await running(3);
  const lost = podsOn(cell.state, 'n1')[0]?.name;
  cell.node('n1').cut();
  const elsewhere = () => [...podsOn(cell.state, 'n2'), ...podsOn(cell.state, 'n3')].filter(isReady);
  await cell.eventually('three are ready elsewhere', () => elsewhere().length === 3);
  const latest = elsewhere().toSorted((one, other) => other.createdRevision - one.createdRevision)[0]?.name;
  return { cell, lost, latest };
}

describe('when a node is lost', () => {
  test('the pod that replaced another is told from the silence of the node on', async () => {
    const { cell, latest } = await bereft();
    expect(await whyPod(cell, latest)).toBe(
      `
Pod default/web-a: ready 1/1, status Running, restarts 0

REVISION  TIME  BY  WHAT
20  2026-01-01T00:01:10Z  system:controller:node-health  node/n1 unreachable since 00:01:00: silent for 10 s
21  2026-01-01T00:01:10Z  system:controller:node-lifecycle  → pod/web-b lost with its node, to be evicted at 00:01:15: node n1 is unreachable
23  2026-01-01T00:01:15Z  system:controller:deadlines  → pod/web-b evicted, deletion requested with 30 s of grace: the deadline "eviction" was due
24  2026-01-01T00:01:15Z  system:controller:replication  → pod/web-a created for ReplicationController web: in place of pod web-b, lost with node n1
26  2026-01-01T00:01:15Z  system:scheduler  → pod/web-a bound to n2: 2 of 3 nodes fit, n1 is unreachable; n2 scored highest (66)
28  2026-01-01T00:01:15Z  system:node:n2  → pod/web-a container main started, running`.trim(),
    );
  });

  test('the pod that is gone is told from its creation to its end, and what its end led to', async () => {
    const { cell, lost } = await bereft();
    cell.node('n1').reconnect();
    await cell.eventually('the lost pod is gone', (state) => podsOf(state).length === 3);
    const text = await whyPod(cell, lost);
    expect(text.split('\n')[0]).toMatch(/^Pod default\/web-a is gone since 2026-01-01T00:01:\d\dZ \(revision \d+\)$/);
    const what = text.split('\n').map((line) => line.split('  ').at(-1));
    expect(what.slice(3)).toEqual([
      'replicationcontroller/web created',
      '→ pod/web-a created for ReplicationController web: 3 wanted, 0 live',
      '→ pod/web-a bound to n1: 3 of 3 nodes fit; n1 scored highest (100)',
      '→ pod/web-a container main started, running',
      'node/n1 unreachable since 00:01:00: silent for 10 s',
      '→ pod/web-a lost with its node, to be evicted at 00:01:15: node n1 is unreachable',
      '→ pod/web-a evicted, deletion requested with 30 s of grace: the deadline "eviction" was due',
      '→ pod/web-a container main completed, removed',
      '',
      'This led to',
      '→ pod/web-b created for ReplicationController web: in place of pod web-a, lost with node n1',
      '→ pod/web-b bound to n2: 2 of 3 nodes fit, n1 is unreachable; n2 scored highest (66)',
      '→ pod/web-b container main started, running',
    ]);
  });

  test('the node tells all that came of its silence', async () => {
    const { cell } = await bereft();
    const { ledTo, state } = answerWhy(await sourceOfWhole(cell), { kind: 'Node', name: 'n1' });
    expect(state).toMatch(/^status NotReady/);
    const path: string[] = [];
    for (let at = ledTo.shown[0]; at !== undefined; at = at.consequences.shown[0]) path.push(at.commit.sentence);
    expect(path).toEqual([
      'lost with its node, to be evicted at 00:01:15',
      'evicted, deletion requested with 30 s of grace',
      'created for ReplicationController web',
      'bound to n2',
      'container main started, running',
    ]);
  });
});

test('a pod that somebody deleted names whoever did, and its replacement names the pod', async () => {
  const cell = await running(1);
  const [pod] = podsOf(cell.state);
  await cell.send({ kind: 'Pod', name: pod?.name ?? '', verb: 'delete', actor: 'jane', reason: 'it hangs' });
  await cell.eventually('it is gone', (state) => state.get('Pod', 'default', pod?.name ?? '') === undefined);
  await cell.eventually('another is ready', allReady(1));
  const text = await whyPod(cell, pod?.name);
  expect(text).toMatch(/ jane {2}pod\/web-a deletion requested with 30 s of grace: it hangs$/m);
  expect(text).toMatch(/This led to\n.*→ pod\/web-b created .*: in place of pod web-a, being deleted$/m);
  const replacement = await whyPod(cell, podsOf(cell.state)[0]?.name);
  expect(replacement.split('\n')[3]).toMatch(/ jane {2}pod\/web-b deletion requested/);
});

test('a pod deleted at once, of which nothing is left, still is the cause of its replacement', async () => {
  const cell = await running(2);
  const [pod] = podsOf(cell.state);
  await cell.send({
    kind: 'Pod',
    name: pod?.name ?? '',
    verb: 'delete',
    arguments: { gracePeriodSeconds: 0 },
    actor: 'jane',
  });
  await cell.eventually(
    'two are ready',
    (state) => podsOf(state).filter(isReady).length === 2 && !podsOf(state).some(({ uid }) => uid === pod?.uid),
  );
  const latest = podsOf(cell.state).toSorted((one, other) => other.createdRevision - one.createdRevision)[0];
  expect((await whyPod(cell, latest?.name)).split('\n')[3]).toMatch(/ jane {2}pod\/web-b /);
});

test('a controller tells who scaled it, and what came of the last scaling', async () => {
  const cell = await running(2);
  await cell.send({ ...scaleWebCommand(3), actor: 'jane' });
  await cell.eventually('three are ready', allReady(3));
  await cell.send({ ...scaleWebCommand(1), actor: 'joe' });
  await cell.eventually('one is left', allReady(1));
  const text = await told(cell, WEB);
  expect(text).toMatch(/ jane {2}replicationcontroller\/web scaled from 2 to 3$/m);
  expect(text).toMatch(/ joe {2}replicationcontroller\/web scaled from 3 to 1$/m);
  expect(text.split('This led to')[1]?.match(/deletion requested .*: surplus: 1 wanted, 3 live$/gm)).toHaveLength(2);
});

test('a container that crashes again and again tells how it ended, and what is left out', async () => {
  const cell = await WholeCell.start('n1');
  const env = [
    { name: 'PERIPLUS_HOLLOW_RUN_MS', value: '10' },
    { name: 'PERIPLUS_HOLLOW_EXIT_CODE', value: '3' },
    { name: 'PERIPLUS_HOLLOW_OUTPUT', value: 'no such file: config\n' },
  ];
  const manifest = { metadata: { name: 'crash' }, spec: { containers: [{ name: 'main', image: 'demo:1', env }] } };
  await cell.send({ kind: 'Pod', name: 'crash', verb: 'create', arguments: { manifest } });
  await cell.clock.advance(3_600_000);
  const text = await whyPod(cell, 'crash');
  expect(text.split('\n')[0]).toMatch(/status CrashLoopBackOff, restarts \d+/);
  expect(text).toMatch(/→ pod\/crash bound to n1: 1 of 1 nodes fit$/m);
  expect(text).toContain(
    'exited with code 3, last saying "no such file: config", container main waits: CrashLoopBackOff\n',
  );
  expect(text).toMatch(/^\d+ earlier commits about it are left out: periplus history pod\/crash$/m);
});

test('of a revision the chain of its commit is told, and all that came of it, its own object included', async () => {
  const { cell } = await bereft();
  const text = await told(cell, { commit: 21 });
  expect(
    text
      .split('\n')
      .slice(3, 5)
      .map((line) => line.split(/\s/)[0]),
  ).toEqual(['20', '21']);
  expect(text).toMatch(/This led to\n23 .*\n24 /);
});
