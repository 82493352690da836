// Commands over a real bus: outcomes, garbage, retries, and what an agent may say.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Command, Outcome } from '../../machines/index.ts';
import { CommandClient, NoWriterError, OutcomeUnknownError } from '../../src/bus/command-client.ts';
import type { CommandReply } from '../../src/bus/command-service.ts';
import type { Bus } from '../../src/bus/connection.ts';
import { REQUEST_MAX_BYTES } from '../../src/bus/limits.ts';
import { Requester } from '../../src/bus/requester.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import type { CommandSink } from '../../src/writer/command-sink.ts';
import { BusCell } from '../support/bus-cell.ts';

let cell: BusCell;

beforeAll(async () => {
  cell = await BusCell.start();
});
afterAll(() => cell.dispose());

/** Counts the tests, whose objects and commands must not meet. */
let count = 0;
beforeEach(() => {
  count++;
});
const own = (name: string) => `${name}-${count}`;

const OPERATOR = { role: 'operator', actor: 'admin' } as const;
const configMap = (name: string, text = 'hello') => ({
  apiVersion: 'v1' as const,
  kind: 'ConfigMap' as const,
  metadata: { name: own(name) },
  data: { text },
});
const creation = (name: string, id = name) => ({
  id: own(id),
  kind: 'ConfigMap',
  namespace: 'default',
  name: own(name),
  verb: 'create',
  arguments: { manifest: configMap(name) },
});

/** One raw request, as any NATS client would make it. */
async function ask(bus: Bus, subject: string, payload: Uint8Array | string): Promise<CommandReply> {
  const answer = await bus.connection.request(subject, payload, { timeout: 5_000 });
  return answer.json<CommandReply>();
}

async function clientOf(bare: BusCell, deadlineMs: number): Promise<CommandClient> {
  const bus = await bare.connect(OPERATOR);
  const requester = new Requester(bus, systemClock, 'test');
  return new CommandClient({ bus, requester, clock: systemClock, deadlineMs, seen: () => 3 });
}

describe('a command', () => {
  test('is accepted, and what was written can be read at once', async () => {
    const client = await cell.client();
    const applied = await client.create(configMap('greeting'));
    expect(applied.outcome).toBe('accepted');
    expect((await client.get('ConfigMap', own('greeting')))?.data).toEqual({ text: 'hello' });
  });

  test('has the actor of its subject in the log, whatever it says', async () => {
    const client = await cell.client();
    await client.create(configMap('greeting'));
    const bus = await cell.connect(OPERATOR);
    const subject = bus.subjects.command('admin', 'ConfigMap', 'create');
    const { outcomes } = await ask(bus, subject, JSON.stringify({ ...creation('other'), actor: 'somebody' }));
    expect(outcomes).toMatchObject([{ outcome: 'not-decided', why: 'Malformed' }]);
    expect(cell.fold.state.get('ConfigMap', 'default', own('greeting'))).toBeDefined();
    const actors = new Set<string>();
    for await (const entry of client.log()) for (const { actor } of entry.commits) actors.add(actor);
    expect(actors).toContain('admin');
    expect(actors).not.toContain('somebody');
  });

  test('that is sent twice is decided once', async () => {
    const client = await cell.client();
    const [first] = await client.submit([creation('twice')]);
    const [second] = await client.submit([creation('twice')]);
    expect(second).toEqual(first);
  });

  test('that is refused says why in the words of Kubernetes', async () => {
    const client = await cell.client();
    await client.create(configMap('greeting'));
    await expect(client.create(configMap('greeting'))).rejects.toThrow(
      `configmaps "${own('greeting')}" already exists`,
    );
  });

  test('with others of one message is decided separately, in order', async () => {
    const client = await cell.client();
    const outcomes = await client.submit([creation('a'), creation('a', 'a-again'), creation('b')]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['accepted', 'refused', 'accepted']);
  });

  test('of another kind than its subject says is not decided', async () => {
    const bus = await cell.connect(OPERATOR);
    const subject = bus.subjects.command('admin', 'Pod', 'create');
    const { outcomes } = await ask(bus, subject, JSON.stringify(creation('a')));
    expect(outcomes).toMatchObject([
      { why: 'Malformed', message: 'the subject says Pod create, the command ConfigMap create' },
    ]);
  });

  test('may leave kind and verb to its subject', async () => {
    const bus = await cell.connect(OPERATOR);
    const { id, namespace, name, arguments: given } = creation('a');
    const payload = JSON.stringify({ id, namespace, name, arguments: given });
    const { outcomes } = await ask(bus, bus.subjects.command('admin', 'ConfigMap', 'create'), payload);
    expect(outcomes).toMatchObject([{ outcome: 'accepted', name: own('a') }]);
  });
});

