// get --at as a person types it, over a real bus.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CellClient } from '../../src/bus/cell-client.ts';
import { formatTime } from '../../src/foundation/clock.ts';
import { BusCell } from '../support/bus-cell.ts';
import { runCommandLine, type Said } from '../support/command-line.ts';

let cell: BusCell;
let client: CellClient;
let created: number;
let gone: number;
const manifest = (name: string, text: string) => ({
  apiVersion: 'v1' as const,
  kind: 'ConfigMap' as const,
  metadata: { name },
  data: { text },
});

beforeAll(async () => {
  cell = await BusCell.start();
  client = await cell.client();
  await client.create(manifest('kept', 'one'));
  ({ revision: created } = await client.create(manifest('lost', 'one')));
  await client.patch('ConfigMap', 'kept', { data: { text: 'two' } });
  ({ revision: gone } = await client.delete('ConfigMap', 'lost'));
});
afterAll(() => cell.dispose());

const run = (words: string): Promise<Said> => runCommandLine(() => cell.client(), words.split(' '));

describe('get --at', () => {
  test('shows a kind as it was, and says on standard error which point that is', async () => {
    const said = await run(`get configmaps --at ${created}`);
    expect(said).toMatchObject({ exitCode: 0 });
    expect(said.output).toMatch(/^NAME +DATA +AGE\nkept +1 +\S+\nlost +1 +0s\n$/);
    expect(said.errors).toMatch(
      new RegExp(`^as of revision ${created}, \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ\\n$`),
    );
  });

  test('shows one object as it was, also one that is gone, in every format', async () => {
    const json = JSON.parse((await run(`get configmap lost --at ${created} -o json`)).output) as object;
    expect(json).toMatchObject({ kind: 'ConfigMap', data: { text: 'one' } });
    expect((await run(`get cm/kept --at ${created} -o yaml`)).output).toContain('text: one');
    expect((await run(`get cm --at ${created} -o name`)).output).toBe('configmap/kept\nconfigmap/lost\n');
    expect((await run(`get cm -A --at ${created} -o wide`)).output).toMatch(/^NAMESPACE +NAME/);
  });

  test('takes a time and a span of time too', async () => {
    const { time = 0 } = await client.queries.get({ keys: [], at: { revision: created } });
    const said = await run(
      `get configmaps,namespaces --at ${formatTime(time).slice(0, -1)}.${String(time % 1_000).padStart(3, '0')}Z`,
    );
    expect(said).toMatchObject({ exitCode: 0 });
    expect(said.output).toContain('configmap/kept');
    expect(said.output).toContain('namespace/default');
    expect((await run('get configmaps --at 0s')).output).toMatch(/kept/);
  });

  test.each([
    [() => `get cm lost --at ${gone}`, 1, /configmaps "lost" not found/],
    [() => 'get cm --at 1000000', 1, /revision 1000000 is in the future: the last one is \d+/],
    [() => 'get cm --at 1990-01-01T00:00:00Z', 1, /1990-01-01T00:00:00Z is before the log began/],
    [() => 'get cm --at 300000d', 1, /is before the log began/],
    [() => `get cm -w --at ${created}`, 2, /--watch and --at exclude each other/],
    [() => 'get cm --at tomorrow', 2, /--at: "tomorrow" is no revision, time or span/],
  ])('what cannot be shown is refused in a sentence: %s', async (words, exitCode, sentence) => {
    const said = await run(words());
    expect(said.exitCode).toBe(exitCode);
    expect(said.errors).toMatch(sentence);
    expect(said.output).toBe('');
  });

  test('shows nothing where nothing was', async () => {
    const said = await run(`get pods --at ${created}`);
    expect(said).toMatchObject({ exitCode: 0, output: '' });
    expect(said.errors).toMatch(/No resources found in default namespace/);
  });
});
