// `what-if` on the command line: what it prints, what it refuses, and that nothing reaches the cell.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import type { WhatIfAnswer } from '../../src/simulator/what-if/answer.ts';
import { EXAMPLE_SCENARIO } from '../../src/cli/what-if/scenario-schema.ts';
import { BusCell } from '../support/bus-cell.ts';
import { runCommandLine, type Said } from '../support/command-line.ts';
import { barePod, web } from '../support/what-if.ts';

let cell: BusCell;
let directory: string;
/** Before the controller was there. */
let early: number;

beforeAll(async () => {
  cell = await BusCell.start();
  directory = mkdtempSync(join(tmpdir(), 'periplus-what-if-'));
  await makeWorkload();
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await cell.dispose();
});

/** Two nodes, and four pods that a what-if finds waiting: nobody schedules here. */
async function makeWorkload(): Promise<void> {
  const client = await cell.client();
  for (const name of ['n-1', 'n-2']) {
    const nodeInfo = {
      operatingSystem: 'linux',
      architecture: 'amd64',
      osImage: '',
      kernelVersion: '',
      containerRuntimeVersion: '',
      kubeletVersion: '',
    };
    const capacity = { cpu: '4', memory: '8Gi', pods: '110' };
    await client.send({ kind: 'Node', name, verb: 'register', arguments: { capacity, nodeInfo, addresses: [] } });
  }
  early = cell.fold.state.revision;
  await client.create(web(4));
  await client.create(barePod('db'));
}

/** Asked with a credential that may only read: whatever sent a command would be refused by the bus. */
function run(words: string, input?: string): Promise<Said> {
  return runCommandLine(connectAsReader, words.split(' '), input === undefined ? {} : { input });
}

const connectAsReader = () => cell.client({ role: 'reader', actor: 'viewer' });

const ask = (scenario: string, words = '') => run(`what-if -f -${words}`, scenario);

