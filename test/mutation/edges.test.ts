/** Every edge of every machine is needed: without it some test of the kinds fails. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { edgesOf, edgeText } from '../support/edges.ts';
import { listMachines } from '../support/machines.ts';
import { projectRoot, runCommand } from '../support/run-command.ts';
import { REPORT_VARIABLE, type MutationReport } from './mutation-state.ts';

/** It takes 5 s alone on two processors; the rest of the tests may keep them busy. */
const RUN_TIMEOUT_MS = 120_000;

const directory = mkdtempSync(join(tmpdir(), 'periplus-mutation-'));
const vitest = join(projectRoot, 'node_modules/vitest/vitest.mjs');
let report: MutationReport = { tests: [], failures: ['the mutation run left no report'] };

beforeAll(() => {
  const path = join(directory, 'report.json');
  const args = [vitest, 'run', '--config', join(import.meta.dirname, 'vitest.config.ts')];
  const { errors } = runCommand(process.execPath, args, { env: { [REPORT_VARIABLE]: path } });
  if (errors !== '') report = { tests: [], failures: [errors] };
  else report = JSON.parse(readFileSync(path, 'utf8')) as MutationReport;
}, RUN_TIMEOUT_MS);
afterAll(() => rmSync(directory, { recursive: true, force: true }));

test('the tests of the kinds pass, and pass again, while no edge is missing', () => {
  expect(report.failures).toEqual([]);
  expect(report.tests.length).toBeGreaterThan(0);
});

test.each(listMachines().map(({ machine }) => [machine.id, machine] as const))(
  'without any one edge of the machine "%s" some test fails',
  (_id, machine) => {
    const missed = new Set(report.tests.flatMap((said) => said.missed));
    const survivors = edgesOf(machine)
      .map(edgeText)
      .filter((edge) => !missed.has(edge));
    const comeTo = (edge: string): number => report.tests.filter(({ taken }) => taken.includes(edge)).length;
    expect(survivors.map((edge) => `${edge}: ${comeTo(edge)} tests come to it, none fails without it`)).toEqual([]);
  },
);