describe('garbage', () => {
  const deep = `{"id":"a","name":"a","arguments":${'['.repeat(5_000)}${']'.repeat(5_000)}}`;
  test.each([
    ['nothing', '', 'the message is not JSON in UTF-8'],
    ['no JSON', '{"id":', 'the message is not JSON in UTF-8'],
    ['bytes that are no text', new Uint8Array([0xff, 0xfe, 0x00, 0x80]), 'the message is not JSON in UTF-8'],
    ['a list', '[]', 'the message must be a command or {"commands": [...]}'],
    ['null', 'null', 'the message must be a command or {"commands": [...]}'],
    ['commands that are no list', '{"commands":1}', 'commands: must be an array'],
    ['fields beside the commands', '{"commands":[],"more":1}', 'unknown field "more"'],
    ['an unknown field', '{"id":"a","colour":"red"}', 'the command is malformed: unknown field "colour"'],
    ['no id', '{"name":"a"}', 'the command is malformed: id: Required value'],
    ['deep nesting', deep, 'the message is nested deeper than 128 levels'],
    ['a slash in a name', '{"id":"a","name":"a/b"}', 'the command is malformed: name: Invalid value'],
  ])('%s is answered with what is wrong', async (_, payload, message) => {
    const bus = await cell.connect(OPERATOR);
    const { outcomes } = await ask(bus, bus.subjects.command('admin', 'ConfigMap', 'create'), payload);
    expect(outcomes).toHaveLength(1);
    expect(outcomes[0]).toMatchObject({ outcome: 'not-decided', why: 'Malformed' });
    expect((outcomes[0] as { message: string }).message).toContain(message);
  });

  test('of the largest size stops nothing', async () => {
    const bus = await cell.connect(OPERATOR);
    const subject = bus.subjects.command('admin', 'ConfigMap', 'create');
    const { outcomes } = await ask(bus, subject, new Uint8Array(REQUEST_MAX_BYTES).fill(0x5b));
    expect(outcomes).toMatchObject([{ why: 'Malformed' }]);
    expect((await ask(bus, subject, JSON.stringify(creation('a')))).outcomes[0]?.outcome).toBe('accepted');
  });

  test('of an unknown kind or verb is refused, and the next command is taken', async () => {
    const client = await cell.client();
    const outcomes = await client.submit([
      { ...creation('a'), kind: 'Colour' },
      { ...creation('b'), verb: 'paint' },
      creation('c'),
    ]);
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['refused', 'refused', 'accepted']);
  });

  test('is never a command larger than a message: that is said without sending it', async () => {
    const client = await cell.client();
    const outcomes = await client.submit([
      { ...creation('large'), arguments: { manifest: configMap('large', 'x'.repeat(REQUEST_MAX_BYTES)) } },
      creation('small'),
    ]);
    expect(outcomes).toMatchObject([{ outcome: 'not-decided', why: 'TooLarge' }, { outcome: 'accepted' }]);
  });
});

