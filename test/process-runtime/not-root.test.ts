/** An agent that is not root runs pods too: it finds out what it may not do, says so, and its containers are its user's. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collect } from '../contract/container-runtime/streams.ts';
import { runCommand } from '../support/run-command.ts';
import { createStage, exitOf, isRoot, stdoutOf } from './stage.ts';

const NOBODY = 65_534;
const AS_NOBODY = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, '--clear-groups'];
const program = join(import.meta.dirname, 'agent-to-kill.ts');

/** A checkout in root's home is not for everybody to read. */
const readable = isRoot && runCommand('setpriv', [...AS_NOBODY, process.execPath, '--check', program]).status === 0;

describe.runIf(readable)('an agent that is not root', () => {
  const stage = createStage('none');

  it('gives pods a port instead of a network, enforces no limits and says so, and its containers outlive it', async () => {
    const { cell, node } = stage.owner;
    const dataDirectory = join(stage.dataDirectory, 'of-nobody');
    mkdirSync(dataDirectory);
    chmodSync(stage.dataDirectory, 0o755);
    chmodSync(dataDirectory, 0o777);
    const agent = spawn('setpriv', [...AS_NOBODY, process.execPath, program, cell, node, dataDirectory, 'found out'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = await once(agent.stdout, 'data');
    const { pod, living, ending, unenforceable } = JSON.parse(String(line));
    agent.kill('SIGKILL');
    await once(agent, 'close');

    expect(unenforceable).toEqual(['cpu', 'memory']);
    expect(pod.ip).toBeUndefined();
    expect(pod.assignedPort).toBeGreaterThan(1024);
    const successor = stage.runtime({ dataDirectory });
    expect(await exitOf(successor, ending)).toMatchObject({ exitCode: 7 });
    expect(await stdoutOf(successor, ending)).toBe('last words\n');
    const session = await successor.exec(living, { command: ['sh', '-c', 'echo $PORT'], stdin: false, tty: false });
    expect((await collect(session.output)).stdout).toBe(`${pod.assignedPort}\n`);
    expect(statSync(join(dataDirectory, 'processes', cell, node, 'state', `${living}.running`)).uid).toBe(NOBODY);
    await successor.stopContainer(living, { graceSeconds: 5 });
    expect((await exitOf(successor, living)).exitCode).toBe(5);
  });
});
