/** A control plane that was stopped long enough to be replaced comes back with commands in its queue, and does no harm. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BackgroundClient } from '../support/acknowledged.ts';
import { hasEngine } from '../support/docker.ts';
import { expectExactly } from '../support/exactly.ts';
import { RealCell, requireThat } from '../support/real-cell.ts';
import { workloadManifest } from '../support/real-workload.ts';

const NAME = 'web';

describe.skipIf(!hasEngine)('a cell with a standby', () => {
  let cell: RealCell;
  let background: BackgroundClient;

  beforeAll(async () => {
    cell = await RealCell.start({ standby: true });
    background = new BackgroundClient(cell);
  });

  afterAll(async () => {
    await background?.stop();
    await cell?.dispose();
  });

  async function writerName(): Promise<string> {
    const status = await (await cell.client()).status();
    requireThat(status.writing, `${status.process} answers, but does not write`);
    return status.process;
  }

  test('goes on with the standby, and the one it replaced writes nothing when it wakes', async () => {
    const client = await cell.client();
    await client.apply(workloadManifest(NAME, 12));
    const first = await cell.eventually('somebody writes', writerName);
    cell.signal(first, 'SIGSTOP');
    const second = await cell.eventually('the other writes', async () => {
      const name = await writerName();
      requireThat(name !== first, `${name} still writes`);
      return name;
    });
    await client.scale('ReplicationController', NAME, 6);
    cell.signal(first, 'SIGCONT');
    await expectExactly(cell, NAME, 6);
    await client.scale('ReplicationController', NAME, 12);
    await expectExactly(cell, NAME, 12);
    expect(await writerName()).toBe(second);
  });

  test('goes on with the first when the standby is killed', async () => {
    const client = await cell.client();
    const before = await writerName();
    await client.scale('ReplicationController', NAME, 6);
    await cell.kill(before);
    await expectExactly(cell, NAME, 6);
  });

  test('has every acknowledged command in its log exactly once, and the log verifies', async () => {
    await background.stop();
    expect(background.failures).toEqual([]);
    expect(await background.tally()).toMatchObject({ wrong: [], doubled: [] });
    expect(await cell.verify()).not.toHaveProperty('damage');
  });
});
