/** The command line's questions about the past, over a real bus: what they print, filter, follow and refuse. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { HISTORY_PAGE_MAX } from '../../src/bus/history-messages/history.ts';
import type { Recorded } from '../../src/bus/history-messages/recorded.ts';
import { BusCell } from '../support/bus-cell.ts';
import { runCommandLine, type RunOptions } from '../support/command-line.ts';

let cell: BusCell;
beforeAll(async () => {
  cell = await BusCell.start();
  const client = await cell.client();
  const send = (actor: string, name: string, verb: string, args: object) =>
    cell.writer.submit([
      { id: `${name}/${verb}/${actor}`, kind: 'ConfigMap', namespace: 'default', name, verb, arguments: args, actor },
    ]);
  await send('system:node:n1', 'one', 'create', { manifest: { metadata: {} } });
  await send('system:node:n2', 'two', 'create', { manifest: { metadata: {} } });
  await send('jane', 'one', 'patch', { patch: { data: { a: '1' } } });
  await send('joe', 'one', 'create', { manifest: { metadata: {} } });
  await client.create({ kind: 'Node', metadata: { name: 'n1' } });
  await client.close();
});
afterAll(() => cell.dispose());

const run = (words: string, options?: RunOptions) => runCommandLine(() => cell.client(), words.split(' '), options);

/** What the lines of a history say happened, without the header. */
async function what(words: string): Promise<readonly string[]> {
  const said = await run(words);
  expect(said).toMatchObject({ exitCode: 0, errors: said.output === '' ? 'Nothing in the log is like that.\n' : '' });
  return said.output
    .trimEnd()
    .split('\n')
    .slice(1)
    .map((line) =>
      line
        .split(/ {2,}|(?<=Z) /)
        .slice(2)
        .join(' | '),
    );
}

describe('history selects', () => {
  test('one object, refusals with their reason and message', async () => {
    expect(await what('history cm/one')).toEqual([
      'system:node:n1 | ConfigMap default/one | created',
      'jane | ConfigMap default/one | changed: data.a = "1"',
      'joe | ConfigMap default/one | refused create (AlreadyExists): configmaps "one" already exists',
    ]);
  });

  test('a kind', async () => {
    expect(await what('history node n1')).toHaveLength(1);
    expect(await what('history nodes')).toEqual(['admin | Node n1 | created']);
    expect(await what('history cm')).toHaveLength(4);
  });

  test('an actor, or all whose name begins so', async () => {
    expect(await what('history --actor jane')).toHaveLength(1);
    expect(await what('history --actor system:node:*')).toHaveLength(2);
    expect(await what('history --actor system:node:')).toEqual([]);
  });

  test('a type of event, what was refused, a namespace', async () => {
    expect(await what('history cm --event ObjectChanged')).toHaveLength(1);
    expect(await what('history --refused')).toEqual([
      'joe | ConfigMap default/one | refused create (AlreadyExists): configmaps "one" already exists',
    ]);
    expect(await what('history -n default')).toHaveLength(4);
  });

  test('revisions and times', async () => {
    expect(await what('history --from 2 --to 3')).toHaveLength(2);
    expect(await what('history --from 1h --to 1ms --actor nobody')).toEqual([]);
    expect(await what('history --to 2020-01-01T00:00:00Z')).toEqual([]);
  });

  test('the latest, or the first so many', async () => {
    expect(await what('history cm --reverse --limit 2')).toEqual([
      'joe | ConfigMap default/one | refused create (AlreadyExists): configmaps "one" already exists',
      'jane | ConfigMap default/one | changed: data.a = "1"',
    ]);
    expect(await what('history cm --limit 1')).toHaveLength(1);
  });
});

/** Exit code and message of a history that prints nothing else. */
async function refusalOf(words: string): Promise<string> {
  const { exitCode, output, errors } = await run(words);
  expect(output).toBe('');
  return `${exitCode} ${errors.trimEnd()}`;
}

