/** A store that was damaged or put back while the cell was down: the writer refuses, says where, and goes on only when the loss is accepted. */
import { cp, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cutLastBlock, flipByteOfEntry, removeIndex } from '../support/damage.ts';
import { RealCell, requireThat } from '../support/real-cell.ts';
import { workloadManifest } from '../support/real-workload.ts';

const NAME = 'web';
const STORE = 'nats/store';

/** Entries of a log as its blocks hold them: the number of the last one, and how many there are. */
async function entriesOf(messages: string): Promise<readonly number[]> {
  const numbers: number[] = [];
  for (const name of (await readdir(messages)).filter((file) => file.endsWith('.blk'))) {
    const text = (await readFile(join(messages, name))).toString('latin1');
    for (const [, number] of text.matchAll(/\{"version":\d+,"number":(\d+),/g)) numbers.push(Number(number));
  }
  return numbers;
}

async function createSome(cell: RealCell, prefix: string): Promise<void> {
  const client = await cell.client();
  // One after the other, so that each has an entry of its own.
  for (let index = 0; index < 10; index++) {
    await client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `${prefix}-${index}` } });
  }
}

describe('a cell whose store', () => {
  let cell: RealCell;
  let template: string;
  let older: string;
  let cellName: string;
  let lastEntry: number;
  let lastRevision: number;

  const messagesOf = (directory: string): string =>
    join(directory, STORE, 'jetstream/$G/streams', `${cellName}-log-1`, 'msgs');

  beforeAll(async () => {
    template = await mkdtemp(join(tmpdir(), 'periplus-template-'));
    older = await mkdtemp(join(tmpdir(), 'periplus-older-'));
    cell = new RealCell({ runtime: 'hollow', directory: template });
    cell.startSupervisor();
    await cell.untilReady();
    cellName = cell.name;
    await (await cell.client()).apply(workloadManifest(NAME, 3));
    await cell.eventually('the pods run', async () => {
      const controller = await (await cell.client()).get('ReplicationController', NAME);
      requireThat(controller?.status?.readyReplicas === 3, 'not all are ready');
    });
    await createSome(cell, 'kept');
    await cell.stop();
    await cp(join(template, STORE), older, { recursive: true });
    cell.startSupervisor();
    await cell.untilReady();
    await createSome(cell, 'newer');
    lastRevision = (await (await cell.client()).status()).revision;
    await cell.stop();
    lastEntry = Math.max(...(await entriesOf(messagesOf(template))));
  });

  afterAll(async () => {
    await cell.dispose();
    await rm(template, { recursive: true, force: true });
    await rm(older, { recursive: true, force: true });
  });

  const middle = (): number => Math.floor(lastEntry / 2);

  /** What was done to it, and which entry is then the first wrong one. */
  const damages: Readonly<Record<string, (directory: string) => Promise<number | RegExp>>> = {
    'was put back to an older copy': async (directory) => {
      await rm(join(directory, STORE), { recursive: true });
      await cp(older, join(directory, STORE), { recursive: true });
      return Math.max(...(await entriesOf(messagesOf(directory)))) + 1;
    },
    'lost half of its last block': async (directory) => {
      await cutLastBlock(messagesOf(directory));
      const last = Math.max(...(await entriesOf(messagesOf(directory))));
      // Where exactly the cut goes through the last record that is left is chance.
      return new RegExp(`${last}|${last + 1}`);
    },
    'has a flipped byte in the middle': async (directory) => {
      await flipByteOfEntry(messagesOf(directory), middle());
      return middle();
    },
    'has a flipped byte in the last entry': async (directory) => {
      await flipByteOfEntry(messagesOf(directory), lastEntry);
      return lastEntry;
    },
  };

  const cases = Object.entries(damages).flatMap(([what, damage]) =>
    (['with', 'without'] as const).map((index) => ({ what, damage, index })),
  );

  // Side by side: they mostly wait for what cannot be read.
  test.concurrent.for(cases)(
    '$what, $index its index file, refuses to write until the loss is accepted',
    async ({ damage, index }) => {
      const damaged = new RealCell({ runtime: 'hollow' });
      try {
        await cp(template, damaged.directory, { recursive: true });
        // Each copy takes ports of its own.
        await rm(join(damaged.directory, 'nats/ports.json'));
        const found = await damage(damaged.directory);
        const wrong = found instanceof RegExp ? found.source : found;
        if (index === 'without') await removeIndex(messagesOf(damaged.directory));
        const before = await entriesOf(messagesOf(damaged.directory));
        damaged.startSupervisor();
        const trouble = await damaged.eventually(
          'the trouble is told',
          () => {
            const said = damaged.running?.trouble;
            requireThat(said !== undefined, 'no trouble yet');
            return said;
          },
          60_000,
        );
        expect(trouble).toMatch(new RegExp(`^the log is wrong at entry (${wrong}) \\(revision \\d+\\): `));
        await damaged.stop();
        expect((await entriesOf(messagesOf(damaged.directory))).length).toBeLessThanOrEqual(before.length);

        damaged.startSupervisor(['--accept-loss']);
        await damaged.untilReady();
        await requireNewLineage(damaged);
      } finally {
        await damaged.dispose();
      }
    },
  );

  async function requireNewLineage(damaged: RealCell): Promise<void> {
    const client = await damaged.client();
    const { lineage } = await client.status();
    expect(lineage).not.toBe('1');
    const { revision } = await client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'after' } });
    expect(revision).toBeGreaterThan(lastRevision);
    // The agent follows: it runs what is asked of it now.
    await client.scale('ReplicationController', NAME, 5).catch(() => client.apply(workloadManifest(NAME, 5)));
    await damaged.eventually('the agent runs five pods', async () => {
      const controller = await client.get('ReplicationController', NAME);
      requireThat(controller?.status?.readyReplicas === 5, `${controller?.status?.readyReplicas} are ready`);
    });
    expect(await damaged.verify()).not.toHaveProperty('damage');
  }
});
