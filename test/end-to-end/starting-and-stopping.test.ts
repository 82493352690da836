/** Several people at one cell: starts and stops that meet, and one that is interrupted or fails on its way. */
import { spawn } from 'node:child_process';
import { readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { processesOf } from '../support/cell-processes.ts';
import { RealCell, requireThat } from '../support/real-cell.ts';
import { projectRoot, runCommand } from '../support/run-command.ts';

const PROGRAM = join(projectRoot, 'scripts/periplus');

interface Running {
  readonly pid: number;
  said(): string;
  readonly status: Promise<number | null>;
}

describe('starts and stops that meet', () => {
  let cell: RealCell;

  beforeAll(() => {
    cell = new RealCell({ runtime: 'hollow' });
  });

  afterAll(() => cell.dispose());

  function begin(...words: string[]): Running {
    const child = spawn(PROGRAM, [...words, '--data', cell.directory], { stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += String(text)));
    const status = new Promise<number | null>((resolve) => child.once('close', resolve));
    return { pid: child.pid ?? 0, said: () => said, status };
  }

  const up = (...more: string[]): Running => begin('up', '--runtime', 'hollow', ...more);

  test('of two starts at once one starts the cell, and the other says why it did not', async () => {
    const starts = [up('--detach'), up('--detach')];
    const statuses = await Promise.all(starts.map(({ status }) => status));
    const said = starts.map((start) => start.said());
    expect(statuses.toSorted(), said.join('\n')).toEqual([0, 1]);
    expect(said[statuses.indexOf(1)]).toContain(`another process starts or stops the cell under ${cell.directory}`);
    expect(await begin('status').status).toBe(0);
  });

  test('its processes do not sit in the directory of whoever started it', () => {
    const pids = [...processesOf(cell.directory).values()];
    expect(pids.length).toBeGreaterThanOrEqual(4);
    expect(pids.map((pid) => readlinkSync(`/proc/${pid}/cwd`))).toEqual(pids.map(() => cell.directory));
  });

  test('output that cannot be written is a failure, told in a line', () => {
    const said = runCommand('sh', ['-c', `"${PROGRAM}" get nodes --data "${cell.directory}" >/dev/full`]);
    expect(said).toMatchObject({ status: 1, output: '' });
    expect(said.errors).toMatch(/^error: cannot write to standard output: ENOSPC.*\n$/);
  });

  test('what was started again is listed under its new process id', async () => {
    await cell.kill('control-plane');
    await cell.eventually('cell.json names the new one', () => {
      const pid = processesOf(cell.directory).get('control-plane');
      requireThat(pid !== undefined && cell.running?.processes['control-plane'] === pid, 'it does not');
    });
  });

  test('two stops at once both wait for the end, and a start in between waits too and starts it again', async () => {
    await cell.untilReady();
    await cell.disconnect();
    // An agent that takes its time, so that the others come in between.
    cell.signal('agent-n1', 'SIGSTOP');
    const first = begin('down');
    await cell.eventually('the cell is being stopped', () => requireThat(cell.running?.stopping === true, 'it is not'));
    const second = begin('down');
    const start = up('--detach');
    await cell.eventually('the start waits', () => requireThat(start.said().includes('waiting for its end'), 'no'));
    cell.signal('agent-n1', 'SIGCONT');
    expect(await Promise.all([first.status, second.status, start.status])).toEqual([0, 0, 0]);
    expect(await begin('status').status).toBe(0);
    expect(await begin('down').status).toBe(0);
    cell.requireStopped();
  });

  test('Ctrl-C during a start stops what was started and exits 130', async () => {
    const start = up();
    await cell.eventually('nats-server runs', () => requireThat(cell.running !== undefined, 'it does not'));
    process.kill(start.pid, 'SIGINT');
    expect(await start.status, start.said()).toBe(130);
    cell.requireStopped();
  });

  test('a start whose nats-server fails says what it said', async () => {
    const store = join(cell.directory, 'nats', 'store');
    rmSync(store, { recursive: true });
    writeFileSync(store, 'no directory');
    const start = up('--detach');
    expect(await start.status).toBe(1);
    expect(start.said()).toMatch(/nats-server ended while starting \(exit code 1\): .*JetStream.*storage directory/);
    cell.requireStopped();
  });

  test('a damaged identity is never replaced by a new one', async () => {
    writeFileSync(join(cell.directory, 'identity.json'), '{');
    const start = up('--detach');
    expect(await start.status).toBe(1);
    expect(start.said()).toContain('identity.json cannot be read');
  });
});
