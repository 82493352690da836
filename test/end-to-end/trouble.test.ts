/** Storage that stands still or is full: one outcome for every command, never two, and the cell goes on when it can. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BackgroundClient } from '../support/acknowledged.ts';
import { RealCell, requireThat } from '../support/real-cell.ts';
import { workloadManifest } from '../support/real-workload.ts';

describe('a cell whose nats-server stands still', () => {
  let cell: RealCell;

  beforeAll(async () => {
    cell = await RealCell.start({ runtime: 'hollow' });
  });

  afterAll(() => cell.dispose());

  test('has one outcome for every command that was under way, however late its entry lands', async () => {
    const background = new BackgroundClient(cell);
    await cell.eventually('commands are under way', () =>
      requireThat(background.acknowledged.length > 20, 'too few yet'),
    );
    cell.signal('nats-server', 'SIGSTOP');
    // Nearly three times as long as an append waits for its answer: the entry and its barriers land together.
    await cell.outlast(14_000);
    const before = background.acknowledged.length;
    cell.signal('nats-server', 'SIGCONT');
    await cell.eventually('commands are answered again', () =>
      requireThat(background.acknowledged.length > before + 20, 'none yet'),
    );
    await background.stop();
    expect(background.failures).toEqual([]);
    expect(await background.tally()).toMatchObject({ wrong: [], doubled: [] });
    expect(await cell.verify()).not.toHaveProperty('damage');
  });
});

/** Takes what room there is; others take some, too, meanwhile. */
function fill(path: string): void {
  const { bavail, bsize } = statfsSync(dirname(path));
  try {
    writeFileSync(path, Buffer.alloc(bavail * bsize));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  }
}

const mayMount = process.getuid?.() === 0;

describe.skipIf(!mayMount)('a cell whose disk is full', () => {
  const SIZE_MB = 48;
  let directory: string;
  let cell: RealCell;

  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'periplus-small-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE_MB}m`, 'tmpfs', directory]);
    cell = new RealCell({ runtime: 'hollow', directory });
    cell.startSupervisor();
    await cell.untilReady();
  });

  afterAll(async () => {
    await cell.dispose();
    execFileSync('umount', ['--lazy', directory]);
    rmSync(directory, { recursive: true, force: true });
  });

  test('says so, loses nothing that was acknowledged, and goes on when there is room again', async () => {
    const background = new BackgroundClient(cell, 'small', 5_000);
    await cell.eventually('commands are answered', () =>
      requireThat(background.acknowledged.length > 20, 'too few yet'),
    );
    const filler = join(directory, 'filler');
    fill(filler);
    await cell.eventually('commands are not answered any more', () =>
      requireThat(background.failures.length > 0, 'none has failed'),
    );
    expect(cell.lastWords()).toMatch(/no space left|insufficient (storage )?resources|disk is full/i);
    const before = background.acknowledged.length;
    rmSync(filler);
    await cell.eventually('commands are answered again', () =>
      requireThat(background.acknowledged.length > before + 20, 'none yet'),
    );
    await background.stop();
    expect(await background.tally()).toMatchObject({ wrong: [], doubled: [] });
    expect(await cell.verify()).not.toHaveProperty('damage');
    await (await cell.client()).apply(workloadManifest('web', 3));
    await cell.eventually('new pods run', async () => {
      const controller = await (await cell.client()).get('ReplicationController', 'web');
      requireThat(controller?.status?.readyReplicas === 3, 'not all are ready');
    });
  });
});
