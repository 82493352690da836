/** The program behind scripts/bench: runs the benchmarks asked for, one after the other, and prints what they measured. */
import { parseArgs } from 'node:util';
import { commands } from './commands.ts';
import { controlPlane } from './control-plane.ts';
import { docker } from './docker.ts';
import { history } from './history.ts';
import { describeMachine, load } from './machine.ts';
import { onePod } from './one-pod.ts';
import { replay } from './replay.ts';
import { printTable, type Benchmark } from './report.ts';
import { simulator } from './simulator.ts';
import { start } from './start.ts';
import { verify } from './verify.ts';
import { whatIfBenchmark } from './what-if.ts';

const BENCHMARKS: Readonly<Record<string, Benchmark>> = {
  'control-plane': controlPlane,
  'one-pod': onePod,
  commands,
  docker,
  history,
  replay,
  simulator,
  start,
  verify,
  'what-if': whatIfBenchmark,
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    keep: { type: 'boolean', default: false },
    commits: { type: 'string' },
  },
});
const [asked = ''] = positionals;
const names = asked === 'all' ? Object.keys(BENCHMARKS) : [asked];
if (positionals.length !== 1 || names.some((name) => !Object.hasOwn(BENCHMARKS, name))) {
  process.stderr.write(
    `usage: scripts/bench ${Object.keys(BENCHMARKS).join('|')}|all [--json] [--keep] [--commits N]\n`,
  );
  process.exit(2);
}

const print = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
print({ machine: describeMachine() });
for (const name of names) {
  const rows: Record<string, unknown>[] = [];
  const before = load();
  await BENCHMARKS[name]?.({
    keep: values.keep,
    ...(values.commits === undefined ? {} : { commits: Number(values.commits) }),
    row: (row) => {
      rows.push(row);
      print({ bench: name, ...row, load: load() });
    },
    note: (text) => process.stderr.write(`${name}: ${text}\n`),
  });
  if (!values.json) printTable(`${name} (load average ${before} before, ${load()} after)`, rows);
}
process.exit(0);
