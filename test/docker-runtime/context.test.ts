// Which engine is used where nobody names one: DOCKER_HOST, then the current context, then the usual places.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { contextHost } from '../../src/agent/runtimes/docker/context.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'periplus-docker-config-'));
  const meta = join(directory, 'contexts', 'meta', createHash('sha256').update('other').digest('hex'));
  mkdirSync(meta, { recursive: true });
  const content = { Name: 'other', Endpoints: { docker: { Host: 'unix:///run/other.sock' } } };
  writeFileSync(join(meta, 'meta.json'), JSON.stringify(content));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const hostWith = (environment: NodeJS.ProcessEnv) => contextHost({ DOCKER_CONFIG: directory, ...environment });
const choose = (name: string) =>
  writeFileSync(join(directory, 'config.json'), JSON.stringify({ currentContext: name }));

describe('the engine of the docker context', () => {
  test('is the current one', () => {
    choose('other');
    expect(hostWith({})).toBe('unix:///run/other.sock');
  });

  test('is the one DOCKER_CONTEXT names', () => {
    expect(hostWith({ DOCKER_CONTEXT: 'other' })).toBe('unix:///run/other.sock');
  });

  test('gives way to DOCKER_HOST', () => {
    choose('other');
    expect(hostWith({ DOCKER_HOST: 'unix:///run/mine.sock' })).toBeUndefined();
  });

  test('is the usual one where none is chosen, the default one is, or it cannot be read', () => {
    expect(hostWith({})).toBeUndefined();
    choose('default');
    expect(hostWith({})).toBeUndefined();
    choose('missing');
    expect(hostWith({})).toBeUndefined();
  });
});
