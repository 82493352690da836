/** An agent on a hollow engine with a clock that the test turns, beside a control plane made of memory. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, vi } from 'vitest';
import type { Container, PodSpec } from '../../machines/pod/index.ts';
import type { Agent, AgentOptions } from '../../src/agent/agent.ts';
import { createAgent } from '../../src/agent/agent.ts';
import type { WorkPod } from '../../src/agent/control-plane-link.ts';
import type { ContainerRuntime } from '../../src/agent/runtimes/container-runtime.ts';
import { createHollowRuntime } from '../../src/agent/runtimes/hollow/runtime.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { FakeControlPlane } from './fake-control-plane.ts';
import type { FaultyRuntime } from './faulty-runtime.ts';
import { createFaultyRuntime } from './faulty-runtime.ts';
import { ManualClock, settle } from './manual-clock.ts';

export const NODE = 'n1';

const PROCESS_START_MS = 100;

/** A container that runs for ever, unless its environment says otherwise. */
export function container(overrides: Partial<Container> = {}): Container {
  return { name: 'app', image: 'demo:1', imagePullPolicy: 'IfNotPresent', resources: {}, ...overrides };
}

/** One whose hollow program ends after so long with that code. */
export function program(env: Readonly<Record<string, string | number>>, overrides: Partial<Container> = {}): Container {
  const entries = Object.entries(env).map(([name, value]) => ({
    name: `PERIPLUS_HOLLOW_${name}`,
    value: String(value),
  }));
  return container({ env: entries, ...overrides });
}

let pods = 0;

export function workPod(spec: Partial<PodSpec> = {}, overrides: Partial<WorkPod> = {}): WorkPod {
  pods += 1;
  const uid = overrides.uid ?? `uid-${pods}`;
  const name = `web-${pods}`;
  return {
    uid,
    namespace: 'default',
    name,
    metadata: { name, namespace: 'default', uid, creationTimestamp: '2026-01-01T00:00:00Z' },
    spec: {
      containers: [container()],
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      schedulerName: 'default-scheduler',
      ...spec,
    },
    revision: 7,
    correlation: 3,
    ended: false,
    containers: {},
    sandboxAttempts: 0,
    ...overrides,
  };
}

export interface AgentHarness {
  readonly clock: ManualClock;
  readonly engine: ContainerRuntime;
  readonly runtime: FaultyRuntime;
  readonly plane: FakeControlPlane;
  readonly dataDirectory: string;
  agent: Agent;
  /** The process is killed and started again: nothing of the old one says another word. */
  replaceAgent(overrides?: Partial<AgentOptions>): Promise<void>;
  /** Names of the containers that run, with their attempts: `app/0`. */
  running(uid: string): Promise<string[]>;
}

export async function startAgent(
  options: { readonly connected?: boolean; readonly agent?: Partial<AgentOptions> } = {},
): Promise<AgentHarness> {
  const clock = new ManualClock();
  const engine = createHollowRuntime({ node: NODE, clock });
  const runtime = createFaultyRuntime(engine);
  const plane = new FakeControlPlane(NODE, options);
  const dataDirectory = await mkdtemp(join(tmpdir(), 'periplus-agent-'));
  const make = (overrides: Partial<AgentOptions> = {}) =>
    createAgent({
      cell: 'test',
      node: NODE,
      runtime,
      link: plane,
      clock,
      identifiers: systemIdentifiers,
      logger: silentLogger,
      dataDirectory,
      version: '0.0.0',
      address: '192.0.2.1',
      ...options.agent,
      ...overrides,
    });
  const harness: AgentHarness = {
    clock,
    engine,
    runtime,
    plane,
    dataDirectory,
    agent: make(),
    async replaceAgent(overrides) {
      await harness.agent.stop();
      plane.forgetAgent();
      // A process takes time to start.
      await clock.advance(PROCESS_START_MS);
      harness.agent = make(overrides);
      await harness.agent.start();
      await settle();
    },
    async running(uid) {
      const { containers } = await engine.inventory();
      const mine = containers.filter((candidate) => candidate.pod.uid === uid && candidate.state === 'running');
      return mine.map(({ name, attempt }) => `${name}/${attempt}`).toSorted();
    },
  };
  onTestFinished(async () => {
    await harness.agent.stop();
    await engine.close();
    await rm(dataDirectory, { recursive: true, force: true });
  });
  await harness.agent.start();
  await settle();
  return harness;
}

/** Waits until the callback stops throwing; the clock stands still meanwhile. */
export function eventually<T>(check: () => Promise<T> | T): Promise<T> {
  return vi.waitFor(check, { timeout: 5_000, interval: 2 });
}
