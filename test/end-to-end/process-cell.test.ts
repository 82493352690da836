/** A cell without Docker: pods are plain processes, and everything that cannot be had that way is said. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RealCell } from '../support/real-cell.ts';
import { RealCommandLine, shellPod, UNTIL_TERM } from '../support/real-command-line.ts';
import { projectRoot, runCommand } from '../support/run-command.ts';

const PROGRAM = join(projectRoot, 'scripts/periplus');

/** How many processes of this machine have a word on their command line. */
function processesWith(word: string): number {
  return readdirSync('/proc').filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(word);
    } catch {
      return false; // It has just ended.
    }
  }).length;
}

describe('a cell on a machine whose Docker does not answer', () => {
  let cell: RealCell;
  let line: RealCommandLine;

  beforeAll(() => {
    cell = new RealCell({ runtime: 'process' });
    line = new RealCommandLine(cell);
  });

  afterAll(() => cell?.dispose());

  test('starts with plain processes and says so', async () => {
    const said = runCommand(PROGRAM, ['up', '--detach', '--demo', '--data', cell.directory], {
      env: { DOCKER_HOST: 'unix:///nonexistent/docker.sock', PERIPLUS_SETUP: 'off' },
    });
    expect(said.output + said.errors).toMatch(/Docker/);
    expect(said.status).toBe(0);
    expect(await line.output('status')).toMatch(/^Runtime +process$/m);
    expect(await line.output('get nodes -o wide')).toContain('process://');
  });

  test('serves the demo', async () => {
    const [name = ''] = (await line.output('get pods -o name')).split('\n').map((word) => word.replace('pod/', ''));
    const { status } = await line.untilStatus(name, 'Running');
    // Without a network namespace of its own, the table shows the port the pod was given.
    const [, , , , , address = ''] = (await line.output(['get', 'pod', name, '-o', 'wide', '--no-headers'])).split(
      /\s+/,
    );
    const port = address.includes(':') ? address.split(':').at(-1) : '8080';
    await cell.eventually('the server listens', async () => {
      const page = await fetch(`http://${status.podIP ?? '127.0.0.1'}:${port}/`);
      expect(await page.text()).toContain(name);
    });
    expect(await line.output(['exec', name, '--', 'sh', '-c', 'echo from inside'])).toBe('from inside\n');
  });

  test('any other image needs a command, and the reason is shown', async () => {
    await line.apply(shellPod('imaged', '', { container: { image: 'nginx:1', command: [] } }));
    await line.untilStatus('imaged', /^(ErrImagePull|ImagePullBackOff)$/);
    const { state } = await line.container('imaged');
    expect(JSON.stringify(state)).toContain(
      'image nginx:1 has no meaning for the process runtime: give the container a command or use Docker',
    );
    await line.apply(
      shellPod('commanded', 'echo by command', { restartPolicy: 'Never', container: { image: 'nginx:1' } }),
    );
    await line.untilStatus('commanded', 'Completed');
    expect(await line.output('logs commanded')).toBe('by command\n');
  });

  test('restarts what ends, and shows how it ended', async () => {
    await line.apply(shellPod('failing', 'echo oh no >&2; exit 9'));
    await line.untilStatus('failing', 'CrashLoopBackOff');
    expect(await line.container('failing')).toMatchObject({
      restartCount: 1,
      lastState: {
        terminated: { exitCode: 9, reason: 'Error', containerID: expect.stringMatching(/^process:/) as string },
      },
    });
    expect(await line.output('logs failing -p')).toBe('oh no\n');
  });

  test('a limit is enforced, or its lack is noticed', async () => {
    const script = "text=$(head -c 67108864 /dev/zero | tr '\\0' x); echo ${#text}";
    const container = { resources: { limits: { memory: '16Mi' } } };
    await line.apply(shellPod('limited', script, { restartPolicy: 'Never', container }));
    const { status } = await line.untilStatus('limited', /^(OOMKilled|Completed)$/);
    const notice = 'LimitNotEnforced: This node cannot enforce the limit of memory; the container runs without';
    const isNoticed = (await line.output('history pod/limited')).includes(notice);
    expect(status.phase).toBe(isNoticed ? 'Succeeded' : 'Failed');
  });

  test('pods survive a kill of the agent and of the whole control plane', async () => {
    await line.apply(shellPod('survivor', `echo began; ${UNTIL_TERM}`));
    await line.untilStatus('survivor', 'Running');
    const before = await line.container('survivor');
    await cell.kill('agent-n1');
    await cell.kill('control-plane');
    await cell.eventually('another agent runs', () => cell.pid('agent-n1'));
    // A pod more, which only the new agent can have started.
    await line.apply(shellPod('later', UNTIL_TERM));
    await line.untilStatus('later', 'Running');
    expect(await line.container('survivor')).toEqual(before);
    expect(await line.output('logs survivor')).toBe('began\n');
    expect(await line.output('exec survivor -- echo alive')).toBe('alive\n');
  });

  test('deletion ends the processes', async () => {
    const mark = `mark-of-${cell.name}`;
    await line.apply(shellPod('ending', '', { container: { command: ['sh', '-c', UNTIL_TERM, mark] } }));
    await line.untilStatus('ending', 'Running');
    expect(processesWith(mark)).toBeGreaterThan(0);
    expect(await line.output('delete pod ending')).toBe('pod "ending" deleted\n');
    expect(processesWith(mark)).toBe(0);
  });

  test('down leaves no process', async () => {
    await cell.disconnect();
    expect(runCommand(PROGRAM, ['down', '--data', cell.directory])).toMatchObject({ status: 0 });
    cell.requireStopped();
  });
});
