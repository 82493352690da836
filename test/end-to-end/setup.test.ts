// scripts/setup on the real machine: what it says, what it leaves alone, how quick it is.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { projectRoot, runCommand } from '../support/run-command.ts';

const setup = join(projectRoot, 'scripts/setup');
const parts = join(projectRoot, 'scripts/setup.d');
const directory = mkdtempSync(join(tmpdir(), 'periplus-setup-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** The PATH without the directories that have this program. */
const pathWithout = (program: string): string =>
  (process.env['PATH'] ?? '')
    .split(delimiter)
    .filter((folder) => !existsSync(join(folder, program)))
    .join(delimiter);

/** Nothing was ever unpacked into this cache. */
const freshMachine = (): Record<string, string | undefined> => ({
  HOME: directory,
  XDG_CACHE_HOME: mkdtempSync(join(directory, 'cache-')),
  PATH: pathWithout('nats-server'),
  PERIPLUS_NATS_SERVER: undefined,
  PERIPLUS_SETUP: undefined,
});

const listOfEtcApt = (): string => runCommand('ls', ['-lR', '--full-time', '/etc/apt']).output;

describe('when all is there', () => {
  test('setup says nothing and takes less than a second', () => {
    expect(runCommand(setup).status).toBe(0);
    const tries = [1, 2, 3].map(() => {
      const start = performance.now();
      expect(runCommand(setup)).toEqual({ status: 0, output: '', errors: '' });
      return performance.now() - start;
    });
    expect(Math.min(...tries)).toBeLessThan(1000);
  });

  test('a launcher looks for less than 100 ms', () => {
    const tries = [1, 2, 3].map(() => {
      const start = performance.now();
      expect(runCommand(setup, ['--quick']).status).toBe(0);
      return performance.now() - start;
    });
    expect(Math.min(...tries)).toBeLessThan(100);
  });

  test('nats-server is found, and is one that the log can rely on', () => {
    const { status, output } = runCommand(setup, ['--print', 'nats-server']);
    expect(status).toBe(0);
    expect(runCommand(output.trim(), ['--version']).output).toContain('nats-server: v');
  });
});

describe('when something is missing', () => {
  test('PERIPLUS_SETUP=off prints the commands, does none of them and fails', () => {
    const machine = freshMachine();
    const { status, output, errors } = runCommand(setup, [], { env: { ...machine, PERIPLUS_SETUP: 'off' } });
    expect(status).toBe(1);
    expect(output).toBe('');
    expect(errors).toMatch(/^# \d+\. nats-server >= 2\.10\.23/m);
    expect(errors).toMatch(/^dpkg-deb -x nats-server_\*\.deb/m);
    expect(readdirSync(machine['XDG_CACHE_HOME']!)).toEqual([]);
  });

  test('the commands that are printed are a script', () => {
    const { errors } = runCommand(setup, ['--test'], { env: { ...freshMachine(), PERIPLUS_SETUP: 'off' } });
    expect(runCommand('sh', ['-n'], { input: errors })).toMatchObject({ status: 0, errors: '' });
  });

  test('PERIPLUS_SETUP=skip looks at nothing', () => {
    const env = { ...freshMachine(), PERIPLUS_SETUP: 'skip' };
    expect(runCommand(setup, [], { env })).toEqual({ status: 0, output: '', errors: '' });
  });

  test('a PERIPLUS_NATS_SERVER that is none is named, and nothing is fetched in its place', () => {
    const { status, errors } = runCommand(setup, [], { env: { PERIPLUS_NATS_SERVER: '/bin/false' } });
    expect(status).toBe(1);
    expect(errors).toContain('PERIPLUS_NATS_SERVER=/bin/false is no nats-server >= 2.10.23');
  });

  test('an engine chosen by DOCKER_HOST that does not answer is reported, not replaced', () => {
    const { status, errors } = runCommand(setup, [], { env: { DOCKER_HOST: 'tcp://127.0.0.1:1' } });
    expect(status).toBe(0);
    expect(errors).toContain('DOCKER_HOST or the Docker context names an engine that does not answer');
    expect(errors).not.toContain('install Docker');
  });

  test.skipIf(!existsSync('/usr/bin/apt-get'))(
    'nats-server is brought into the cache, and /etc/apt stays as it is',
    () => {
      const machine = freshMachine();
      const before = listOfEtcApt();
      const { status, errors } = runCommand(setup, [], { env: { ...machine, PERIPLUS_SETUP: 'no-docker' } });
      expect(errors).toContain('missing on this machine, to be done now');
      expect(status).toBe(0);
      const found = runCommand(setup, ['--print', 'nats-server'], { env: machine }).output;
      expect(found.startsWith(machine['XDG_CACHE_HOME']!)).toBe(true);
      expect(listOfEtcApt()).toBe(before);
    },
  );
});

describe('its parts', () => {
  test.each([
    ['2.10.23', 0],
    ['v2.10.27', 0],
    ['1:2.11.0-1+b3', 0],
    ['3.0.0~rc1', 0],
    ['2.9.10-1+b3', 1],
    ['2.10.3', 1],
    ['unknown', 1],
  ])('version %s compares with 2.10.23 as numbers do', (version, status) => {
    const script = `. "${parts}/packages.sh"; version_at_least "$1" 2.10.23`;
    expect(runCommand('sh', ['-c', script, 'sh', version]).status).toBe(status);
  });

  test("Debian 13's sources are the machine's own with another suite", () => {
    const stanza = 'Types: deb deb-src\nURIs: http://mirror.example/debian\nSuites: bookworm\n bookworm-updates\n';
    const key = 'Signed-By: /usr/share/keyrings/debian.gpg\n';
    const others = 'Types: deb\nURIs: http://other.example\nSuites: stable\nComponents: main\n';
    const input = `# Comment\n${stanza}Components: main contrib\n${key}\n${others}\nEnabled: no\n${stanza}Components: main\n`;
    const { output } = runCommand('awk', ['-v', 'codename=bookworm', '-f', `${parts}/debian-13-sources.awk`], {
      input,
    });
    expect(output.trim()).toBe(
      `Types: deb\nSuites: trixie\nComponents: main\nURIs: http://mirror.example/debian\n${key}`.trim(),
    );
  });

  test('so are the one-line ones', () => {
    const input = [
      '# deb http://old.example/debian bookworm main',
      'deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian bookworm main contrib',
      'deb http://mirror.example/debian bookworm-updates main',
      'deb-src http://mirror.example/debian bookworm main',
      'deb https://other.example/apt stable main',
    ].join('\n');
    const { output } = runCommand('awk', ['-v', 'codename=bookworm', '-f', `${parts}/debian-13-list.awk`], { input });
    expect(output).toBe('deb [arch=amd64 signed-by=/k.gpg] http://mirror.example/debian trixie main\n');
  });

  test.each([
    ['the same packages', '1.0.0', 0],
    ['another version', '2.0.0', 1],
  ])('a tree made by npm install is compared package by package: %s', (_, version, status) => {
    const root = mkdtempSync(join(directory, 'tree-'));
    mkdirSync(join(root, 'node_modules'));
    const lock = {
      '': {},
      'node_modules/a': { version: '1.0.0' },
      'node_modules/for-a-mac': { version: '1.0.0', optional: true },
    };
    writeFileSync(join(root, 'package-lock.json'), JSON.stringify({ packages: lock }));
    const hidden = JSON.stringify({ packages: { 'node_modules/a': { version } } });
    writeFileSync(join(root, 'node_modules/.package-lock.json'), hidden);
    expect(runCommand('node', [`${parts}/dependencies-match.mjs`, root]).status).toBe(status);
  });

  test('the lock file lists every package that npm ci asks for', () => {
    for (const name of ['package.json', 'package-lock.json']) runCommand('cp', [join(projectRoot, name), directory]);
    expect(runCommand('npm', ['ci', '--dry-run', '--ignore-scripts'], { cwd: directory })).toMatchObject({ status: 0 });
  });
});
