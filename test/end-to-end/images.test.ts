// The images of the demo and of the sandboxes, made without a registry and run on the real engine.
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { projectRoot, runCommand } from '../support/run-command.ts';

const docker = (...args: string[]): string => {
  const { status, output, errors } = runCommand('docker', args);
  if (status !== 0) throw new Error(`docker ${args.join(' ')}: ${errors}`);
  return output.trim();
};
const hasEngine = runCommand(join(projectRoot, 'scripts/setup'), ['--print', 'docker']).status === 0;
const images = join(projectRoot, 'scripts/images');
const names = ['periplus/demo:1', 'periplus/pause:1', 'busybox:local'];
const ids = (): string => docker('image', 'inspect', '--format', '{{.Id}}', ...names);
const started: string[] = [];
afterAll(() => {
  if (started.length > 0) docker('rm', '--force', ...started);
});

const run = (...args: string[]): string => {
  const id = docker('run', '--detach', '--network', 'none', ...args);
  started.push(id);
  return id;
};

/** Docker's own share of a stop is some 100 ms; without a handler for SIGTERM it would be the 10 s of the time-out. */
const PROMPT_STOP_MS = 3000;

const stopTakes = (id: string): number => {
  const start = performance.now();
  docker('stop', '--time', '10', id);
  return performance.now() - start;
};

test.skipIf(!hasEngine)('the same busybox gives the same images', () => {
  expect(runCommand(images).status).toBe(0);
  const before = ids();
  expect(runCommand(images, ['--force']).status).toBe(0);
  expect(ids()).toBe(before);
});

test.skipIf(!hasEngine)('the demo names its pod, and stops at once with code 0', async () => {
  const id = run('--hostname', 'web-1', 'periplus/demo:1');
  // The script retries inside the container, where waiting for the server costs nothing.
  const fetch = 'for i in $(seq 50); do wget -q -O - http://127.0.0.1:8080/ && exit; usleep 100000; done; exit 1';
  expect(docker('exec', id, 'sh', '-c', fetch)).toContain('Hello from pod web-1.');
  expect(stopTakes(id)).toBeLessThan(PROMPT_STOP_MS);
  expect(docker('inspect', '--format', '{{.State.ExitCode}}', id)).toBe('0');
});

test.skipIf(!hasEngine)('pause reaps orphans, and stops at once with code 0', () => {
  const id = run('periplus/pause:1');
  const zombies =
    'for i in $(seq 50); do grep -q "^State:.Z" /proc/[0-9]*/status || exit 0; usleep 100000; done; exit 1';
  docker('exec', id, 'sh', '-c', '(true & true & true &); exit 0');
  docker('exec', id, 'sh', '-c', zombies);
  expect(stopTakes(id)).toBeLessThan(PROMPT_STOP_MS);
  expect(docker('inspect', '--format', '{{.State.ExitCode}}', id)).toBe('0');
});
