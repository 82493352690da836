/** What-if of a thousand nodes and a thousand new pods: loading the past over the bus, playing it in memory, and the whole command line. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommandDraft } from '../../machines/index.ts';
import { packagePath } from '../../src/foundation/package-path.ts';
import { loadState, type LoadedState } from '../../src/history/load-state.ts';
import { countFit } from '../../src/simulator/what-if/fit.ts';
import { forkedState } from '../../src/simulator/what-if/base-state.ts';
import { whatIf } from '../../src/simulator/what-if/what-if.ts';
import { startCell, type BenchCell } from './cell.ts';
import type { BenchmarkContext } from './report.ts';
import { round } from './statistics.ts';
import { replicationController } from './workload.ts';

const NODES = 1_000;
const PODS = 1_000;
const NAME = 'web';
const KEY = { kind: 'ReplicationController', namespace: 'default', name: NAME };
const ROUNDS = ['cold', 'warm', 'warm again'];
const IN_MESSAGE = 200;
const NODE_INFO = {
  operatingSystem: 'linux',
  architecture: 'amd64',
  osImage: 'bench',
  kernelVersion: 'bench',
  containerRuntimeVersion: 'hollow://1',
  kubeletVersion: 'bench',
};

export async function whatIfBenchmark({ row, note, keep }: BenchmarkContext): Promise<void> {
  const cell = await startCell({ nodes: 1, runtime: 'hollow', keep });
  note(`data in ${cell.directory}`);
  const revision = await fill(cell);
  for (const when of ROUNDS) {
    const began = performance.now();
    const base = await loadState(cell.client.queries, { revision });
    const loadMs = performance.now() - began;
    row({
      when,
      nodes: NODES,
      new_pods: PODS,
      load_objects: base.records.length,
      load_ms: round(loadMs),
      ...(await play(base)),
    });
  }
  row({ command_line: 'what-if --at', whole_ms: round(commandLine(cell.directory, revision)) });
  await cell.stop();
}

/** Nodes that are there by registration only: at this revision they are all heard. */
async function fill({ client }: BenchCell): Promise<number> {
  await client.create(replicationController(NAME, 0));
  const drafts = Array.from({ length: NODES - 1 }, (_, index) => registration(`m${index}`));
  let revision = 0;
  for (let start = 0; start < drafts.length; start += IN_MESSAGE) {
    const outcomes = await client.submit(drafts.slice(start, start + IN_MESSAGE));
    for (const outcome of outcomes) {
      if (outcome.outcome !== 'accepted') throw new Error('a registration was not accepted');
      revision = Math.max(revision, outcome.revision);
    }
  }
  return revision;
}

function registration(name: string): CommandDraft {
  const capacity = { cpu: '8', memory: '32Gi', pods: '110' };
  const given = { capacity, nodeInfo: NODE_INFO, addresses: [] };
  return { id: `bench/${name}`, kind: 'Node', namespace: '', name, verb: 'register', arguments: given };
}

/** Wall clock and processor time of this thread, beside the scheduler's plan alone, which no writer and no controller surround. */
async function play(base: LoadedState) {
  const cpu = process.threadCpuUsage();
  const began = performance.now();
  const answer = await whatIf(base, { steps: [{ do: 'scale', key: KEY, replicas: PODS }] });
  const playMs = performance.now() - began;
  const { user, system } = process.threadCpuUsage(cpu);
  if (answer.placed.length !== PODS) throw new Error(`${answer.placed.length} of ${PODS} pods were placed`);
  const state = forkedState(base);
  const planBegan = performance.now();
  countFit(state, { like: KEY }, PODS);
  const planMs = performance.now() - planBegan;
  const commits = answer.steps.reduce((sum, step) => sum + step.commits, 0);
  return { play_ms: round(playMs), play_cpu_ms: round((user + system) / 1000), plan_alone_ms: round(planMs), commits };
}

/** As a user runs it: the program's start, connecting, loading, playing and printing; milliseconds. */
function commandLine(directory: string, revision: number): number {
  const file = join(directory, 'scenario.yaml');
  writeFileSync(file, `steps: [{scale: {object: rc/${NAME}, replicas: ${PODS}}}]\n`);
  const began = performance.now();
  const words = ['--data', directory, 'what-if', '-f', file, '--at', String(revision), '-o', 'json'];
  execFileSync(packagePath('scripts/periplus'), words, { maxBuffer: 1024 ** 3 });
  return performance.now() - began;
}
