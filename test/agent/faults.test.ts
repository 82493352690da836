/** Engines fail, hang and lie about what was done; in the end each wanted container runs once, and nothing else does. */
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { STARTS_IN_FLIGHT_MAX } from '../../src/agent/agent.ts';
import { ENGINE_RETRY } from '../../src/agent/pod-worker.ts';
import type { WorkPod } from '../../src/agent/control-plane-link.ts';
import type { RuntimeContainer } from '../../src/agent/runtimes/container-runtime.ts';
import { RuntimeError } from '../../src/agent/runtimes/container-runtime.ts';
import type { AgentHarness } from '../support/agent-harness.ts';
import { container, eventually, program, startAgent, workPod } from '../support/agent-harness.ts';
import { settle } from '../support/manual-clock.ts';

const unavailable = () => new RuntimeError('unavailable', 'the engine does not answer');

describe('an engine in trouble', () => {
  it('that hangs over one pod leaves the others alone', async () => {
    const { plane, runtime } = await startAgent();
    const hung = workPod();
    runtime.before = (method, args) => {
      const spec = args[0] as { readonly pod?: { readonly uid: string } };
      return method === 'createSandbox' && spec.pod?.uid === hung.uid ? new Promise(() => {}) : undefined;
    };
    const pods = Array.from({ length: 40 }, () => workPod());
    plane.put(hung, ...pods);
    await eventually(() => pods.forEach(({ uid }) => expect(plane.level(uid)?.ready).toBe(true)));
    expect(plane.level(hung.uid)?.ready ?? false).toBe(false);
  });

  it(`has at most ${STARTS_IN_FLIGHT_MAX} sandboxes and containers under way at once`, async () => {
    const { plane, runtime } = await startAgent();
    let inFlight = 0;
    let most = 0;
    runtime.before = async (method) => {
      if (method !== 'createSandbox' && method !== 'createContainer' && method !== 'startContainer') return;
      most = Math.max(most, ++inFlight);
      await settle(1);
      inFlight -= 1;
    };
    const pods = Array.from({ length: 100 }, () => workPod());
    plane.put(...pods);
    await eventually(() => pods.forEach(({ uid }) => expect(plane.level(uid)?.ready).toBe(true)));
    expect(most).toBe(STARTS_IN_FLIGHT_MAX);
  });

  it('is tried again after 1 s doubling to 30 s', async () => {
    const { plane, runtime, clock } = await startAgent();
    let tries = 0;
    runtime.before = (method) => {
      if (method !== 'createSandbox') return undefined;
      tries += 1;
      throw unavailable();
    };
    plane.put(workPod());
    await settle();
    let wait = ENGINE_RETRY.initialMs;
    for (let expected = 1; expected <= 8; expected++) {
      expect(tries).toBe(expected);
      await clock.advance(wait - 1);
      expect(tries).toBe(expected);
      await clock.advance(1);
      wait = Math.min(wait * 2, ENGINE_RETRY.maximumMs);
    }
  });

  it('that refuses to make a container shows CreateContainerError with its words', async () => {
    const { plane, runtime, clock } = await startAgent();
    let refuses = true;
    runtime.before = (method) => {
      if (method === 'createContainer' && refuses) throw new RuntimeError('refused', 'invalid mount path');
    };
    const pod = workPod();
    plane.put(pod);
    await eventually(() =>
      expect(plane.level(pod.uid)?.state).toEqual({
        waiting: { reason: 'CreateContainerError', message: 'invalid mount path' },
      }),
    );
    refuses = false;
    await clock.advance(10_000);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
  });

  it('that did what it said it could not leaves no twin', async () => {
    const { plane, runtime, clock, running, engine } = await startAgent();
    const failed = new Set<string>();
    runtime.after = (method) => {
      if (!['createSandbox', 'createContainer', 'startContainer'].includes(method) || failed.has(method)) return;
      failed.add(method);
      throw unavailable();
    };
    const pod = workPod();
    plane.put(pod);
    await clock.advance(10_000);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    expect(await running(pod.uid)).toEqual(['app/0']);
    const { sandboxes, containers } = await engine.inventory();
    expect([sandboxes.length, containers.length]).toEqual([1, 1]);
  });

  it('that cannot be listed at the start is waited for before anything is made', async () => {
    const harness = await startAgent();
    const { plane, runtime, clock } = harness;
    runtime.before = (method) => {
      if (method === 'inventory') throw unavailable();
    };
    await harness.replaceAgent();
    runtime.calls.splice(0);
    const pod = workPod();
    plane.put(pod);
    await clock.advance(5_000);
    expect(runtime.calls.map(({ method }) => method)).not.toContain('createSandbox');
    runtime.before = undefined;
    await clock.advance(60_000);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
  });

  it('whose list was out of date when it came is not believed about what was made meanwhile', async () => {
    const { plane, runtime, clock, running } = await startAgent();
    const old = Promise.withResolvers<{ readonly answer: unknown }>();
    await clock.advance(30_000);
    runtime.before = (method) => (method === 'inventory' ? old.promise : undefined);
    await clock.advance(30_000);
    const pod = workPod();
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    const before = { sandboxes: [], containers: [] };
    const again = workPod();
    plane.put(again);
    await eventually(() => expect(plane.level(again.uid)?.ready).toBe(true));
    old.resolve({ answer: before });
    runtime.before = undefined;
    await clock.advance(10_000);
    expect(await running(pod.uid)).toEqual(['app/0']);
    expect(plane.level(pod.uid)).toMatchObject({ attempt: 0, ready: true });
  });

  it('costs nothing while all is well: idle pods have no timers and ask nothing', async () => {
    const { plane, runtime, clock } = await startAgent();
    await clock.advance(10_000);
    const timers = clock.waiting;
    const pods = Array.from({ length: 50 }, () => workPod());
    plane.put(...pods);
    await eventually(() => pods.forEach(({ uid }) => expect(plane.level(uid)?.ready).toBe(true)));
    await clock.advance(10_000);
    expect(clock.waiting).toBe(timers);
    runtime.calls.splice(0);
    await clock.advance(39_000);
    expect(runtime.calls).toEqual([]);
  });
});

