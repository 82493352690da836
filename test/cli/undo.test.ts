// diff, rollback and undelete as a person types them, over a real bus.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { CellClient } from '../../src/bus/cell-client.ts';
import { BusCell } from '../support/bus-cell.ts';
import { runCommandLine, type Said } from '../support/command-line.ts';

let cell: BusCell;
let client: CellClient;
beforeAll(async () => {
  cell = await BusCell.start();
  client = await cell.client();
});
afterAll(() => cell.dispose());

const run = (words: string): Promise<Said> => runCommandLine(() => cell.client(), words.split(' '));

/** What a command printed; it must have succeeded. */
async function output(words: string): Promise<string> {
  const said = await run(words);
  expect(said, said.errors).toMatchObject({ exitCode: 0 });
  return said.output;
}

const configMap = (name: string, data: Record<string, string>, metadata: object = {}) => ({
  apiVersion: 'v1' as const,
  kind: 'ConfigMap' as const,
  metadata: { name, ...metadata },
  data,
});

let number = 0;
let name: string;
let created: number;
beforeEach(async () => {
  name = `settings-${++number}`;
  ({ revision: created } = await client.create(configMap(name, { a: '1', text: 'one\ntwo\nthree' })));
});

const change = async (patch: object): Promise<number> =>
  (await client.patch('ConfigMap', name, patch as Record<string, unknown>)).revision;

describe('diff', () => {
  test('prints what became of each object, field by field, and who did it', async () => {
    const changed = await change({ data: { a: '2', text: 'one\n2\nthree' }, metadata: { labels: { 'a/b': 'c' } } });
    const { revision } = await client.create(configMap(`${name}-new`, {}));
    const said = await output(`diff ${created} now`);
    expect(said.split('\n').slice(0, -2)).toEqual([
      `~ ConfigMap default/${name}  (admin: revision ${changed})`,
      '    + metadata.labels[a/b]: c',
      '    ~ data.a: "1" → "2"',
      '    ~ data.text: from line 2',
      '      - two',
      '      + 2',
      `+ ConfigMap default/${name}-new  created  (admin: revision ${revision})`,
    ]);
    expect(said).toMatch(/\n1 created, 1 changed between revision \d+ \(.*Z\) and revision \d+ \(.*Z\)\n$/);
  });

  test('says when nothing changed, and of one object when it is not there at all', async () => {
    expect(await output(`diff ${created} ${created}`)).toMatch(/^nothing changed between revision/);
    expect(await output(`diff ${created} now cm/${name}`)).toMatch(/^nothing changed between revision/);
    const said = await run(`diff ${created} now cm/none`);
    expect(said).toMatchObject({ exitCode: 1, output: '' });
    expect(said.errors).toMatch(/^error: there was no ConfigMap "none" in namespace "default" at revision \d+/);
  });

  test('is one JSON document with a patch for each object', async () => {
    const changed = await change({ data: { a: '2' } });
    await client.delete('ConfigMap', name);
    const { from, to, objects } = JSON.parse(await output(`diff ${created} ${changed} -o json`)) as {
      readonly [field: string]: unknown;
    };
    expect({ from, to }).toMatchObject({ from: { revision: created }, to: { revision: changed } });
    expect(objects).toEqual([
      {
        kind: 'ConfigMap',
        namespace: 'default',
        name,
        change: 'changed',
        uid: { before: expect.any(String) as string, after: expect.any(String) as string },
        actors: [{ actor: 'admin', commits: 1, first: changed, last: changed }],
        moreCommits: false,
        patch: [
          { op: 'replace', path: '/metadata/resourceVersion', value: String(changed) },
          { op: 'replace', path: '/data/a', value: '2' },
        ],
      },
    ]);
    const gone = JSON.parse(await output(`diff ${changed} now cm/${name} -o json`)) as {
      objects: [{ patch: unknown }];
    };
    expect(gone.objects[0].patch).toEqual([{ op: 'replace', path: '', value: null }]);
    expect(JSON.parse(await output(`diff ${created} ${created} -o json`))).toMatchObject({ objects: [] });
  });

  test('takes times and spans, of a kind, a namespace or all', async () => {
    expect(await output('diff 0s now')).toMatch(/^nothing changed/);
    const kinds = await output(`diff ${created - 1} now cm -n kube-system`);
    expect(kinds).toMatch(/^nothing changed/);
    expect(await output(`diff ${created - 1} now ConfigMaps -A --spec-only`)).toContain(`+ ConfigMap default/${name}`);
  });

  test.each([
    ['1h now', 1, 'is before the log began, at'],
    ['1 99999', 1, 'revision 99999 is in the future: the last one is'],
    ['2999-01-01T00:00:00Z now', 1, 'is in the future: it is'],
    ['then now', 2, 'from: "then" is no revision, time or span'],
    ['1 now wombats', 1, 'the server doesn\'t have a resource type "wombats"'],
    ['1 now cm/a cm/b', 2, 'name one object, one kind, or nothing for all'],
    ['1 now -A -n default', 2, '--namespace and --all-namespaces exclude each other'],
  ])('%s is refused clearly', async (words, exitCode, message) => {
    const said = await run(`diff ${words}`);
    expect(said).toMatchObject({ exitCode, output: '' });
    expect(said.errors).toContain(message);
  });
});

