/** What holds whatever nodes and pods there are and whatever happens to them; the real decider judges every binding. */
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { allocatable, type NodeContext } from '../../machines/node/index.ts';
import {
  boundNode,
  hostPortsConflict,
  isTerminal,
  needsScheduling,
  type PodContext,
  type PodRecord,
} from '../../machines/pod/index.ts';
import { Candidate } from '../../src/scheduler/candidate.ts';
import { demandOf } from '../../src/scheduler/demand.ts';
import { objections } from '../../src/scheduler/filters/index.ts';
import type { TestCommand } from '../support/cell.ts';
import { settle } from '../support/manual-clock.ts';
import { createPodCommand, register, SchedulingWorld } from '../support/scheduling.ts';

const NODES = ['n1', 'n2', 'n3', 'n4'];
const PODS = Array.from({ length: 10 }, (_, index) => `p${index}`);

const anyNode = fc.constantFrom(...NODES);
const anyPod = fc.constantFrom(...PODS);
const size = fc.record({
  cpu: fc.constantFrom('500m', '1', '2'),
  memory: fc.constantFrom('1Gi', '2Gi'),
  pods: fc.constantFrom('1', '2', '5'),
});
const asked = fc.record(
  {
    cpu: fc.constantFrom('250m', '500m', '1500m'),
    memory: fc.constantFrom('256Mi', '1Gi'),
    hostPort: fc.constantFrom(8080, 8081),
    owner: fc.constantFrom('a', 'b'),
    spec: fc.constantFrom({}, { nodeSelector: { disk: 'ssd' } }, { nodeName: 'n2' }),
  },
  { requiredKeys: [] },
);

const step: fc.Arbitrary<readonly TestCommand[]> = fc.oneof(
  { weight: 6, arbitrary: fc.tuple(anyPod, asked).map(([name, asks]) => [createPodCommand(name, asks)]) },
  { weight: 3, arbitrary: fc.tuple(anyNode, size).map(([name, has]) => [register(name, has)]) },
  fc.tuple(anyNode, size).map(([name, has]) => [register(name, has, { disk: 'ssd' })]),
  anyPod.map((name) => [{ kind: 'Pod', name, verb: 'delete', arguments: { gracePeriodSeconds: 0 } }]),
  fc
    .tuple(anyNode, fc.boolean())
    .map(([name, unschedulable]) => [
      { kind: 'Node', name, verb: 'patch', arguments: { patch: { spec: { unschedulable } } } },
    ]),
  anyNode.map((name) => [{ kind: 'Node', name, verb: 'markUnreachable', arguments: { since: 0, silentMs: 10_000 } }]),
  anyNode.map((name) => [{ kind: 'Node', name, verb: 'markReachable' }]),
  anyNode.map((name) => [
    { kind: 'Node', name, verb: 'delete' },
    { kind: 'Node', name, verb: 'register', arguments: register(name).arguments },
  ]),
  fc
    .tuple(anyPod, anyNode)
    .map(([name, node]) => [
      { kind: 'Pod', name, verb: 'fail', arguments: { node, reason: 'Evicted', message: 'low on memory' } },
    ]),
  // Somebody binds behind the scheduler's back.
  fc.tuple(anyPod, anyNode).map(([name, node]) => [{ kind: 'Pod', name, verb: 'bind', arguments: { node } }]),
);

function podsOf(world: SchedulingWorld): readonly PodRecord[] {
  return world.cell.list<PodContext>('Pod');
}

/** The nodes with what is on them, counted from nothing. */
function weighed(world: SchedulingWorld): ReadonlyMap<string, Candidate> {
  const nodes = new Map(world.cell.list<NodeContext>('Node').map((node) => [node.name, new Candidate(node)]));
  for (const pod of podsOf(world)) {
    if (!isTerminal(pod)) nodes.get(boundNode(pod) ?? '')?.take(demandOf(pod.context));
  }
  return nodes;
}

/** No two pods of a node have the same port of it. */
function expectPortsGivenOnce(world: SchedulingWorld): void {
  for (const node of weighed(world).keys()) {
    const bound = podsOf(world).filter((pod) => boundNode(pod) === node && !isTerminal(pod));
    const ports = bound.map((pod) => demandOf(pod.context).hostPorts);
    for (const [index, claims] of ports.entries()) {
      for (const others of ports.slice(index + 1)) expect(hostPortsConflict(claims, others)).toBe(false);
    }
  }
}

