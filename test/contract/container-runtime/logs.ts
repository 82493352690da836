/** Contract: what a program printed can be read from the end, from a time, with times, and while it goes on. */
import { expect, it } from 'vitest';
import { parseTime } from '../../../src/foundation/clock.ts';
import type { Harness } from './harness.ts';
import { OBEDIENT } from './harness.ts';
import { collect, readUntil } from './streams.ts';

const RFC_3339_LINE = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+(?:Z|[+-]\d\d:\d\d)) (.*)$/;

export function describeLogs(harness: Harness): void {
  const { runtime, logsOf, exitOf } = harness;
  const request = { follow: false, timestamps: false };

  async function finished(script: string): Promise<string> {
    const { id } = await harness.runScript(script);
    await exitOf(id);
    return id;
  }

  it('stdout and stderr are kept apart and whole', async () => {
    const id = await finished('echo one; echo two >&2; printf three');
    expect(await logsOf(id)).toEqual({ stdout: 'one\nthree', stderr: 'two\n' });
  });

  it('tail gives the last lines only', async () => {
    const id = await finished('for i in 1 2 3 4 5; do echo line $i; done');
    expect((await logsOf(id, { tailLines: 2 })).stdout).toBe('line 4\nline 5\n');
    expect((await logsOf(id, { tailLines: 0 })).stdout).toBe('');
    expect((await logsOf(id, { tailLines: 99 })).stdout.split('\n')).toHaveLength(6);
  });

  it('with timestamps each line begins with its time, and since leaves out what is older', async () => {
    const id = await finished('echo early; sleep 1.1; echo late');
    const lines = (await logsOf(id, { timestamps: true })).stdout.trimEnd().split('\n');
    const parsed = lines.map((line) => RFC_3339_LINE.exec(line));
    expect(parsed.map((match) => match?.[2])).toEqual(['early', 'late']);
    const since = parseTime(parsed[1]?.[1] ?? '');
    expect((await logsOf(id, { since })).stdout).toBe('late\n');
    expect((await logsOf(id, { since: since + 60_000 })).stdout).toBe('');
  });

  it('more output than fits a chunk arrives whole', async () => {
    const id = await finished('head -c 300000 /dev/zero | tr "\\0" x; echo');
    expect((await logsOf(id)).stdout).toHaveLength(300_001);
  });

  it('follow gives what is printed later and ends with the program', async () => {
    const { id } = await harness.runScript('echo first; sleep 0.7; echo second; echo third >&2');
    const output = await collect(runtime().logs(id, { ...request, follow: true }, new AbortController().signal));
    expect(output).toEqual({ stdout: 'first\nsecond\n', stderr: 'third\n' });
  });

  it('follow of a program that has ended gives everything and ends', async () => {
    const id = await finished('echo over');
    const output = await collect(runtime().logs(id, { ...request, follow: true }, new AbortController().signal));
    expect(output.stdout).toBe('over\n');
  });

  it('aborting ends a followed log quietly', async () => {
    const { id } = await harness.runScript(`echo here; ${OBEDIENT}`);
    const controller = new AbortController();
    const chunks = runtime().logs(id, { ...request, follow: true }, controller.signal);
    const reading = collect(chunks);
    await readUntil(runtime().logs(id, { ...request, follow: true }, new AbortController().signal), 'here');
    controller.abort();
    await reading;
  });

  it('a reader may leave a followed log at any time', async () => {
    const { id } = await harness.runScript(`echo here; ${OBEDIENT}`);
    const chunks = runtime().logs(id, { ...request, follow: true }, new AbortController().signal);
    expect(await readUntil(chunks, 'here')).toBe('here\n');
  });

  it('logs of what is gone are refused as gone', async () => {
    const id = await finished('true');
    await runtime().removeContainer(id);
    await expect(logsOf(id)).rejects.toMatchObject({ name: 'RuntimeError', code: 'gone' });
  });
}
