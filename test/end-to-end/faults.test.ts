/** Twelve real pods are created and scaled while parts of the cell are killed under them; nothing is ever restarted by hand. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BackgroundClient } from '../support/acknowledged.ts';
import { hasEngine } from '../support/docker.ts';
import { containersOf, expectExactly, runningAppIds, runningContainers } from '../support/exactly.ts';
import { RealCell, requireThat } from '../support/real-cell.ts';
import { workloadManifest } from '../support/real-workload.ts';

const NAME = 'web';

describe.skipIf(!hasEngine)('a cell of twelve real pods', () => {
  let cell: RealCell;
  let background: BackgroundClient;

  beforeAll(async () => {
    cell = await RealCell.start();
    background = new BackgroundClient(cell);
    await (await cell.client()).apply(workloadManifest(NAME, 0));
  });

  afterAll(async () => {
    await background?.stop();
    await cell?.dispose();
  });

  async function scaleTo(replicas: number): Promise<void> {
    await (await cell.client()).scale('ReplicationController', NAME, replicas);
  }

  /** Scales, breaks something as soon as a part of the change is done, and expects all of it in the end. */
  async function scaleWhile(replicas: number, breakIt: () => void | Promise<void>): Promise<void> {
    const before = (await runningAppIds(cell)).length;
    await scaleTo(replicas);
    await cell.eventually('the change is under way', async () =>
      requireThat((await runningAppIds(cell)).length !== before, 'nothing has changed yet'),
    );
    await breakIt();
    await expectExactly(cell, NAME, replicas);
  }

  async function killOneContainer(which: 'app' | 'pause'): Promise<void> {
    const [victim] = runningContainers(await containersOf(cell), which);
    await cell.docker.getContainer(victim?.Id ?? '').remove({ force: true });
  }

  test('keeps its count when the control plane is killed', async () => {
    await scaleWhile(12, () => cell.kill('control-plane'));
    await scaleWhile(6, () => cell.kill('control-plane'));
  });

  test('keeps its count when nats-server is killed', async () => {
    await scaleWhile(12, () => cell.kill('nats-server'));
    await scaleWhile(6, () => cell.kill('nats-server'));
  });

  test('keeps its count when the agent is killed', async () => {
    await scaleWhile(12, () => cell.kill('agent-n1'));
    await scaleWhile(6, () => cell.kill('agent-n1'));
    await scaleWhile(12, () => cell.kill('agent-n1'));
  });

  test('an agent that was killed restarts no container', async () => {
    const before = await runningAppIds(cell);
    await cell.kill('agent-n1');
    await cell.eventually('another agent runs', () => cell.pid('agent-n1'));
    // A pod more, which only the new agent can have started: by then it has looked at all the others.
    await scaleTo(13);
    await expectExactly(cell, NAME, 13);
    expect(await runningAppIds(cell)).toEqual(expect.arrayContaining(before));
    await scaleTo(12);
    await expectExactly(cell, NAME, 12);
  });

  test('keeps its count when containers are removed behind its back', async () => {
    await scaleWhile(6, () => killOneContainer('app'));
    await scaleWhile(12, () => killOneContainer('pause'));
    await killOneContainer('app');
    await killOneContainer('pause');
    await expectExactly(cell, NAME, 12);
  });

  test('has every acknowledged command in its log exactly once, and the log verifies', async () => {
    await background.stop();
    expect(background.failures).toEqual([]);
    expect(await background.tally()).toMatchObject({ wrong: [], doubled: [] });
    expect(background.acknowledged.length).toBeGreaterThan(100);
    expect(await cell.verify()).not.toHaveProperty('damage');
  });

  test('stops leaving no container, and keeps its objects', async () => {
    await cell.stop();
    expect(await containersOf(cell)).toEqual([]);
  });
});
