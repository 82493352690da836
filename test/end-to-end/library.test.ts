/** A whole cell driven by programs: the README's own example, typed watches and the log, and a bare NATS client that has only the schemas. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectNats, type NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { validator, type TSchema } from '../../machines/index.ts';
import { RealCell } from '../support/real-cell.ts';
import { RealCommandLine, shellPod } from '../support/real-command-line.ts';
import { projectRoot, runCommand } from '../support/run-command.ts';

/** Where the data of a cell is that nobody named, below XDG_DATA_HOME. */
const OWN_CELL = 'periplus/cell';

describe('a cell as a library', () => {
  let cell: RealCell;
  let home: string;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'periplus-home-'));
    const directory = join(home, OWN_CELL);
    mkdirSync(directory, { recursive: true });
    cell = await RealCell.start({ runtime: 'hollow', directory });
    await new RealCommandLine(cell).apply(shellPod('there', 'true'));
  });

  afterAll(async () => {
    await cell?.dispose();
    rmSync(home, { recursive: true, force: true });
  });

  describe('the README’s example', () => {
    let scratch: string;

    beforeAll(() => {
      // Within the project, so that the package finds itself by its own name.
      scratch = mkdtempSync(join(projectRoot, 'test/end-to-end/scratch-'));
      const [, example = ''] = /```ts\n(.*?)```/s.exec(readFileSync(join(projectRoot, 'README.md'), 'utf8')) ?? [];
      writeFileSync(join(scratch, 'example.ts'), example);
      const settings = { extends: '../../../tsconfig.json', include: ['example.ts'] };
      writeFileSync(join(scratch, 'tsconfig.json'), JSON.stringify(settings));
    });

    afterAll(() => rmSync(scratch, { recursive: true, force: true }));

    test('compiles', () => {
      expect(runCommand(join(projectRoot, 'node_modules/.bin/tsc'), ['--noEmit', '-p', scratch])).toEqual({
        status: 0,
        output: '',
        errors: '',
      });
    });

    test('runs, on the user’s own cell', () => {
      const said = runCommand(process.execPath, [join(scratch, 'example.ts')], { env: { XDG_DATA_HOME: home } });
      expect(said).toMatchObject({ status: 0, errors: '' });
      expect(said.output).toMatch(/^ADDED there \w+$/m);
      expect(said.output).toMatch(/^\d+ admin create ConfigMap greeting$/m);
    });
  });

  test('a watch tells what is there, then each change', async () => {
    const client = await cell.client();
    const told: string[] = [];
    for await (const event of client.watch('ConfigMap', { namespace: 'default', labelSelector: 'watched' })) {
      if (event.type === 'SYNCED') {
        told.push('SYNCED');
        await client.apply(watched('one'));
        continue;
      }
      const { data } = event.object;
      told.push(`${event.type} ${data?.['text'] ?? ''}`);
      if (event.type === 'ADDED') await client.apply(watched('two'));
      if (event.type === 'MODIFIED') await client.delete('ConfigMap', 'watched');
      if (event.type === 'DELETED') break;
    }
    expect(told).toEqual(['SYNCED', 'ADDED one', 'MODIFIED two', 'DELETED two']);
  });

  test('the log tells every commit, as it is made', async () => {
    const client = await cell.client();
    const { revision } = await client.status();
    const verbs: string[] = [];
    const pending = client.apply({ ...watched('three'), metadata: { name: 'logged' } });
    for await (const { commits } of client.log({ fromRevision: revision + 1, follow: true })) {
      for (const commit of commits) {
        if (commit.name === 'logged') verbs.push(`${commit.actor} ${commit.verb} at ${commit.revision > revision}`);
      }
      if (verbs.length > 0) break;
    }
    await pending;
    expect(verbs).toEqual(['admin create at true']);
  });

  describe('a bare NATS client with the published schemas', () => {
    let nats: NatsConnection;
    let base: string;
    let actor: string;
    let schemas: Schemas;

    beforeAll(async () => {
      const line = new RealCommandLine(cell);
      const { credentials } = JSON.parse(await line.output('status -o json')) as { credentials: string };
      const given = JSON.parse(readFileSync(credentials, 'utf8')) as Record<string, string>;
      base = given['cell'] ?? '';
      actor = given['actor'] ?? '';
      nats = await connectNats({
        servers: given['url'] ?? '',
        user: given['user'] ?? '',
        pass: given['password'] ?? '',
        inboxPrefix: `${base}.inbox.${actor}`,
      });
      schemas = (await ask(`${base}.query.${actor}.schemas`, {})) as Schemas;
    });

    afterAll(() => nats?.close());

    async function ask(subject: string, request: unknown): Promise<unknown> {
      return (await nats.request(subject, JSON.stringify(request), { timeout: 10_000 })).json();
    }

    test('writes an object, reads it, and hears of it', async () => {
      const events = nats.subscribe(`${base}.events.ConfigMap.default.bare`, { max: 1 });
      const manifest = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'bare' }, data: { a: 'b' } };
      const command = {
        id: 'bare-1',
        kind: 'ConfigMap',
        namespace: 'default',
        name: 'bare',
        verb: 'create',
        arguments: { manifest },
      };
      expectMatch(schemas.command, command);
      expectMatch(schemas.kinds['ConfigMap']?.commands['create'], command.arguments);
      const reply = await ask(`${base}.cmd.${actor}.ConfigMap.create`, command);
      expectMatch(schemas.reply, reply);
      expect(reply).toMatchObject({ outcomes: [{ outcome: 'accepted', name: 'bare' }] });
      // The same command again has the same outcome, and is no second object.
      expect(await ask(`${base}.cmd.${actor}.ConfigMap.create`, command)).toEqual(reply);

      const query = { keys: [{ kind: 'ConfigMap', namespace: 'default', name: 'bare' }] };
      expectMatch(schemas.queries['get'], query);
      expect(await ask(`${base}.query.${actor}.get`, query)).toMatchObject({ items: [{ data: { a: 'b' } }] });

      for await (const message of events) {
        const event: unknown = message.json();
        expectMatch(schemas.cloudEvent, event);
        expect(JSON.stringify(event)).toContain('ObjectCreated');
      }
    });

    test('is refused in words, and by permission where it is not itself', async () => {
      const command = {
        id: 'bare-2',
        kind: 'ConfigMap',
        namespace: 'default',
        name: 'Bare',
        verb: 'create',
        arguments: { manifest: { metadata: {} } },
      };
      const reply = await ask(`${base}.cmd.${actor}.ConfigMap.create`, command);
      expectMatch(schemas.reply, reply);
      expect(reply).toMatchObject({ outcomes: [{ outcome: 'refused', refusal: { reason: 'Invalid' } }] });
      await expect(ask(`${base}.cmd.system:scheduler.ConfigMap.create`, command)).rejects.toThrow(
        /Permissions Violation/i,
      );
    });
  });
});

interface Schemas {
  readonly command: TSchema;
  readonly reply: TSchema;
  readonly cloudEvent: TSchema;
  readonly queries: Readonly<Record<string, TSchema>>;
  readonly kinds: Readonly<Record<string, { readonly commands: Readonly<Record<string, TSchema>> }>>;
}

/** What the message must look like, held against the published schema. */
function expectMatch(schema: TSchema | undefined, value: unknown): void {
  expect([...validator(schema as TSchema).errors(value)]).toEqual([]);
}

function watched(text: string) {
  return {
    apiVersion: 'v1' as const,
    kind: 'ConfigMap' as const,
    metadata: { name: 'watched', labels: { watched: 'yes' } },
    data: { text },
  };
}
