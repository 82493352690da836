/** A cell is exported while it writes and restored elsewhere, and starts from a snapshot when its read model is gone: by real processes, as a person does it. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dataDirectory } from '../../src/cell/data-directory.ts';
import { verifyExport } from '../../src/history/verify-export.ts';
import { RealCell, requireThat } from '../support/real-cell.ts';
import { RealCommandLine } from '../support/real-command-line.ts';

const folder = mkdtempSync(join(tmpdir(), 'periplus-restore-'));
const file = join(folder, 'cell.export');

interface Listed {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  readonly data?: unknown;
  readonly spec?: unknown;
}

const configMap = (name: string, text = name) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name },
  data: { text },
});

const running = async (at: RealCommandLine): Promise<string[]> =>
  (await at.output('get pods --no-headers')).split('\n').filter((row) => row.includes('Running'));

const objects = async (at: RealCommandLine, kinds: string): Promise<Listed[]> =>
  (JSON.parse(await at.output(['get', kinds, '-o', 'json'])) as { readonly items: Listed[] }).items;

/** What of an object is its users' and not this moment's. */
const kept = ({ kind, metadata, data, spec }: Listed) => ({
  kind,
  name: metadata.name,
  uid: metadata.uid,
  data,
  spec,
});

function controlPlaneLog(cell: RealCell): string {
  return readFileSync(join(dataDirectory(cell.directory).logs, 'control-plane.log'), 'utf8');
}

afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a cell that writes', () => {
  let cell: RealCell;
  let line: RealCommandLine;
  let other: RealCell;
  let otherLine: RealCommandLine;

  beforeAll(async () => {
    cell = await RealCell.start({ runtime: 'hollow', nodes: 2 });
    line = new RealCommandLine(cell);
    other = new RealCell({ runtime: 'hollow', nodes: 2, directory: join(folder, 'restored') });
    otherLine = new RealCommandLine(other);
    await line.apply(configMap('before', 'the storm'), {
      apiVersion: 'v1',
      kind: 'ReplicationController',
      metadata: { name: 'web' },
      spec: {
        replicas: 3,
        selector: { app: 'web' },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'main', image: 'busybox:local' }] },
        },
      },
    });
    await cell.eventually('three pods run', async () => expect(await running(line)).toHaveLength(3));
  });

  afterAll(async () => {
    await cell?.dispose();
    await other?.dispose();
  });

  test('is exported meanwhile, up to where it was at the start', async () => {
    const client = await cell.client();
    const done = new AbortController();
    let wrote = 0;
    const writing = (async () => {
      for (; !done.signal.aborted; wrote++) await client.create(configMap(`during-${wrote}`));
    })();
    await cell.eventually('it writes', () => requireThat(wrote > 20, `${wrote} were written`));
    const before = (await client.status()).revision;
    expect(await line.output(['export', '-o', file])).toMatch(/^Exported cell .* up to revision \d+\.\n$/);
    done.abort();
    await writing;
    const after = (await client.status()).revision;
    const proven = await verifyExport({ file, signal: new AbortController().signal });
    expect(proven).not.toHaveProperty('damage');
    expect(proven.position.revision).toBe(proven.header.last.revision);
    expect(proven.position.revision).toBeGreaterThanOrEqual(before);
    expect(proven.position.revision).toBeLessThan(after);
    expect(readdirSync(folder)).toEqual(['cell.export']);
  });

  test('is not exported as a whole up to a revision that is not there, and nothing is left of it', async () => {
    const target = join(folder, 'none.export');
    const said = await line.run(['export', '-o', target, '--to', '999999']);
    expect(said).toMatchObject({ exitCode: 1, output: '' });
    expect(said.errors).toContain('--to: revision 999999 is not in the log');
    expect(existsSync(target)).toBe(false);
  });

  test('has no keys to export', async () => {
    expect(await line.run(['export', '-o', file, '--with-keys'])).toMatchObject({
      exitCode: 2,
      errors: expect.stringContaining('this cell has no sealed Secrets'),
    });
  });

  test('is restored elsewhere with the same objects, which run there', async () => {
    // No more is written, so that the two can be compared.
    await line.output(['export', '-o', file]);
    expect(await otherLine.output(['restore', file])).toMatch(/^Restored cell .* as cell .*, proven\.\n/);
    other.startSupervisor();
    await other.untilReady();
    await other.eventually('its pods run', async () => expect(await running(otherLine)).toHaveLength(3));
    for (const kind of ['configmaps', 'replicationcontrollers', 'pods']) {
      expect((await objects(otherLine, kind)).map(kept), kind).toEqual((await objects(line, kind)).map(kept));
    }
    expect(other.name).not.toBe(cell.name);
  });

  test('and what is done there has revisions above all that the first one gave', async () => {
    const known = (await (await cell.client()).status()).revision;
    await otherLine.apply(configMap('after'));
    const made = (await objects(otherLine, 'configmaps')).find(({ metadata }) => metadata.name === 'after');
    expect(Number(made?.metadata.resourceVersion)).toBeGreaterThan(Math.max(known, 1_000_000_000_000_000));
    const unchanged = (await objects(otherLine, 'configmaps')).find(({ metadata }) => metadata.name === 'before');
    expect(Number(unchanged?.metadata.resourceVersion)).toBeLessThan(known);
  });

  test('and its log is proven there from the first entry of the old one', async () => {
    const said = await otherLine.output('verify');
    expect(said).toContain(`The log of cell ${other.name} (lineage 2-`);
    expect(said).toContain('is right');
    expect(await otherLine.output('history rc/web')).toMatch(/ admin .* default\/web /);
  });

  test('is not restored over', async () => {
    for (const at of [line, otherLine]) {
      const said = await at.run(['restore', file]);
      expect(said).toMatchObject({ exitCode: 1, output: '' });
      expect(said.errors).toContain('cannot restore into');
    }
  });

  describe('with a snapshot', () => {
    test('starts from it when its read model is gone, and folds only the rest of the log', async () => {
      expect(await line.output('snapshot')).toMatch(/^Took a snapshot of cell .* at revision \d+ \(entry \d+\): /);
      await line.apply(configMap('since'));
      await cell.stop();
      for (const suffix of ['', '-wal', '-shm'])
        rmSync(`${dataDirectory(cell.directory).readModel}${suffix}`, { force: true });
      cell.startSupervisor();
      await cell.untilReady();
      expect(controlPlaneLog(cell)).toContain('the read model begins as a snapshot');
      const names = (await objects(line, 'configmaps')).map(({ metadata }) => metadata.name);
      expect(names).toContain('before');
      expect(names).toContain('since');
      expect(await line.output('verify')).toContain('is right');
    });

    test('takes one by itself once the log has grown enough, and keeps as many as it is told to', async () => {
      const spec = { snapshotEntries: 10, snapshotsKept: 1 };
      await line.apply({ apiVersion: 'periplus.dev/v1', kind: 'CellConfiguration', metadata: { name: 'cell' }, spec });
      for (let number = 0; number < 12; number++) await line.apply(configMap(`more-${number}`));
      await cell.eventually('a snapshot is taken', () =>
        requireThat(controlPlaneLog(cell).includes('a snapshot was taken'), 'none yet'),
      );
      const rows = (await line.output('snapshot --list')).trimEnd().split('\n');
      expect(rows).toHaveLength(2);
      expect(rows[1]).toMatch(/ yes$/);
    });
  });
});
