// apply, get and delete: what they print, where, and with which exit code.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { BusCell } from '../support/bus-cell.ts';
import { runCommandLine, type RunOptions } from '../support/command-line.ts';

let cell: BusCell;
let directory: string;
beforeAll(async () => {
  cell = await BusCell.start();
  directory = mkdtempSync(join(tmpdir(), 'periplus-cli-'));
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await cell.dispose();
});

const run = (words: string, options?: RunOptions) => runCommandLine(() => cell.client(), words.split(' '), options);

/** Writes a file and returns its path. */
function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

const configMap = (name: string, text: string, extra = '') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${extra}data:\n  text: ${text}\n`;

/** Applies what must be applied. */
async function apply(text: string): Promise<string> {
  const said = await run('apply -f -', { input: text });
  expect(said).toMatchObject({ exitCode: 0, errors: '' });
  return said.output;
}

describe('apply', () => {
  test('says of each object whether it was created, configured or unchanged', async () => {
    expect(await apply(configMap('three', 'one'))).toBe('configmap/three created\n');
    expect(await apply(configMap('three', 'one'))).toBe('configmap/three unchanged\n');
    expect(await apply(configMap('three', 'two'))).toBe('configmap/three configured\n');
    expect((await run('get cm three -o yaml')).output).toContain('text: two');
  });

  test('takes several documents of several files, in order', async () => {
    const first = file(
      'first.yaml',
      `kind: Namespace\nmetadata:\n  name: several\n---\n${configMap('a', 'a', '  namespace: several\n')}`,
    );
    const second = file('second.json', '{"kind":"ConfigMap","metadata":{"name":"b","namespace":"several"}}');
    const said = await run(`apply -f ${first} -f ${second}`);
    expect(said).toEqual({
      exitCode: 0,
      output: 'namespace/several created\nconfigmap/a created\nconfigmap/b created\n',
      errors: '',
    });
  });

  test('takes out what the manifest no longer says, and leaves what others wrote', async () => {
    await apply('kind: ConfigMap\nmetadata:\n  name: merged\n  labels:\n    mine: "1"\ndata:\n  a: "1"\n  b: "2"\n');
    await run(
      'send --json {"kind":"ConfigMap","name":"merged","verb":"patch","arguments":{"patch":{"data":{"other":"3"}}}}',
    );
    await apply('kind: ConfigMap\nmetadata:\n  name: merged\ndata:\n  a: "1"\n');
    const { data, metadata } = parse((await run('get cm merged -o yaml')).output) as {
      data: object;
      metadata: { labels?: object };
    };
    expect(data).toEqual({ a: '1', other: '3' });
    expect(metadata.labels).toBeUndefined();
  });

  test('goes on after a refused object, and exits 1', async () => {
    const said = await run('apply -f -', { input: `${configMap('Bad_Name', 'a')}---\n${configMap('good', 'a')}` });
    expect(said).toMatchObject({ exitCode: 1, output: 'configmap/good created\n' });
    expect(said.errors).toContain('Error from server (Invalid): ConfigMap "Bad_Name" is invalid: metadata.name');
  });

  test('refuses unknown fields with their path', async () => {
    const said = await run('apply -f -', { input: `${configMap('typo', 'a')}colour: red\n` });
    expect(said.exitCode).toBe(1);
    expect(said.errors).toContain('unknown field "colour"');
  });

  test.each([
    ['a file that is not there', 'apply -f /nowhere/at/all.yaml', 'the path "/nowhere/at/all.yaml" does not exist', 1],
    ['an unknown kind', 'apply -f -', 'no matches for kind "Colour" in version "v1"', 1],
    ['no file', 'apply', 'say what to apply: -f FILE', 2],
  ])('says what is wrong with %s', async (_, words, message, exitCode) => {
    const said = await run(words, { input: 'kind: Colour\nmetadata:\n  name: red\n' });
    expect(said).toMatchObject({ exitCode, output: '' });
    expect(said.errors).toContain(message);
  });

  test('says where YAML is no YAML', async () => {
    const said = await run('apply -f -', { input: 'a: [\n' });
    expect(said.exitCode).toBe(1);
    expect(said.errors).toContain('error parsing -');
  });
});

describe('get', () => {
  beforeAll(async () => {
    await apply('kind: Namespace\nmetadata:\n  name: shown\n');
    for (const [name, colour] of [
      ['blue', 'b'],
      ['red-one', 'r'],
    ] as const) {
      await apply(configMap(name, 'x', `  namespace: shown\n  labels:\n    colour: ${colour}\n`));
    }
  });

  test('prints a table as wide as it has to be', async () => {
    const { output } = await run('get configmaps -n shown');
    expect(output.replaceAll(/\d+s/g, '0s')).toBe('NAME      DATA   AGE\nblue      1      0s\nred-one   1      0s\n');
  });

  test.each(['cm', 'configmap', 'configmaps', 'ConfigMap'])('knows a kind as %s', async (name) => {
    expect((await run(`get ${name} -n shown --no-headers`)).output.split('\n')).toHaveLength(3);
  });

  test('selects by label', async () => {
    expect((await run('get cm -n shown -l colour=r -o name')).output).toBe('configmap/red-one\n');
  });

  test('shows all namespaces with a column for them', async () => {
    const { output } = await run('get cm -A');
    expect(output).toMatch(/^NAMESPACE +NAME +DATA +AGE\n/);
    expect(output).toMatch(/^shown +blue +1 /m);
  });

  test('prints one object as itself and several as a List', async () => {
    expect(JSON.parse((await run('get cm blue -n shown -o json')).output)).toMatchObject({ kind: 'ConfigMap' });
    const list = JSON.parse((await run('get cm -n shown -o json')).output) as { items: unknown[] };
    expect(list).toMatchObject({ apiVersion: 'v1', kind: 'List' });
    expect(list.items).toHaveLength(2);
  });

  test('names kinds in front of names when there are several', async () => {
    const { output } = await run('get cm,ns -n shown --no-headers');
    expect(output).toContain('configmap/blue');
    expect(output).toContain('namespace/default');
    expect((await run('get cm,ns -A')).output).toMatch(/^shown +configmap\/blue /m);
  });

  test('says where nothing was found, and that is no failure', async () => {
    expect(await run('get pods')).toEqual({
      exitCode: 0,
      output: '',
      errors: 'No resources found in default namespace.\n',
    });
    expect((await run('get pods -A')).errors).toBe('No resources found\n');
  });

  test('exits 1 with NotFound for a missing object, and still shows the others', async () => {
    const said = await run('get cm blue missing -n shown --no-headers');
    expect(said.output).toMatch(/^blue /);
    expect(said).toMatchObject({
      exitCode: 1,
      errors: 'Error from server (NotFound): configmaps "missing" not found\n',
    });
    expect((await run('get cm missing --ignore-not-found')).exitCode).toBe(0);
  });

  test('with -w keeps the columns apart where a later cell is wider than the column', async () => {
    const stop = new AbortController();
    const name = 'much-longer-than-those-that-were-there';
    const said = await run('get cm -n shown -w', {
      signal: stop.signal,
      onOutput(output) {
        const lines = output.trimEnd().split('\n').length;
        if (lines === 3) void apply(configMap(name, 'x', '  namespace: shown\n'));
        if (lines === 4) stop.abort();
      },
    });
    expect(said.output).toContain(`\n${name}   1 `);
    await run(`delete cm ${name} -n shown`);
  });

  test('with -w goes on with a line for each change', async () => {
    const stop = new AbortController();
    const said = await run('get cm -n shown -w', {
      signal: stop.signal,
      onOutput(output) {
        const lines = output.trimEnd().split('\n').length;
        if (lines === 3) void apply(configMap('green', 'x', '  namespace: shown\n'));
        if (lines === 4) void run('delete cm green -n shown');
        if (lines === 5) stop.abort();
      },
    });
    expect(said.output.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'NAME',
      'blue',
      'red-one',
      'green',
      'green',
      '',
    ]);
  });
});

describe('delete', () => {
  test('says what it deleted, once it is gone', async () => {
    await apply(configMap('gone', 'a'));
    expect(await run('delete configmap gone')).toEqual({
      exitCode: 0,
      output: 'configmap "gone" deleted\n',
      errors: '',
    });
    expect((await run('get cm gone')).exitCode).toBe(1);
  });

  test('exits 1 with NotFound for what is not there', async () => {
    await apply(configMap('there', 'a'));
    const said = await run('delete cm there missing');
    expect(said).toEqual({
      exitCode: 1,
      output: 'configmap "there" deleted\n',
      errors: 'Error from server (NotFound): configmaps "missing" not found\n',
    });
    expect((await run('delete cm missing --ignore-not-found')).exitCode).toBe(0);
  });

  test('takes labels, all of a kind, or manifests', async () => {
    await apply('kind: Namespace\nmetadata:\n  name: emptied\n');
    const text = ['a', 'b', 'c'].map((name) =>
      configMap(name, 'x', `  namespace: emptied\n  labels:\n    n: ${name}\n`),
    );
    await apply(text.join('---\n'));
    expect((await run('delete cm -n emptied -l n=a')).output).toBe('configmap "a" deleted\n');
    expect((await run('delete -f -', { input: text[1] ?? '' })).output).toBe('configmap "b" deleted\n');
    expect((await run('delete cm -n emptied --all')).output).toBe('configmap "c" deleted\n');
    expect((await run('delete cm -n emptied --all')).errors).toBe('No resources found\n');
  });

  test('gives up waiting after the time it was given, saying that the deletion goes on', async () => {
    await apply(configMap('held', 'a', '  finalizers: [example.com/hold]\n'));
    const said = await run('delete cm held --timeout 100ms');
    expect(said).toMatchObject({ exitCode: 1, output: 'configmap "held" deleted\n' });
    expect(said.errors).toContain('timed out waiting for ConfigMap held');
    expect((await run('delete cm held --wait false')).exitCode).toBe(0);
  });

  test('never deletes everything by accident', async () => {
    expect(await run('delete cm')).toMatchObject({ exitCode: 2, output: '' });
  });
});
