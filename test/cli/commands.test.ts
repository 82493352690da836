// The other commands: what they print, where, and with which exit code.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { UpOptions } from '../../src/cell/up-options.ts';
import { CellNotRunningError, operatorCredentials } from '../../src/cell/operator-connection.ts';
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

const configMap = (name: string, text: string, extra = '') =>
  `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n${extra}data:\n  text: ${text}\n`;

/** Applies what must be applied. */
async function apply(text: string): Promise<string> {
  const said = await run('apply -f -', { input: text });
  expect(said).toMatchObject({ exitCode: 0, errors: '' });
  return said.output;
}

describe('the other commands', () => {
  test('scale, and its refusals', async () => {
    const manifest = {
      kind: 'ReplicationController',
      metadata: { name: 'web' },
      spec: {
        replicas: 1,
        selector: { app: 'web' },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    };
    await apply(JSON.stringify(manifest));
    expect((await run('scale rc web --replicas 3')).output).toBe('replicationcontroller/web scaled\n');
    expect(JSON.parse((await run('get rc/web -o json')).output)).toMatchObject({ spec: { replicas: 3 } });
    expect(await run('scale rc none --replicas 3')).toMatchObject({
      exitCode: 1,
      errors: 'Error from server (NotFound): replicationcontrollers "none" not found\n',
    });
    expect((await run('scale rc web --replicas many')).exitCode).toBe(2);
    expect((await run('scale rc web --replicas 2147483648')).errors).toMatch(/replicas.*2147483647/);
  });

  test('cordon and uncordon say what became of the node', async () => {
    await apply('kind: Node\nmetadata:\n  name: n1\n');
    expect((await run('cordon n1')).output).toBe('node/n1 cordoned\n');
    expect((await run('cordon n1')).output).toBe('node/n1 already cordoned\n');
    expect((await run('uncordon node/n1')).output).toBe('node/n1 uncordoned\n');
    expect((await run('cordon n9')).exitCode).toBe(1);
  });

  test('send prints outcomes and exits 1 for a refusal', async () => {
    const command = { kind: 'ConfigMap', name: 'sent', verb: 'create', arguments: { manifest: { metadata: {} } } };
    const said = await run(`send --json ${JSON.stringify(command)}`);
    expect(said.exitCode).toBe(0);
    expect(JSON.parse(said.output)).toMatchObject({ outcome: 'accepted', name: 'sent' });
    const again = await run('send --json -', { input: JSON.stringify({ commands: [command] }) });
    expect(again.exitCode).toBe(1);
    expect(JSON.parse(again.output)).toMatchObject({ outcome: 'refused', refusal: { reason: 'AlreadyExists' } });
    expect((await run('send --json {')).exitCode).toBe(2);
  });

  test('history tells who did what to an object, and what was refused', async () => {
    await apply(configMap('told', 'a'));
    await run(
      'send --json {"kind":"ConfigMap","name":"told","verb":"create","arguments":{"manifest":{"metadata":{}}}}',
    );
    await run('delete cm told');
    const { output } = await run('history cm/told');
    const lines = output.trimEnd().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(/^REVISION +TIME +ACTOR +OBJECT +WHAT$/);
    expect(lines[1]).toMatch(/admin +ConfigMap default\/told +created$/);
    expect(lines[2]).toMatch(/^- .*refused create \(AlreadyExists\): configmaps "told" already exists$/);
    expect(lines[3]).toMatch(/told +removed$/);
  });

  test('history can be bounded, and printed as CloudEvents', async () => {
    const { output } = await run('history --from 1 --to 2 -o cloudevents');
    const events = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { revision: number; actor: string });
    expect(events.length).toBeGreaterThanOrEqual(2);
    expect(events.every(({ revision }) => revision <= 2)).toBe(true);
    expect((await run('history --from 1h --actor nobody')).output.trimEnd().split('\n')).toHaveLength(1);
    expect((await run('history --from yesterday')).exitCode).toBe(2);
  });

  test('status says how far the cell is, for people and for programs', async () => {
    const { output } = await run('status');
    expect(output).toMatch(/^Cell +test\.cell$/m);
    expect(JSON.parse((await run('status -o json')).output)).toMatchObject({ cell: 'test.cell', writing: true });
  });

  test('schemas prints JSON Schemas', async () => {
    expect(JSON.parse((await run('schemas')).output)).toMatchObject({ kinds: { Pod: { apiVersion: 'v1' } } });
  });

  test('logs and exec say what is missing', async () => {
    expect(await run('logs none')).toMatchObject({
      exitCode: 1,
      errors: 'Error from server (NotFound): pods "none" not found\n',
    });
    await apply('kind: Pod\nmetadata:\n  name: waiting\nspec:\n  containers:\n  - name: c\n    image: i\n');
    const said = await run('exec waiting -- ls');
    expect(said.exitCode).toBe(1);
    expect(said.errors).toContain('pod waiting does not have a host assigned');
  });

  test('up hands over its options, and ends with its code', async () => {
    let given: UpOptions | undefined;
    const up = (options: UpOptions) => {
      given = options;
      return Promise.resolve(7);
    };
    const said = await run('up --nodes 3 --runtime hollow --detach --standby --data /tmp/there', { up });
    expect(said.exitCode).toBe(7);
    expect(given).toMatchObject({
      data: '/tmp/there',
      nodes: 3,
      runtime: 'hollow',
      detach: true,
      standby: true,
      demo: false,
      acceptLoss: false,
    });
    expect((await run('up --runtime podman')).exitCode).toBe(2);
    expect((await run('up --nodes 0')).exitCode).toBe(2);
  });

  test('the cell is the user’s own when none is named', async () => {
    let data: string | undefined;
    await runCommandLine(
      (named) => {
        data = named;
        return cell.client();
      },
      ['get', 'pods'],
    );
    expect(data).toBe('/home/somebody/data/periplus/cell');
  });

  test('exit 3 where no cell runs, saying how to start one', async () => {
    expect(() => operatorCredentials(directory)).toThrow(CellNotRunningError);
    const said = await runCommandLine(
      (data) => {
        operatorCredentials(data);
        return cell.client();
      },
      ['get', 'pods', '--data', directory],
    );
    expect(said.exitCode).toBe(3);
    expect(said.errors).toBe(
      `error: no cell runs under ${directory}: start one with "periplus up --detach --data ${directory}", or name another with --data\n`,
    );
  });

  test('wrong usage exits 2 and shows how to learn more', async () => {
    const said = await run('get pods --colour');
    expect(said.exitCode).toBe(2);
    expect(said.errors).toContain("error: unknown option '--colour'");
    expect((await run('nonsense')).exitCode).toBe(2);
    expect((await run('--version')).output).toBe('1.2.3\n');
  });
});

test('the program has the commands of its guide', async () => {
  const { output } = await run('--help');
  const commands = ['up', 'down', 'status', 'schemas', 'apply', 'get', 'delete', 'scale', 'cordon', 'uncordon'];
  for (const name of [...commands, 'logs', 'exec', 'send', 'history', 'verify']) {
    expect(output).toMatch(new RegExp(`^ +${name}\\b`, 'm'));
  }
});
