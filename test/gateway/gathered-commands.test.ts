// Many requests' commands in few messages, each with its own outcome.
import { describe, expect, test } from 'vitest';
import type { Command, Outcome } from '../../machines/index.ts';
import { COMMANDS_MAX, GatheredCommands, MESSAGES_MAX } from '../../src/gateway/state/gathered-commands.ts';

const command = (id: string) => ({ id }) as Command;
const outcome = ({ id }: Command): Outcome => ({ outcome: 'accepted', revision: 1, uid: '', name: id });

/** A writer that answers when told to, with each command's id as the outcome's name. */
class Messages {
  readonly sent: (readonly Command[])[] = [];
  readonly #answers: PromiseWithResolvers<readonly Outcome[]>[] = [];
  readonly gathered = new GatheredCommands({
    submit: (commands) => {
      this.sent.push(commands);
      const answer = Promise.withResolvers<readonly Outcome[]>();
      this.#answers.push(answer);
      return answer.promise;
    },
  });

  answer(index: number): void {
    this.#answers[index]?.resolve((this.sent[index] ?? []).map(outcome));
  }

  fail(index: number): void {
    this.#answers[index]?.reject(new Error('unknown'));
  }

  async nameOf(...ids: readonly string[]): Promise<readonly unknown[]> {
    const outcomes = await this.gathered.submit(ids.map(command));
    return outcomes.map((one) => ('name' in one ? one.name : undefined));
  }
}

describe('gathered commands', () => {
  test('go at once while few messages are under way, and together after that', async () => {
    const messages = new Messages();
    const names = ['a', 'b', 'c', 'd'].map((id) => messages.nameOf(id));
    const several = messages.nameOf('e', 'f');
    expect(messages.sent.map((commands) => commands.length)).toEqual([1, 1]);
    expect(messages.sent).toHaveLength(MESSAGES_MAX);
    messages.answer(0);
    expect(await names[0]).toEqual(['a']);
    expect(messages.sent[2]?.map(({ id }) => id)).toEqual(['c', 'd', 'e', 'f']);
    messages.answer(2);
    expect([await names[2], await names[3], await several]).toEqual([['c'], ['d'], ['e', 'f']]);
  });

  test('are at most so many in a message, however many wait', async () => {
    const messages = new Messages();
    for (let number = 0; number < COMMANDS_MAX * 2; number++) void messages.nameOf(String(number));
    messages.answer(0);
    await expect.poll(() => messages.sent.length).toBe(MESSAGES_MAX + 1);
    expect(messages.sent[MESSAGES_MAX]).toHaveLength(COMMANDS_MAX);
  });

  test('of a message that failed fail, and others go on', async () => {
    const messages = new Messages();
    const first = messages.nameOf('a');
    const rest = [messages.nameOf('b'), messages.nameOf('c')];
    messages.fail(0);
    await expect(first).rejects.toThrow('unknown');
    messages.answer(1);
    messages.answer(2);
    expect(await Promise.all(rest)).toEqual([['b'], ['c']]);
  });
});