describe('rollback', () => {
  test('shows with --dry-run what it would change and changes nothing; then does it, and the history says why', async () => {
    const changed = await change({ data: { a: '2' } });
    expect(await output(`rollback cm/${name} --to ${created} --dry-run`)).toBe(
      `~ configmap/${name}\n    ~ data.a: "2" → "1"\n`,
    );
    expect((await client.get('ConfigMap', name))?.data).toMatchObject({ a: '2' });
    expect(await output(`rollback cm ${name} --to ${created}`)).toBe(
      `configmap/${name} rolled back, as it was at revision ${created} (now revision ${changed + 1})\n`,
    );
    expect((await client.get('ConfigMap', name))?.data).toMatchObject({ a: '1' });
    expect(await output(`history cm/${name}`)).toContain(`rolled back to revision ${created}`);
  });

  test('says so where all is so already', async () => {
    const unchanged = `configmap/${name} unchanged: it is what it was at revision ${created}\n`;
    expect(await output(`rollback cm/${name} --to ${created}`)).toBe(unchanged);
    expect(await output(`rollback cm/${name} --to ${created} --dry-run`)).toBe(unchanged);
    expect(JSON.parse(await output(`rollback cm/${name} --to ${created} -o json`))).toEqual({
      object: `configmap/${name}`,
      result: 'unchanged',
      source: created,
      notes: [],
    });
  });

  test('prints for programs what it would send, and what became of it', async () => {
    const changed = await change({ data: { a: '2' } });
    expect(JSON.parse(await output(`rollback cm/${name} --to ${created} --dry-run -o json`))).toMatchObject({
      dryRun: true,
      source: created,
      command: { verb: 'replace', cause: changed, preconditions: { revision: changed } },
      patch: [{ op: 'replace', path: '/data/a', value: '1' }],
    });
    expect(JSON.parse(await output(`rollback cm/${name} --to ${created} -o json`))).toMatchObject({
      result: 'rolled back',
      revision: changed + 1,
    });
  });

  test('over an immutable field is refused by the cell, and recorded; a dry run says the same', async () => {
    await change({ data: { a: '2' }, immutable: true });
    const words = `rollback cm/${name} --to ${created}`;
    const wanted = `Error from server (Invalid): ConfigMap "${name}" is invalid: [immutable: Forbidden: field is immutable`;
    for (const given of [words, `${words} --dry-run`]) {
      const said = await run(given);
      expect(said).toMatchObject({ exitCode: 1, output: '' });
      expect(said.errors).toContain(wanted);
    }
    expect(await output(`history cm/${name}`)).toMatch(/refused replace/);
  });

  test.each([
    ['cm/none --to 1', 'error: configmaps "none" not found'],
    ['cell/none --to 1', 'the server doesn\'t have a resource type "cell"'],
    ['ns/default --to 99999', 'error: revision 99999 is in the future'],
    ['ns/default --to 1h', 'is before the log began'],
  ])('%s is refused clearly', async (words, message) => {
    const said = await run(`rollback ${words}`);
    expect(said).toMatchObject({ exitCode: 1, output: '' });
    expect(said.errors).toContain(message);
  });

  test('without --to is wrong usage', async () => {
    expect(await run('rollback ns/default')).toMatchObject({ exitCode: 2 });
  });
});

describe('undelete', () => {
  test('shows with --dry-run what would be created and creates nothing; then does it', async () => {
    const { uid } = (await client.get('ConfigMap', name))!.metadata;
    const removed = (await client.delete('ConfigMap', name)).revision;
    const shown = await output(`undelete cm/${name} --dry-run`);
    expect(shown).toContain(`+ configmap/${name}, to be created:\n    apiVersion: v1\n`);
    expect(shown).toContain(`periplus.dev/undeleted-from: ${uid}`);
    expect(await client.get('ConfigMap', name)).toBeUndefined();
    expect(await output(`undelete cm ${name}`)).toBe(
      `configmap/${name} undeleted, as it was at revision ${removed - 1} (now revision ${removed + 1})\n`,
    );
    const made = await client.get('ConfigMap', name);
    expect(made).toMatchObject({ data: { a: '1' } });
    expect(made?.metadata.uid).not.toBe(uid);
    expect(await output(`diff ${created} now cm/${name}`)).toContain(
      `± ConfigMap default/${name}  removed, and another created: uid ${uid} → ${made?.metadata.uid}`,
    );
  });

  test('of one that is there, or never was, is refused clearly', async () => {
    const there = await run(`undelete cm/${name}`);
    expect(there).toMatchObject({ exitCode: 1, output: '' });
    expect(there.errors).toContain(`configmaps "${name}" already exists`);
    const never = await run('undelete cm/none');
    expect(never.errors).toBe('error: configmaps "none" not found: nothing of that name was ever there\n');
    const early = await run(`undelete cm/none --at ${created}`);
    expect(early.errors).toContain(`configmaps "none" did not exist at revision ${created}`);
  });

  test('chooses among several lives by uid or moment', async () => {
    const { uid } = (await client.get('ConfigMap', name))!.metadata;
    await client.delete('ConfigMap', name);
    await client.create(configMap(name, { a: 'other' }));
    await client.delete('ConfigMap', name);
    expect(await output(`undelete cm/${name} --dry-run`)).toContain('a: other');
    expect(await output(`undelete cm/${name} --dry-run --uid ${uid}`)).toContain('a: "1"');
    expect(await output(`undelete cm/${name} --dry-run --at ${created}`)).toContain('a: "1"');
  });
});