describe('history refuses', () => {
  test('an object that never was', async () => {
    expect(await refusalOf('history cm/never')).toBe(
      '1 error: the log never heard of ConfigMap "never" in namespace "default"',
    );
    expect(await what('history cm never --refused')).toEqual([]);
  });

  test('a beginning in the future, or after the end', async () => {
    expect(await refusalOf('history --from 999999')).toMatch(
      /^1 error: revision 999999 is in the future: the last one is /,
    );
    expect(await refusalOf('history --from 2999-01-01')).toMatch(/^1 error: 2999-01-01T00:00:00Z is in the future/);
    expect(await refusalOf('history --from 3 --to 2')).toBe('2 error: --from 3 is after --to 2');
    expect(await refusalOf('history --from 1m --to 2m')).toBe('2 error: --from 1m is after --to 2m');
  });

  test('a type of event that there is not', async () => {
    expect(await refusalOf('history --event Nope')).toMatch(/^1 error: no kind has an event "Nope"/);
    expect(await refusalOf('history cm --event PodCreated')).toBe(
      '1 error: ConfigMap has no event "PodCreated"; it has ObjectCreated, ObjectChanged, ObjectDeletionRequested, ObjectRemoved',
    );
  });
});

describe('history prints', () => {
  test('JSON, a document a line', async () => {
    const { output } = await run('history cm/one -o json');
    const lines = output
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines[0]).toMatchObject({
      commit: { verb: 'create' },
      entry: expect.any(Number),
      time: expect.stringMatching(/Z$/),
    });
    expect(lines[2]).toMatchObject({ refused: { refusal: { reason: 'AlreadyExists' } } });
  });

  test('YAML documents', async () => {
    const { output } = await run('history cm/one -o yaml');
    const documents = parseAllDocuments(output).map((document) => document.toJS() as Record<string, unknown>);
    expect(documents).toHaveLength(3);
    expect(documents[1]).toMatchObject({ commit: { actor: 'jane' } });
  });

  test('CloudEvents with causation and correlation, refusals too', async () => {
    const caused = {
      kind: 'ConfigMap',
      name: 'three',
      verb: 'create',
      arguments: { manifest: { metadata: {} } },
      cause: 4,
      correlation: 4,
    };
    await run(`send --json ${JSON.stringify(caused)}`);
    const eventsOf = async (words: string) =>
      (await run(words)).output
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line) as Record<string, unknown>);
    const [created] = await eventsOf('history cm/three -o cloudevents');
    expect(created).toMatchObject({
      specversion: '1.0',
      source: '/periplus/test%2Ecell/one',
      type: 'periplus.ObjectCreated',
      subject: 'ConfigMap/default/three',
      actor: 'admin',
      causation: 4,
      correlation: 4,
    });
    expect(created?.['id']).toBe(`${String(created?.['revision'])}/0`);
    const [refused] = await eventsOf('history --refused -o cloudevents');
    expect(refused).toMatchObject({
      type: 'periplus.CommandRefused',
      subject: 'ConfigMap/default/one',
      data: { refusal: { reason: 'AlreadyExists' } },
    });
  });
});

const change = (id: string, actor: string, verb: string, args: object) =>
  cell.writer.submit([{ id, kind: 'ConfigMap', namespace: 'default', name: 'followed', verb, arguments: args, actor }]);

test('history follows what happens from now on, each thing once', async () => {
  const stop = new AbortController();
  const seen = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  const following = run('history cm/followed -f --actor jane', {
    signal: stop.signal,
    onOutput: (output) => {
      if (output.includes('created')) began.resolve();
      if (output.includes('data.a = "2"')) seen.resolve();
    },
  });
  await change('f1', 'jane', 'create', { manifest: { metadata: {} } });
  await began.promise;
  await change('f2', 'joe', 'patch', { patch: { data: { a: '1' } } });
  await change('f3', 'jane', 'patch', { patch: { data: { a: '2' } } });
  await seen.promise;
  stop.abort();
  const { output } = await following;
  expect(output.match(/created/g)).toHaveLength(1);
  expect(output).not.toContain('data.a = "1"');
  expect((await run('history -f --reverse')).exitCode).toBe(2);
});

