/** Volumes of plain processes: as root over any path without touching the node's own tree, otherwise refused. */
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { containerOf, createPod, createStage, isRoot, outputOf, run } from './stage.ts';

/** As many as the shim is ready to rebuild a directory of, and one more. */
const TOO_MANY_ENTRIES = 4097;

function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'periplus-mounts-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

describe.runIf(isRoot)('with namespaces', () => {
  const stage = createStage('namespaces');

  async function output(
    script: string,
    mounts: readonly { hostPath: string; containerPath: string; readOnly?: boolean }[],
  ) {
    const runtime = stage.runtime();
    const complete = mounts.map((mount) => ({ readOnly: false, ...mount }));
    return outputOf(runtime, containerOf(await createPod(runtime), script, { mounts: complete }));
  }

  it('a path that the node does not have is there for the container only, even at the root', async () => {
    const hostPath = temporaryDirectory();
    for (const containerPath of [
      '/periplus-data',
      '/periplus/deep/data',
      '/var/lib/periplus-data/x',
      '/etc/periplus-data',
    ]) {
      expect(
        await output(`echo hello > ${containerPath}/note; ls /etc/passwd; cd /; pwd`, [{ hostPath, containerPath }]),
      ).toBe('/etc/passwd\n/\n');
      expect(readFileSync(join(hostPath, 'note'), 'utf8')).toBe('hello\n');
      expect(existsSync(containerPath)).toBe(false);
    }
  });

  it('several volumes, one within the other, and files too', async () => {
    const [outer, inner] = [temporaryDirectory(), temporaryDirectory()];
    writeFileSync(join(inner, 'file'), 'of the file\n');
    const mounts = [
      { hostPath: inner, containerPath: '/periplus-a/b/c' },
      { hostPath: outer, containerPath: '/periplus-a' },
      { hostPath: join(inner, 'file'), containerPath: '/etc/periplus-file', readOnly: true },
      { hostPath: join(inner, 'file'), containerPath: '/etc/passwd', readOnly: true },
    ];
    mkdirSync(join(outer, 'b/c'), { recursive: true });
    expect(await output('cat /periplus-a/b/c/file /etc/periplus-file /etc/passwd', mounts)).toBe(
      'of the file\n'.repeat(3),
    );
    expect(readFileSync('/etc/passwd', 'utf8')).toContain('root');
  });

  it('the neighbours of a new path stay as they are, links and their contents included', async () => {
    const parent = temporaryDirectory();
    const hostPath = temporaryDirectory();
    writeFileSync(join(parent, 'file'), 'one\n');
    mkdirSync(join(parent, 'directory'));
    writeFileSync(join(parent, 'directory/file'), 'two\n');
    symlinkSync('file', join(parent, 'link'));
    const mounts = [{ hostPath, containerPath: join(parent, 'new') }];
    expect(await output(`cd ${parent}; cat file directory/file link; ls; echo changed > directory/file`, mounts)).toBe(
      'one\ntwo\none\ndirectory\nfile\nlink\nnew\n',
    );
    expect(readFileSync(join(parent, 'directory/file'), 'utf8')).toBe('changed\n');
    expect(readdirSync(parent).toSorted()).toEqual(['directory', 'file', 'link']);
  });

  it('a command run inside sees the volumes', async () => {
    const runtime = stage.runtime();
    const hostPath = temporaryDirectory();
    writeFileSync(join(hostPath, 'note'), 'seen\n');
    const mounts = [{ hostPath, containerPath: '/periplus-data', readOnly: false }];
    const id = await run(runtime, containerOf(await createPod(runtime), 'sleep 1000', { mounts }));
    const session = await runtime.exec(id, { command: ['cat', '/periplus-data/note'], stdin: false, tty: false });
    for await (const chunk of session.output) expect(Buffer.from(chunk.data).toString()).toBe('seen\n');
    expect(await session.exitCode).toBe(0);
  });

  it('a source that is not there, and a directory too full to be rebuilt, are refused by name', async () => {
    await expect(output('true', [{ hostPath: '/no/such/place', containerPath: '/mnt' }])).rejects.toMatchObject({
      code: 'refused',
      message: 'mounting /no/such/place at /mnt: /no/such/place: No such file or directory',
    });
    const full = temporaryDirectory();
    for (let i = 0; i < TOO_MANY_ENTRIES; i++) writeFileSync(join(full, String(i)), '');
    const mounts = [{ hostPath: tmpdir(), containerPath: join(full, 'new') }];
    await expect(output('true', mounts)).rejects.toMatchObject({
      code: 'refused',
      message: expect.stringContaining(`${full} has 4097 entries, too many to add a name to (4096)`),
    });
  });
});

describe('without', () => {
  const stage = createStage('none');

  it('a volume is refused in words that say what to do', async () => {
    const runtime = stage.runtime();
    const mounts = [{ hostPath: tmpdir(), containerPath: '/data', readOnly: false }];
    const attempt = runtime.createContainer(containerOf(await createPod(runtime), 'true', { mounts }));
    await expect(attempt).rejects.toMatchObject({
      code: 'refused',
      message:
        'nothing can be mounted at /data: volumes of the process runtime need root; run the agent as root or use Docker',
    });
  });
});