describe('what-if', () => {
  test('answers with a table for people, and changes nothing', async () => {
    const { stored } = cell.log.marks;
    const hash = cell.fold.state.stateHash();
    const said = await ask('steps:\n- drain: {nodes: [n-1]}\n- fit: {cpu: 1, memory: 64Mi}\n');
    expect(said).toMatchObject({ exitCode: 0, errors: '' });
    expect(said.output).toContain('in memory only: nothing reached the cell.\n');
    expect(said.output).toContain('The cell was not at rest there: what it was about to do anyway was done first.');
    expect(said.output).toMatch(/^\d pods? would move, \d would stay pending, 0 would be lost/m);
    expect(said.output).toMatch(/^1 +drain n-1 +0s +\d move$/m);
    expect(said.output).toMatch(/^2 +fit pods of 1 cpu, 64Mi memory +- +\d more fit$/m);
    expect(said.output).toMatch(/^n-1 +Ready -> Ready,SchedulingDisabled +\d -> \d of 4 \(\d+%\)/m);
    expect(said.output).toMatch(/^\(all ready\) +\d -> \d of 4/m);
    expect(cell.log.marks.stored).toBe(stored);
    expect(cell.fold.state.stateHash()).toBe(hash);
  });

  test('prints all of it as JSON and YAML, the same each time', async () => {
    const scenario = 'steps: [{lose: {nodes: [n-2]}}]';
    const json = await ask(scenario, ' -o json');
    const answer = JSON.parse(json.output) as WhatIfAnswer;
    expect(answer).toMatchObject({ from: { revision: cell.fold.state.revision }, steps: [{ step: 1, seconds: 15 }] });
    expect(answer.moved.length).toBeGreaterThan(0);
    expect((await ask(scenario, ' -o json')).output).toBe(json.output);
    expect(parse((await ask(scenario, ' -o yaml')).output)).toEqual(answer);
  });

  test('begins at a revision or time of the past', async () => {
    const scale = 'steps: [{scale: {object: rc/web, replicas: 2}}]';
    expect((await ask(scale)).exitCode).toBe(0);
    expect(await ask(scale, ` --at ${early}`)).toMatchObject({
      exitCode: 1,
      errors: expect.stringMatching(/step 1 .*there is no ReplicationController default\/web .*there are none/),
    });
    const fit = await ask('steps: [{fit: {cpu: 1}}]', ` --at ${early} -o json`);
    expect(JSON.parse(fit.output)).toMatchObject({ from: { revision: early }, steps: [{ fit: { count: 8 } }] });
  });

  test.each([
    ['--at 1000000', /revision 1000000 is in the future: the last one is \d+/, 1],
    ['--at 2020-01-01T00:00:00Z', /2020-01-01T00:00:00Z is before the log began/, 1],
    ['--at yesterday', /--at: "yesterday" is no revision, time or span/, 2],
    ['-o table', /json, yaml/, 2],
  ])('refuses %s', async (words, message, exitCode) => {
    const said = await ask('steps: [{fit: {cpu: 1}}]', ` ${words}`);
    expect(said).toMatchObject({ exitCode, output: '', errors: expect.stringMatching(message) });
  });

  test('wants a scenario', async () => {
    expect(await run('what-if')).toMatchObject({ exitCode: 2, errors: expect.stringContaining('-f, --filename') });
  });

  test('shows a scenario in its help, and that one is read', async () => {
    const help = (await run('what-if --help')).output;
    for (const line of EXAMPLE_SCENARIO.split('\n')) expect(help).toContain(line);
    const said = await ask(EXAMPLE_SCENARIO.replace('next-release.yaml', join(directory, 'none.yaml')));
    expect(said.errors).toMatch(/steps\[4\]\.apply: the path .*none\.yaml" does not exist/);
  });
});

describe('a scenario that is wrong is refused with its place and what would be right:', () => {
  test.each<[string, string, RegExp]>([
    ['an empty file', '', /standard input is empty: a scenario looks like this:\nsteps:/],
    ['no steps', 'steps: []', /steps: .*must not have fewer than 1 items/],
    ['no scenario', '- a', /the scenario: .*must be object; a scenario has "steps"/],
    ['an unknown field at the top', 'step: []', /unknown field "step"; known here: steps/],
    ['an unknown action', 'steps: [{drian: {}}]', /unknown field "steps\[0\]\.drian"; known here: drain, lose, cordon/],
    [
      'an unknown field of an action',
      'steps: [{drain: {nodes: [a], gentle: true}}]',
      /unknown field "steps\[0\]\.drain\.gentle"; known here: nodes, force/,
    ],
    [
      'an unknown field of a template',
      'steps: [{fit: {template: {spec: {containers: [{name: a, image: b, imagePolicy: x}]}}}}]',
      /unknown field "steps\[0\]\.fit\.template\.spec\.containers\[0\]\.imagePolicy"; known here: .*image/,
    ],
    [
      'a field that is not acted on',
      'steps: [{fit: {template: {spec: {priorityClassName: x, containers: [{name: a, image: b}]}}}}]',
      /steps\[0\]\.fit\.template\.spec\.priorityClassName: Forbidden: not acted on/,
    ],
    [
      'two actions in one step',
      'steps: [{lose: {nodes: [a]}, cordon: {nodes: [a]}}]',
      /steps\[0\] has several actions \(lose, cordon\)/,
    ],
    ['a step without an action', 'steps: [{}]', /steps\[0\] is empty: give it one of drain/],
    ['nodes that are no list', 'steps: [{drain: {nodes: n-1}}]', /steps\[0\]\.drain\.nodes: .*must be array/],
    [
      'a negative count',
      'steps: [{addNodes: {count: -1, like: n-1}}]',
      /steps\[0\]\.addNodes\.count: Invalid value: -1: must be >= 1/,
    ],
    ['negative replicas', 'steps: [{scale: {object: rc/web, replicas: -1}}]', /replicas: Invalid value: -1/],
    ['more replicas than any cell has', 'steps: [{scale: {object: rc/web, replicas: 100001}}]', /must be <= 100000/],
    [
      'new nodes without a shape',
      'steps: [{addNodes: {count: 1, cpu: 1}}]',
      /steps\[0\]\.addNodes: say cpu and memory/,
    ],
    ['a shape said twice', 'steps: [{addNodes: {count: 1, like: n-1, cpu: 1}}]', /"like" already says the shape/],
    [
      'a quantity that is none',
      'steps: [{addNodes: {count: 1, cpu: many, memory: 1Gi}}]',
      /steps\[0\]\.addNodes\.cpu: Invalid value: "many"/,
    ],
    ['a negative quantity', 'steps: [{fit: {cpu: "-1"}}]', /steps\[0\]\.fit\.cpu: .*must not be negative/],
    ['a fit without a shape', 'steps: [{fit: {}}]', /steps\[0\]\.fit: say one of/],
    ['a fit with two shapes', 'steps: [{fit: {cpu: 1, like: rc/web}}]', /steps\[0\]\.fit: say one of/],
    [
      'an unknown kind',
      'steps: [{scale: {object: foo/web, replicas: 1}}]',
      /steps\[0\]\.scale\.object: .*resource type "foo"/,
    ],
    [
      'an object without a name',
      'steps: [{delete: {objects: [rc]}}]',
      /steps\[0\]\.delete\.objects\[0\]: name one object/,
    ],
    ['an apply of nothing', 'steps: [{apply: {}}]', /steps\[0\]\.apply: say "files" or "manifests"/],
    [
      'a file that is not there',
      'steps: [{apply: {files: [none.yaml]}}]',
      /steps\[0\]\.apply: the path .*none\.yaml" does not exist/,
    ],
    [
      'a manifest of an unknown kind',
      'steps: [{apply: {manifests: [{kind: Foo, metadata: {name: a}}]}}]',
      /steps\[0\]\.apply: no matches for kind "Foo"/,
    ],
    [
      'a manifest that is none',
      'steps: [{apply: {manifests: [a]}}]',
      /steps\[0\]\.apply: manifests\[0\] holds no manifest/,
    ],
    [
      'a node there is not',
      'steps: [{drain: {nodes: [n9]}}]',
      /standard input: step 1 \(drain n9\): there is no Node n9 .*there are: n-1, n-2/,
    ],
    ['no YAML', 'steps: [', /error parsing standard input/],
    ['two scenarios', 'steps: [{fit: {cpu: 1}}]\n---\nsteps: [{fit: {cpu: 1}}]', /standard input holds 2 documents/],
  ])('%s', async (_what, scenario, message) => {
    const said = await ask(scenario);
    expect(said).toMatchObject({ exitCode: 1, output: '', errors: expect.stringMatching(message) });
    expect(said.errors).toMatch(/^error: /);
  });

  test('a file that cannot be read', async () => {
    expect(await run(`what-if -f ${directory}/none.yaml`)).toMatchObject({
      exitCode: 1,
      errors: `error: cannot read "${directory}/none.yaml"\n`,
    });
  });
});

test('manifests are looked for beside the scenario, and applied in its namespace', async () => {
  const folder = join(directory, 'release');
  mkdirSync(folder);
  writeFileSync(join(folder, 'web.yaml'), JSON.stringify(web(6)));
  writeFileSync(join(folder, 'scenario.yaml'), 'steps: [{apply: {files: [web.yaml], namespace: default}}]');
  const said = await run(`what-if -f ${folder}/scenario.yaml -o json`);
  expect(JSON.parse(said.output)).toMatchObject({ placed: [{ controller: 'ReplicationController web' }, {}] });
});
