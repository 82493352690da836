/** The Docker engine is restarted while twelve pods are created and scaled on it: its containers run on, and the count is kept. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { expectExactly, runningAppIds } from '../support/exactly.ts';
import { RealCell, requireThat } from '../support/real-cell.ts';
import { workloadManifest } from '../support/real-workload.ts';
import { copyImages, startSecondEngine, whyNoSecondEngine, type SecondEngine } from '../support/second-engine.ts';
import { hasEngine } from '../support/docker.ts';

const NAME = 'web';
const obstacle = hasEngine ? whyNoSecondEngine() : 'no engine to copy images from';

describe.skipIf(obstacle !== undefined)(`a restarted engine${obstacle ? ` (${obstacle})` : ''}`, () => {
  let engine: SecondEngine;
  let cell: RealCell;

  beforeAll(async () => {
    engine = await startSecondEngine({ bridge: true });
    await copyImages(engine.docker, ['busybox:local', 'periplus/pause:1']);
    cell = await RealCell.start({ engine });
    await (await cell.client()).apply(workloadManifest(NAME, 0));
  });

  afterAll(async () => {
    await cell?.dispose();
    await engine?.remove();
  });

  async function scaleOverRestart(replicas: number): Promise<void> {
    const before = (await runningAppIds(cell)).length;
    await (await cell.client()).scale('ReplicationController', NAME, replicas);
    await cell.eventually('the change is under way', async () =>
      requireThat((await runningAppIds(cell)).length !== before, 'nothing has changed yet'),
    );
    await engine.stop();
    await engine.start();
    await expectExactly(cell, NAME, replicas);
  }

  test('keeps the count while pods are created', () => scaleOverRestart(12));

  test('keeps the count while pods are removed', () => scaleOverRestart(6));

  test('leaves running containers alone', async () => {
    const before = await runningAppIds(cell);
    await engine.stop();
    await engine.start();
    await (await cell.client()).scale('ReplicationController', NAME, 7);
    await expectExactly(cell, NAME, 7);
    expect(await runningAppIds(cell)).toEqual(expect.arrayContaining(before));
    expect(await cell.verify()).not.toHaveProperty('damage');
  });
});