test('history pages through more than one answer holds', async () => {
  const count = 2 * HISTORY_PAGE_MAX + 100;
  const commands = Array.from({ length: count }, (_, index) => ({
    id: `page/${index}`,
    kind: 'ConfigMap',
    namespace: 'kube-system',
    name: `page-${index}`,
    verb: 'create',
    arguments: { manifest: { metadata: {} } },
    actor: index === count - 1 ? 'pager:last' : 'writer',
  }));
  for (let at = 0; at < count; at += 200) await cell.writer.submit(commands.slice(at, at + 200));
  expect(await what('history cm -n kube-system')).toHaveLength(count);
  expect(await what('history -n kube-system --actor pager:*')).toHaveLength(1);
});

test('a program asks the same of the library', async () => {
  const client = await cell.client();
  const records: Recorded[] = [];
  const query = { kind: 'ConfigMap', name: 'one', order: 'newest-first', limit: 2 } as const;
  for await (const recorded of client.history(query)) records.push(recorded);
  expect(records).toMatchObject([{ refused: { actor: 'joe' } }, { commit: { actor: 'jane' } }]);
  const why = await client.why('ConfigMap', 'one');
  expect(why.story.map(({ sentence }) => sentence)).toEqual(['created', 'changed: data.a = "1"']);
  const [first = 0] = why.chain;
  expect((await client.why(first)).chain).toEqual(why.chain);
  expect((await client.who('ConfigMap', 'one', { field: 'data.a' })).values).toEqual([{ revision: first, value: '1' }]);
  expect(await client.why('ConfigMap', 'one', { at: first - 1 })).toMatchObject({
    at: { revision: first - 1 },
  });
  const spec = { containers: [{ name: 'c', image: 'i' }] };
  await client.create({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'asked' }, spec });
  expect(await client.whyNot('asked')).toMatchObject({ standing: 'Waiting', nodes: [{ node: 'n1' }] });
  await client.close();
});

describe('why, why-not and who', () => {
  test('print for people and for programs', async () => {
    expect((await run('why cm/one')).output).toMatch(
      /^ConfigMap default\/one: .*\n\nREVISION +TIME +BY +WHAT\n.* configmap\/one created\n/,
    );
    const { output } = await run('why cm one -o json');
    const answer = JSON.parse(output) as { readonly chain: readonly number[] };
    expect(answer).toMatchObject({ object: { name: 'one' }, story: [{ sentence: 'created' }, { actor: 'jane' }] });
    expect((await run(`why ${answer.chain[0]}`)).output).toContain('configmap/one changed: data.a = "1"');
    expect(parse((await run('who cm/one -o yaml')).output)).toMatchObject({ complete: true });
    expect((await run('who cm/one --field data.a')).output).toMatch(/ jane +1 +patch$/m);
    await run('apply -f -', {
      input: 'kind: Pod\nmetadata: {name: waits}\nspec: {containers: [{name: c, image: i}]}\n',
    });
    expect((await run('why-not waits')).output).toMatch(/^Pod default\/waits waits for a node; 0 of 1 would do\n/);
    expect((await run('why-not pod/waits -o json')).output).toContain('"standing": "Waiting"');
  });

  test.each([
    ['why cm/none', 1, /configmaps "none" not found, and there never was one/],
    ['why widget/a', 1, /doesn't have a resource type "widget"/],
    ['why 99999999', 1, /revision 99999999 is in the future/],
    ['why 0', 2, /"0" is no revision/],
    ['why 12 --at 3', 2, /--at and --uid are about objects/],
    ['why cm', 2, /name one object/],
    ['why cm/one --at 2020-01-01T00:00:00Z', 1, /before the log began/],
    ['why cm/one --at tomorrow', 2, /--at: "tomorrow" is no revision, time or span/],
    ['why-not cm/one', 2, /only pods are put on nodes, no configmaps/],
    ['why-not none', 1, /pods "none" not found/],
    ['who cm/one --field data.none', 1, /never had a field data.none/],
    ['who cm/one --by colour', 2, /Allowed choices are field, actor/],
    ['history widgets', 1, /doesn't have a resource type "widgets"/],
    ['history --from yesterday', 2, /--from: "yesterday" is no revision/],
  ])('%s ends with %i', async (words, exitCode, message) => {
    const said = await run(words);
    expect(said).toMatchObject({ exitCode, output: '' });
    expect(said.errors).toMatch(message);
  });
});