const POD_COUNT = 4;

type Action =
  | {
      readonly act: 'want' | 'delete' | 'forget' | 'killSandbox' | 'removeContainer' | 'changeImage';
      readonly pod: number;
    }
  | { readonly act: 'restartAgent' | 'disconnect' | 'connect' }
  | { readonly act: 'advance'; readonly ms: number };

const action: fc.Arbitrary<Action> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      act: fc.constantFrom('want', 'delete', 'forget', 'killSandbox', 'removeContainer', 'changeImage'),
      pod: fc.nat(POD_COUNT - 1),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constantFrom('restartAgent', 'disconnect', 'connect') }) },
  {
    weight: 2,
    arbitrary: fc.record({ act: fc.constant('advance' as const), ms: fc.integer({ min: 1, max: 40_000 }) }),
  },
);

/** Fails calls before or after they were carried out, as the bits say. */
function injectFaults({ runtime }: AgentHarness, bits: readonly number[]): void {
  let index = 0;
  const next = () => bits[index++ % bits.length] ?? 0;
  runtime.before = () => {
    if (next() === 1) throw unavailable();
  };
  runtime.after = () => {
    if (next() === 2) throw unavailable();
  };
}

async function perform(harness: AgentHarness, wanted: WorkPod[], step: Action): Promise<void> {
  const { plane, engine, clock } = harness;
  const pod = 'pod' in step ? wanted[step.pod] : undefined;
  const known = plane.pods.has(pod?.uid ?? '');
  switch (step.act) {
    case 'advance':
      return clock.advance(step.ms);
    case 'connect':
      return plane.connect();
    case 'disconnect':
      return plane.disconnect();
    case 'restartAgent':
      return harness.replaceAgent();
    case 'want':
      // A pod that is being deleted does not come back.
      if (pod !== undefined && plane.pods.get(pod.uid)?.deletion === undefined) plane.put(pod);
      return;
    case 'changeImage':
      if (pod === undefined || !known || plane.pods.get(pod.uid)?.deletion !== undefined) return;
      wanted[step.pod] = {
        ...pod,
        spec: { ...pod.spec, containers: pod.spec.containers.map((c) => ({ ...c, image: `${c.image}0` })) },
      };
      return plane.put(wanted[step.pod] ?? pod);
    case 'delete':
      if (pod !== undefined && known) plane.put({ ...pod, deletion: { gracePeriodSeconds: 5 } });
      return;
    case 'forget':
      if (pod !== undefined && known) plane.remove(pod.uid);
      return;
    case 'killSandbox':
    case 'removeContainer': {
      const { sandboxes, containers } = await engine.inventory();
      const mine = (item: { readonly pod: { readonly uid: string } }) => item.pod.uid === pod?.uid;
      if (step.act === 'killSandbox') for (const { id } of sandboxes.filter(mine)) await engine.removeSandbox(id);
      else for (const { id } of containers.filter(mine)) await engine.removeContainer(id);
      return;
    }
    default:
      return step satisfies never;
  }
}

function byPod(containers: readonly RuntimeContainer[]): Record<string, string[]> {
  const names: Record<string, string[]> = {};
  for (const { pod, name, image } of containers) (names[pod.uid] ??= []).push(`${name} ${image}`);
  for (const list of Object.values(names)) list.sort();
  return names;
}

it('after any faults and changes the engine has exactly the wanted containers, each once, in one sandbox', async () => {
  const bits = fc.array(fc.constantFrom(0, 0, 0, 0, 1, 2), { minLength: 5, maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 25 }), bits, async (steps, faults) => {
      const harness = await startAgent();
      const { plane, clock, engine, runtime } = harness;
      const wanted = Array.from({ length: POD_COUNT }, (_, i) =>
        workPod({
          containers:
            i % 2 === 0
              ? [container({ name: 'a' }), container({ name: 'b' })]
              : [program({ STOP_MS: 2_000 }, { name: 'a' })],
        }),
      );
      injectFaults(harness, faults);
      for (const step of steps) await perform(harness, wanted, step);
      runtime.before = undefined;
      runtime.after = undefined;
      plane.connect();
      await clock.advance(900_000);
      await settle(20);
      const { sandboxes, containers } = await engine.inventory();
      const alive = [...plane.pods.values()].filter(({ deletion }) => deletion === undefined);
      const expected = Object.fromEntries(
        alive.map(({ uid, spec }) => [uid, spec.containers.map(({ name, image }) => `${name} ${image}`)]),
      );
      const running = containers.filter(({ state }) => state === 'running');
      expect(byPod(running)).toEqual(expected);
      expect(sandboxes.map(({ pod }) => pod.uid).toSorted()).toEqual(alive.map(({ uid }) => uid).toSorted());
      for (const { sandboxId } of running) expect(sandboxes.map(({ id }) => id)).toContain(sandboxId);
      for (const { pod } of containers) expect(expected).toHaveProperty(pod.uid);
      for (const { uid, deletion } of plane.pods.values()) if (deletion) expect(plane.of(uid).cleanedUp).toBe(true);
      for (const { uid, spec } of alive) {
        for (const { name } of spec.containers) expect(plane.level(uid, name)).toMatchObject({ ready: true });
      }
      await harness.agent.stop();
    }),
    { numRuns: 60 },
  );
});