describe('an agent', () => {
  const register = { verb: 'register', kind: 'Node', namespace: '', arguments: {} };

  test('may not speak of another node or of other objects', async () => {
    const bus = await cell.connect({ role: 'node', node: 'n1' });
    const commands = [
      { ...register, id: own('1'), name: 'n2' },
      creation('a'),
      {
        id: '3',
        kind: 'Pod',
        namespace: 'default',
        name: 'a',
        verb: 'report',
        arguments: { node: 'n2', containers: [] },
      },
      { id: '4', kind: 'Pod', namespace: 'default', name: 'a', verb: 'delete', arguments: { node: 'n1' } },
    ];
    const subject = bus.subjects.command('system:node:n1', 'many', 'many');
    const { outcomes } = await ask(bus, subject, JSON.stringify({ commands }));
    expect(outcomes.map((outcome) => (outcome.outcome === 'refused' ? outcome.refusal.reason : outcome))).toEqual(
      commands.map(() => 'Forbidden'),
    );
  });

  test('may speak of its own', async () => {
    const bus = await cell.connect({ role: 'node', node: 'n1' });
    const subject = bus.subjects.command('system:node:n1', 'Node', 'register');
    const { outcomes } = await ask(bus, subject, JSON.stringify({ ...register, id: own('1'), name: 'n1' }));
    // Its arguments are wrong, which the node's decider says: it got that far.
    expect(outcomes).toMatchObject([{ outcome: 'refused', refusal: { reason: 'Invalid' } }]);
  });
});

describe('a client', () => {
  /** A sink that does what the test says with each submit. */
  function scripted(...answers: ((commands: readonly Command[]) => readonly Outcome[] | undefined)[]): CommandSink & {
    readonly seen: Command[];
  } {
    const seen: Command[] = [];
    return {
      seen,
      submit: (commands) => {
        seen.push(...commands);
        const outcomes = answers.shift()?.(commands) ?? commands.map(() => accepted);
        return outcomes.length > 0 ? Promise.resolve(outcomes) : new Promise(() => undefined);
      },
    };
  }
  const accepted: Outcome = { outcome: 'accepted', revision: 7, uid: 'u', name: 'a' };
  const notTheWriter: Outcome = { outcome: 'not-decided', why: 'NotTheWriter', message: 'not I' };

  test('repeats a command, unchanged, while nobody has decided it', async () => {
    const bare = await BusCell.withoutService();
    try {
      const sink = scripted(
        (commands) => commands.map(() => notTheWriter),
        () => [],
      );
      bare.serve(sink);
      const client = await clientOf(bare, 10_000);
      const outcomes = await client.send([creation('a')]);
      expect(outcomes).toEqual([accepted]);
      expect(sink.seen).toHaveLength(3);
      expect(new Set(sink.seen.map((command) => JSON.stringify(command))).size).toBe(1);
      expect(sink.seen[0]).toMatchObject({ id: own('a'), seen: 3, actor: 'admin' });
    } finally {
      await bare.dispose();
    }
  });

  test('repeats only those commands of a message that are undecided', async () => {
    const bare = await BusCell.withoutService();
    try {
      const sink = scripted(([first]) => [first ? accepted : notTheWriter, notTheWriter]);
      bare.serve(sink);
      const client = await clientOf(bare, 5_000);
      expect(await client.send([creation('a'), creation('b')])).toEqual([accepted, accepted]);
      expect(sink.seen.map(({ id }) => id)).toEqual([own('a'), own('b'), own('b')]);
    } finally {
      await bare.dispose();
    }
  });

  test('says that the outcome is unknown when a command that was delivered is never answered', async () => {
    const bare = await BusCell.withoutService();
    try {
      bare.serve(scripted(() => []));
      const client = await clientOf(bare, 500);
      const failure = await client.send([creation('a')]).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(OutcomeUnknownError);
      expect((failure as OutcomeUnknownError).commandIds).toEqual([own('a')]);
    } finally {
      await bare.dispose();
    }
  });

  test('says that nothing was applied when nobody took the command', async () => {
    const bare = await BusCell.withoutService();
    try {
      const client = await clientOf(bare, 300);
      await expect(client.send([creation('a')])).rejects.toBeInstanceOf(NoWriterError);
    } finally {
      await bare.dispose();
    }
  });
});
