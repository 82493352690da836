/** A cell for one benchmark: its own data directory, its own processes, ended and removed when the benchmark is over. */
import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { dataDirectory, identityOf } from '../../src/cell/data-directory.ts';
import { runningCell, type RunningCell } from '../../src/cell/running-cell.ts';
import type { RuntimeName } from '../../src/cell/runtime-name.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { packagePath } from '../../src/foundation/package-path.ts';
import { connect, type CellClient } from '../../src/index.ts';
import { usageOf, type Usage } from './processes.ts';

const POLL_MS = 20;
const START_MAX_MS = 120_000;

export interface BenchCell {
  readonly directory: string;
  readonly client: CellClient;
  /** What nats-server, control plane and agents have used so far. The supervisor counts with them. */
  usage(): Readonly<Record<string, Usage>>;
  stop(): Promise<void>;
}

export interface BenchCellOptions {
  readonly nodes: number;
  readonly runtime: RuntimeName;
  readonly keep: boolean;
  /** An existing data directory to start in. */
  readonly directory?: string;
}

/** Starts a cell and waits until its nodes are ready. */
export async function startCell(options: BenchCellOptions): Promise<BenchCell> {
  const root = options.directory ?? mkdtempSync(join(tmpdir(), 'periplus-bench-'));
  const directory = dataDirectory(root);
  identityOf(directory);
  const nodes = Array.from({ length: options.nodes }, (_, index) => `n${index + 1}`).join(',');
  const log = openSync(join(root, 'supervisor.log'), 'a');
  const supervisor = spawn(
    process.execPath,
    [bundledProgram(), 'supervisor', '--data', root, '--nodes', nodes, '--runtime', options.runtime],
    { stdio: ['pipe', log, log], detached: true },
  );
  const ended = new Promise((resolve) => supervisor.once('exit', resolve));
  await until('the cell', () => runningCell(directory));
  const client = await until('the bus', () => connect({ data: root }).catch(() => undefined));
  await until('the nodes', async () => ((await readyNodes(client)) >= options.nodes ? true : undefined));
  const running = () => runningCell(directory) as RunningCell;
  return {
    directory: root,
    client,
    usage: () => usageOf({ supervisor: running().supervisor, ...running().processes }),
    async stop() {
      await client.close();
      supervisor.kill('SIGTERM');
      await ended;
      if (!options.keep) rmSync(root, { recursive: true, force: true });
    },
  };
}

/** What users run. */
function bundledProgram(): string {
  return join(execFileSync(packagePath('scripts/build'), { encoding: 'utf8' }).trim(), 'process.js');
}

async function readyNodes(client: CellClient): Promise<number> {
  const list = await client.list('Node').catch(() => undefined);
  const ready = list?.items.filter(({ status }) =>
    status?.conditions?.some(({ type, status: state }) => type === 'Ready' && state === 'True'),
  );
  return ready?.length ?? 0;
}

/** Asks until there is an answer. */
export async function until<Answer>(
  what: string,
  ask: () => Promise<Answer | undefined> | Answer | undefined,
  everyMs = POLL_MS,
): Promise<Answer> {
  for (const last = performance.now() + START_MAX_MS; performance.now() < last; await systemClock.sleep(everyMs)) {
    const answer = await ask();
    if (answer !== undefined) return answer;
  }
  throw new Error(`${what} did not get there within ${START_MAX_MS / 1000} s`);
}
