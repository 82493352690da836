/** Commands off the bus into the writer's queue, outcomes back. Only the process that holds the lease listens. */
import type { Msg, Subscription } from 'nats';
import type { Command, Outcome } from '../../machines/index.ts';
import type { Logger } from '../foundation/logger.ts';
import type { CommandSink } from '../writer/command-sink.ts';
import type { AnswerSender } from './chunks.ts';
import { refuseForeign } from './command-authority.ts';
import { readCommandMessage } from './command-envelope.ts';
import type { Bus } from './connection.ts';

export interface CommandServiceOptions {
  readonly bus: Bus;
  readonly sink: CommandSink;
  readonly answers: AnswerSender;
  readonly logger: Logger;
}

/** What a command message is answered with; outcomes in the order of its commands. */
export interface CommandReply {
  readonly outcomes: readonly Outcome[];
}

/** Listens until the signal is aborted. */
export function serveCommands(options: CommandServiceOptions, signal: AbortSignal): void {
  const { bus, logger } = options;
  const subscription: Subscription = bus.connection.subscribe(bus.subjects.commandsAll, {
    callback: (error, message) => {
      if (error) return logger.error('cannot receive commands', { error });
      answer(options, message).catch((cause: unknown) => logger.error('cannot answer a command', { error: cause }));
    },
  });
  signal.addEventListener('abort', () => subscription.unsubscribe(), { once: true });
}

async function answer({ sink, answers, bus }: CommandServiceOptions, message: Msg): Promise<void> {
  const outcomes = await decideMessage(sink, message.subject, message.data);
  if (!message.reply) return;
  const reply: CommandReply = { outcomes };
  const payload = Buffer.from(JSON.stringify(reply));
  // One message without further ado for nearly all: this is the path that is counted in microseconds.
  if (payload.byteLength <= SMALL_REPLY_MAX_BYTES) bus.connection.publish(message.reply, payload);
  else await answers.send(message.reply, [payload]);
}

const SMALL_REPLY_MAX_BYTES = 64 * 1024;

/** Has the commands of a message decided; an outcome for each, or one for a message that cannot be read. */
export async function decideMessage(
  sink: CommandSink,
  subject: string,
  payload: Uint8Array,
): Promise<readonly Outcome[]> {
  const items = readCommandMessage(subject, payload);
  if ('unreadable' in items) return [malformed(items.unreadable)];
  const outcomes: (Outcome | undefined)[] = items.map((item) => {
    if ('unreadable' in item) return malformed(item.unreadable);
    const refusal = refuseForeign(item);
    return refusal && { outcome: 'refused', revision: 0, refusal };
  });
  const commands = items.filter(
    (item, index): item is Command => !('unreadable' in item) && outcomes[index] === undefined,
  );
  const decided = commands.length > 0 ? await sink.submit(commands) : [];
  let next = 0;
  return outcomes.map((outcome) => outcome ?? decided[next++] ?? malformed('the command was not answered'));
}

function malformed(message: string): Outcome {
  return { outcome: 'not-decided', why: 'Malformed', message };
}