/** No pod waits for which there is a node. */
function expectAllPlaced(world: SchedulingWorld): void {
  const nodes = [...weighed(world).values()];
  for (const pod of podsOf(world).filter(needsScheduling)) {
    const fits = nodes.filter((node) => objections(demandOf(pod.context), node).length === 0);
    expect(fits.map(({ name }) => name)).toEqual([]);
  }
}

/** A node's size may shrink under its pods, but no binding may ever be what fills it over. */
function expectRoomAtEachBinding(world: SchedulingWorld): void {
  const sizes = new Map<string, ReturnType<typeof allocatable>>();
  const taken = new Map<string, Map<string, PodRecord>>();
  for (const { commit, after } of world.cell.changes) {
    if (commit.kind === 'Node') {
      if (after) sizes.set(commit.name, allocatable(after as Candidate['node']));
      continue;
    }
    if (commit.kind !== 'Pod') continue;
    for (const pods of taken.values()) pods.delete(commit.uid);
    const pod = after as PodRecord | undefined;
    const node = pod && !isTerminal(pod) ? boundNode(pod) : undefined;
    if (pod === undefined || node === undefined) continue;
    if (!taken.has(node)) taken.set(node, new Map());
    taken.get(node)?.set(commit.uid, pod);
    if (commit.verb !== 'bind') continue;
    const demands = [...(taken.get(node)?.values() ?? [])].map(({ context }) => demandOf(context).requests);
    const offers = sizes.get(node);
    const asks = demandOf(pod.context).requests;
    const sum = (part: 'cpuMillis' | 'memoryBytes') => demands.reduce((total, each) => total + each[part], 0);
    expect(demands.length).toBeLessThanOrEqual(offers?.pods ?? 0);
    if (asks.cpuMillis > 0) expect(sum('cpuMillis')).toBeLessThanOrEqual(offers?.cpuMillis ?? 0);
    if (asks.memoryBytes > 0) expect(sum('memoryBytes')).toBeLessThanOrEqual(offers?.memoryBytes ?? 0);
  }
}

async function play(world: SchedulingWorld, steps: readonly (readonly TestCommand[])[], pause: boolean): Promise<void> {
  for (const commands of steps) {
    // Whatever makes no sense at the moment is refused, as it would be.
    for (const command of commands) world.sink.change(() => world.cell.send(command));
    if (pause) await settle(1);
  }
}

test('whatever happens, no node is filled over and no pod waits for which there is room', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, pause) => {
      const world = new SchedulingWorld(register('n1'), register('n2', { cpu: '1' }));
      const scheduler = world.start();
      await play(world, steps, pause);
      await world.clock.advance(30_000);
      expectPortsGivenOnce(world);
      expectRoomAtEachBinding(world);
      expectAllPlaced(world);
      const sent = world.sink.sent.length;
      await world.clock.advance(60_000);
      expect(world.sink.sent).toHaveLength(sent);
      scheduler.stop();
      expect(world.clock.waiting).toBe(0);
    }),
    { numRuns: 150 },
  );
});

test('where nobody else binds, every binding is accepted', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(anyNode, size), { minLength: 1, maxLength: 4 }),
      fc.array(asked, { minLength: 1, maxLength: 10 }),
      async (sizes, asks) => {
        const world = new SchedulingWorld(...new Map(sizes.map(([name, has]) => [name, register(name, has)])).values());
        const scheduler = world.start();
        await play(
          world,
          asks.map((each, index) => [createPodCommand(`p${index}`, each)]),
          false,
        );
        await settle();
        const bound = podsOf(world).filter((pod) => boundNode(pod) !== undefined);
        expect(world.verbs.filter((verb) => verb === 'bind')).toHaveLength(bound.length);
        expectAllPlaced(world);
        scheduler.stop();
      },
    ),
    { numRuns: 150 },
  );
});

test('the same cell is always planned alike', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 25 }), async (steps) => {
      const placed: string[] = [];
      for (const _ of ['once', 'and again']) {
        const world = new SchedulingWorld(register('n1'), register('n3'));
        await play(world, steps, false);
        const scheduler = world.start();
        await settle();
        scheduler.stop();
        const where = podsOf(world).map((pod) => [pod.name, boundNode(pod)]);
        placed.push(JSON.stringify(where.toSorted()));
      }
      expect(placed[0]).toBe(placed[1]);
    }),
    { numRuns: 50 },
  );
});
