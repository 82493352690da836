/** Contract: a command can be run inside a running container, fed, resized, and asked how it ended. */
import { beforeAll, expect, it } from 'vitest';
import type { ExecRequest, RuntimeContainer } from '../../../src/agent/runtimes/container-runtime.ts';
import type { Harness } from './harness.ts';
import { eventually } from './harness.ts';
import { collect, readUntil } from './streams.ts';

export function describeExec(harness: Harness): void {
  const { capabilities, runtime } = harness;
  let container: RuntimeContainer;

  beforeAll(async () => {
    container = await harness.run({ env: { INHERITED: 'from the container' } });
    await eventually(async () => expect((await runtime().inspectContainer(container.id))?.state).toBe('running'));
  });

  const exec = (script: string, overrides: Partial<ExecRequest> = {}) =>
    runtime().exec(container.id, { command: ['sh', '-c', script], stdin: false, tty: false, ...overrides });

  it.each([0, 7])('a command that ends with %i resolves with that exit code', async (code) => {
    const session = await exec(`exit ${code}`);
    await collect(session.output);
    expect(await session.exitCode).toBe(code);
  });

  it('output is kept apart and complete before it ends', async () => {
    const session = await exec('echo out; echo err >&2');
    expect(await collect(session.output)).toEqual({ stdout: 'out\n', stderr: 'err\n' });
    expect(await session.exitCode).toBe(0);
  });

  it('the exit code resolves even when nobody reads the output', async () => {
    const session = await exec('echo unread; exit 5');
    expect(await session.exitCode).toBe(5);
  });

  it('a command has the environment of its container', async () => {
    const session = await exec('echo $INHERITED');
    expect((await collect(session.output)).stdout).toBe('from the container\n');
  });

  it('a command that is not there ends with 126 or 127', async () => {
    const session = await exec('', { command: ['no-such-program'] });
    await collect(session.output);
    expect([126, 127]).toContain(await session.exitCode);
  });

  it('standard input is passed on and can be half-closed', async () => {
    const session = await exec('cat; echo end', { stdin: true });
    await session.write(Buffer.from('one\n'));
    await session.write(Buffer.from('two\n'));
    session.endInput();
    expect((await collect(session.output)).stdout).toBe('one\ntwo\nend\n');
    expect(await session.exitCode).toBe(0);
  });

  it('a megabyte goes in and comes out whole', async () => {
    const session = await exec('cat', { stdin: true });
    const reading = collect(session.output);
    for (let i = 0; i < 16; i++) await session.write(Buffer.alloc(65_536, 'x'));
    session.endInput();
    expect((await reading).stdout).toHaveLength(1_048_576);
  });

  it('a container that does not run cannot be entered', async () => {
    const created = await runtime().createContainer(harness.containerSpec());
    const attempt = runtime().exec(created.id, { command: ['true'], stdin: false, tty: false });
    await expect(attempt).rejects.toMatchObject({ name: 'RuntimeError', code: 'refused' });
  });

  it('a closed session ends its output', async () => {
    const session = await exec('echo started; sleep 2; echo never read');
    const reading = readUntil(session.output, 'never read');
    session.close();
    await expect(reading).rejects.toThrow('ended before');
  });

  if (capabilities.terminal)
    it('a terminal has the size it was given', async () => {
      const session = await exec('read line; stty size', { stdin: true, tty: true });
      await session.resize({ columns: 101, rows: 33 });
      await session.write(Buffer.from('go\n'));
      expect((await collect(session.output)).stdout).toContain('33 101');
      expect(await session.exitCode).toBe(0);
    });
}
