/** A cell's life as its user sees it: up, up again, killed, adopted, down, up once more, Ctrl-C. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isAlive, processesOf } from '../support/cell-processes.ts';
import { hasEngine } from '../support/docker.ts';
import { containersOf, expectExactly, runningAppIds } from '../support/exactly.ts';
import { RealCell, requireThat } from '../support/real-cell.ts';
import { projectRoot, runCommand, type CommandResult } from '../support/run-command.ts';

const PROGRAM = join(projectRoot, 'scripts/periplus');
const DEMO_PODS = 3;

describe.skipIf(!hasEngine)('the life of a cell', () => {
  let cell: RealCell;

  beforeAll(() => {
    cell = new RealCell();
  });

  afterAll(() => cell.dispose());

  function periplus(command: string, ...more: string[]): CommandResult {
    return runCommand(PROGRAM, [command, ...more, '--data', cell.directory]);
  }

  const up = (): CommandResult => periplus('up', '--demo', '--detach', '--runtime', 'docker');

  /** What must survive a restart: which pods there are, and how often their containers began anew. */
  async function pods(): Promise<readonly { readonly uid: string; readonly restarts: number | undefined }[]> {
    const { items } = await (await cell.client()).list('Pod', { namespace: 'default' });
    return items
      .map(({ metadata, status }) => ({ uid: metadata.uid, restarts: status.containerStatuses?.[0]?.restartCount }))
      .toSorted((one, other) => one.uid.localeCompare(other.uid));
  }

  const revision = async (): Promise<number> => (await (await cell.client()).status()).revision;

  test('up --detach returns once the demo is ready, and holds no descriptor of its caller', async () => {
    // runCommand returns at the end of both pipes, so not before every process that holds one has closed it.
    const result = up();
    expect(result.errors).toBe('');
    expect(result).toMatchObject({ status: 0 });
    expect(result.output).toMatch(/Running/);
    await expectExactly(cell, 'demo', DEMO_PODS, 1_000);
  });

  test('a second start on a live cell says so, exits 0 and changes nothing', async () => {
    const before = { processes: processesOf(cell.directory), containers: await runningAppIds(cell) };
    const result = up();
    expect(result).toMatchObject({ status: 0, output: expect.stringContaining('runs already') as string });
    expect({ processes: processesOf(cell.directory), containers: await runningAppIds(cell) }).toEqual(before);
  });

  test('a killed supervisor takes all but the containers with it, and the next start adopts those', async () => {
    const containers = await runningAppIds(cell);
    const before = await pods();
    await cell.disconnect();
    await cell.kill('supervisor');
    await cell.eventually('nothing of the cell runs', () => cell.requireStopped(), 20_000);
    expect(await runningAppIds(cell)).toEqual(containers);

    expect(up()).toMatchObject({ status: 0 });
    await expectExactly(cell, 'demo', DEMO_PODS);
    expect(await runningAppIds(cell)).toEqual(containers);
    expect(await pods()).toEqual(before);
  });

  test('down removes the containers and keeps the objects; the next start runs the same pods again', async () => {
    const before = { pods: await pods(), revision: await revision() };
    await cell.disconnect();
    expect(periplus('down')).toMatchObject({ status: 0 });
    cell.requireStopped();
    expect(await containersOf(cell)).toEqual([]);

    expect(up()).toMatchObject({ status: 0 });
    await expectExactly(cell, 'demo', DEMO_PODS);
    const restarted = before.pods.map(({ uid, restarts = 0 }) => ({ uid, restarts: restarts + 1 }));
    // Until the agent's first report the pods stand as they stood before.
    await cell.eventually('each pod has restarted once', async () => expect(await pods()).toEqual(restarted), 20_000);
    expect(await revision()).toBeGreaterThan(before.revision);
    expect(await cell.verify()).not.toHaveProperty('damage');
  });

  test('down of what does not run is no error', async () => {
    await cell.disconnect();
    expect(periplus('down')).toMatchObject({ status: 0 });
    expect(periplus('down')).toMatchObject({ status: 0, output: expect.stringContaining('No cell runs') as string });
  });

  /** `up` in the foreground; resolves once all is ready. */
  async function foreground(): Promise<{ readonly pid: number; readonly ended: Promise<number | null> }> {
    const child = spawn(PROGRAM, ['up', '--runtime', 'docker', '--data', cell.directory], {
      cwd: projectRoot,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
    await cell.eventually('up has said what to do next', () => requireThat(said.includes('Ctrl-C'), said));
    return { pid: child.pid ?? 0, ended };
  }

  test('Ctrl-C stops everything and removes the containers', async () => {
    const { pid, ended } = await foreground();
    await expectExactly(cell, 'demo', DEMO_PODS);
    await cell.disconnect();
    process.kill(pid, 'SIGINT');
    expect(await ended).toBe(0);
    cell.requireStopped();
    expect(await containersOf(cell)).toEqual([]);
  });

  test('a killed terminal ends the cell, but not its containers', async () => {
    const { pid } = await foreground();
    await expectExactly(cell, 'demo', DEMO_PODS);
    const containers = await runningAppIds(cell);
    await cell.disconnect();
    process.kill(pid, 'SIGKILL');
    await cell.eventually('nothing of the cell runs', () => {
      cell.requireStopped();
      requireThat(!isAlive(pid), 'the terminal lives');
    });
    expect(await runningAppIds(cell)).toEqual(containers);
  });
});
