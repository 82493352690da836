/** Contract: a program runs with the command, environment, directory, files and neighbours its specification names. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { RuntimeError } from '../../../src/agent/runtimes/container-runtime.ts';
import type { Harness } from './harness.ts';

async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'periplus-contract-'));
  onTestFinished(() => rm(directory, { recursive: true }));
  return directory;
}

export function describePrograms(harness: Harness): void {
  const { capabilities, runtime, outputOfScript, exitOf } = harness;

  it.each([0, 1, 42])('a program that ends by itself with code %i has that exit code', async (code) => {
    const { id } = await harness.runScript(`exit ${code}`);
    expect(await exitOf(id)).toMatchObject({ exitCode: code, oomKilled: false });
  });

  it('args follow the command', async () => {
    const { id } = await harness.run({ command: ['sh', '-c'], args: ['echo "$0 $1"', 'one', 'two words'] });
    await exitOf(id);
    expect((await harness.logsOf(id)).stdout).toBe('one two words\n');
  });

  it('the environment is the one given, spaces and equals signs included', async () => {
    const env = { GREETING: 'hello = you', EMPTY: '' };
    const { stdout } = await outputOfScript('echo "$GREETING|${EMPTY-unset}"', { env });
    expect(stdout).toBe('hello = you|\n');
  });

  it('the working directory is the one given', async () => {
    expect((await outputOfScript('pwd', { workingDir: '/tmp' })).stdout).toBe('/tmp\n');
  });

  it('a command that is not there cannot start, or ends with 127', async () => {
    const { id } = await runtime().createContainer(harness.containerSpec({ command: ['no-such-program'] }));
    const refusal = await runtime()
      .startContainer(id)
      .then(() => undefined)
      .catch((error: unknown) => error);
    if (refusal === undefined) expect((await exitOf(id)).exitCode).toBe(127);
    else expect(refusal).toSatisfy((error) => error instanceof RuntimeError && error.code === 'refused');
  });

  it('the next attempt starts with nothing of the last one printed', async () => {
    const spec = harness.containerSpec({ command: ['sh', '-c', 'echo attempt'] });
    for (const attempt of [0, 1]) {
      const { id } = await runtime().createContainer({ ...spec, attempt });
      await runtime().startContainer(id);
      await exitOf(id);
      expect((await harness.logsOf(id)).stdout).toBe('attempt\n');
    }
  });

  if (capabilities.mounts)
    it('two containers of a pod share a mounted directory', async () => {
      const hostPath = await temporaryDirectory();
      const mounts = [{ hostPath, containerPath: '/tmp/shared', readOnly: false }];
      await outputOfScript('echo from the first > /tmp/shared/note', { mounts });
      expect((await outputOfScript('cat /tmp/shared/note', { mounts })).stdout).toBe('from the first\n');
    });

  if (capabilities.mounts)
    it('a read-only mount can be read and not written', async () => {
      const hostPath = await temporaryDirectory();
      await writeFile(join(hostPath, 'note'), 'fixed\n');
      const mounts = [{ hostPath, containerPath: '/tmp/fixed', readOnly: true }];
      const { stdout } = await outputOfScript('cat /tmp/fixed/note; echo x > /tmp/fixed/note || echo refused', {
        mounts,
      });
      expect(stdout).toBe('fixed\nrefused\n');
    });

  for (const namespace of capabilities.sharedNamespaces) {
    it(`containers of one pod share the ${namespace} namespace, and pods do not`, async () => {
      const script = `readlink /proc/self/ns/${namespace}`;
      const first = await outputOfScript(script);
      const second = await outputOfScript(script);
      const other = await runtime().createSandbox(harness.sandboxSpec());
      const third = await outputOfScript(script, { pod: other.pod, sandboxId: other.id });
      expect(first.stdout).toMatch(/^\w+:\[\d+\]\n$/);
      expect(second.stdout).toBe(first.stdout);
      expect(third.stdout).not.toBe(first.stdout);
    });
  }

  if (capabilities.hostname)
    it('a container has the hostname of its pod', async () => {
      const sandbox = await runtime().createSandbox(harness.sandboxSpec({ hostname: 'pilot' }));
      const { stdout } = await outputOfScript('hostname', { pod: sandbox.pod, sandboxId: sandbox.id });
      expect(stdout).toBe('pilot\n');
    });
}
