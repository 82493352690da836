/** The store is put back to an older copy under a running cell: it stops writing, its containers run on, and `up` says why it cannot start. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasEngine } from '../support/docker.ts';
import { expectExactly, runningAppIds } from '../support/exactly.ts';
import { RealCell, requireThat } from '../support/real-cell.ts';
import { projectRoot, runCommand, type CommandResult } from '../support/run-command.ts';
import { workloadManifest } from '../support/real-workload.ts';

const NAME = 'web';
const REPLICAS = 2;

describe.skipIf(!hasEngine)('a running cell whose store is put back', () => {
  let cell: RealCell;
  let containers: readonly string[];
  let older: string;

  beforeAll(async () => {
    older = mkdtempSync(join(tmpdir(), 'periplus-older-'));
    cell = new RealCell();
    expect(up()).toMatchObject({ status: 0 });
    await (await cell.client()).apply(workloadManifest(NAME, REPLICAS));
    await expectExactly(cell, NAME, REPLICAS);
    containers = await runningAppIds(cell);
  });

  afterAll(async () => {
    rmSync(older, { recursive: true, force: true });
    await cell.dispose();
  });

  const store = (): string => join(cell.directory, 'nats/store');

  function up(...more: string[]): CommandResult {
    const words = ['up', '--detach', '--runtime', 'docker', '--data', cell.directory, ...more];
    return runCommand(join(projectRoot, 'scripts/periplus'), words);
  }

  test('stops writing and says what is missing, while its containers run on', async () => {
    // Every answered command is on disk, so a server that stands still has a store that can be copied.
    cell.signal('nats-server', 'SIGSTOP');
    cpSync(store(), older, { recursive: true });
    cell.signal('nats-server', 'SIGCONT');
    const client = await cell.client();
    for (let index = 0; index < 5; index++) {
      await client.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: `lost-${index}` } });
    }
    // Held so that it starts the server only once the older store is in place.
    cell.signal('supervisor', 'SIGSTOP');
    await cell.kill('nats-server');
    rmSync(store(), { recursive: true });
    cpSync(older, store(), { recursive: true });
    cell.signal('supervisor', 'SIGCONT');
    const trouble = await cell.eventually('the trouble is told', () => {
      const said = cell.running?.trouble;
      requireThat(said !== undefined, 'no trouble yet');
      return said;
    });
    expect(trouble).toMatch(/^the log is wrong at entry \d+ \(revision \d+\): /);
    expect(() => cell.pid('control-plane')).toThrow('no process');
    expect(await runningAppIds(cell)).toEqual(containers);
  });

  test('cannot be started: the reason is the last line, and its containers run on', async () => {
    await cell.disconnect();
    await cell.kill('supervisor');
    await cell.eventually('nothing of the cell runs', () => cell.requireStopped());
    const { status, errors } = up();
    expect(status).not.toBe(0);
    expect(errors.trimEnd().split('\n').at(-1)).toMatch(/the log is wrong at entry \d+ \(revision \d+\): /);
    cell.requireStopped();
    expect(await runningAppIds(cell)).toEqual(containers);
  });

  test('goes on in a new lineage once the loss is accepted, with the same containers', async () => {
    expect(up('--accept-loss')).toMatchObject({ status: 0 });
    await expectExactly(cell, NAME, REPLICAS);
    expect(await runningAppIds(cell)).toEqual(containers);
    const client = await cell.client();
    expect((await client.status()).lineage).not.toBe('1');
    expect(await client.get('ConfigMap', 'lost-0')).toBeUndefined();
    expect(await cell.verify()).not.toHaveProperty('damage');
  });
});
