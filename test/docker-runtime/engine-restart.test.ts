/** A real dockerd is restarted under a running pod: calls fail as unavailable, events come back, the pod lives on and is found. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ContainerRuntime, RuntimeEvent } from '../../src/agent/runtimes/container-runtime.ts';
import { createDockerRuntime } from '../../src/agent/runtimes/docker/index.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { eventually } from '../contract/container-runtime/harness.ts';
import { copyImages, startSecondEngine, whyNoSecondEngine } from '../support/second-engine.ts';
import type { SecondEngine } from '../support/second-engine.ts';
import { IMAGE, containerOf, createPod, run } from './stage.ts';

const obstacle = whyNoSecondEngine();

describe.skipIf(obstacle !== undefined)(
  `a restarted engine${obstacle ? ` (${obstacle})` : ''}`,
  { timeout: 60_000 },
  () => {
    let engine: SecondEngine;
    let runtime: ContainerRuntime;

    beforeAll(async () => {
      engine = await startSecondEngine();
      await copyImages(engine.docker, [IMAGE, 'periplus/pause:1']);
      const { socketPath } = engine;
      const owner = { cell: 'restart', node: 'node-1', network: 'none' };
      runtime = createDockerRuntime({ ...owner, clock: systemClock, logger: silentLogger, socketPath });
    }, 60_000);

    afterAll(async () => {
      await runtime.close();
      await engine.remove();
    }, 60_000);

    it('keeps the pod, and its events are heard again after a resync', async () => {
      const seen: RuntimeEvent[] = [];
      const controller = new AbortController();
      const listening = (async () => {
        for await (const event of runtime.events(controller.signal)) seen.push(event);
      })();
      await eventually(() => expect(seen).toEqual([{ type: 'resync' }]));
      const id = await run(
        runtime,
        containerOf(await createPod(runtime), "trap 'exit 0' TERM; while :; do sleep 0.1; done"),
      );
      const before = await runtime.inventory();
      expect(before.sandboxes).toMatchObject([{ running: true }]);

      await engine.stop();
      await expect(runtime.inventory()).rejects.toMatchObject({ name: 'RuntimeError', code: 'unavailable' });
      seen.length = 0;
      await engine.start();

      await eventually(() => expect(seen[0]).toEqual({ type: 'resync' }));
      expect(await runtime.inventory()).toEqual(before);
      await runtime.stopContainer(id, { graceSeconds: 10 });
      await eventually(() => expect(seen).toContainEqual(expect.objectContaining({ type: 'exited', id })));
      controller.abort();
      await listening;
    });
  },
);
