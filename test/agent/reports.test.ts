/** Reports are levels: merged while they wait, one message at a time, repeated under the same id until somebody answers. */
import { describe, expect, it, onTestFinished } from 'vitest';
import type { CommandDraft, Outcome } from '../../machines/index.ts';
import type { ReportArguments } from '../../machines/pod/index.ts';
import type { ContainerLevel } from '../../src/agent/container-level.ts';
import { NOTICES_PER_REPORT_MAX } from '../../src/agent/report-merge.ts';
import {
  MESSAGE_BYTES_MAX,
  REPORTS_PER_MESSAGE_MAX,
  Reports,
  RETRY_INITIAL_MS,
  RETRY_MAXIMUM_MS,
} from '../../src/agent/reports.ts';
import { systemIdentifiers } from '../../src/foundation/identifiers.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { workPod } from '../support/agent-harness.ts';
import { ManualClock, settle } from '../support/manual-clock.ts';

const accepted: Outcome = { outcome: 'accepted', revision: 1, uid: 'u', name: 'n' };
const notDecided = (why: Extract<Outcome, { readonly outcome: 'not-decided' }>['why']): Outcome => ({
  outcome: 'not-decided',
  why,
  message: why,
});

/** A link whose answers the test gives by hand. */
function setUp() {
  const clock = new ManualClock();
  const messages: (readonly CommandDraft[])[] = [];
  const waiting: PromiseWithResolvers<readonly Outcome[]>[] = [];
  const link = {
    online: true,
    connected: () => link.online,
    send: (commands: readonly CommandDraft[]) => {
      messages.push(commands);
      const answer = Promise.withResolvers<readonly Outcome[]>();
      waiting.push(answer);
      return answer.promise;
    },
  };
  const reports = new Reports({ node: 'n1', link, clock, identifiers: systemIdentifiers, logger: silentLogger });
  onTestFinished(() => reports.close());
  /** Answers the message in flight. */
  const answer = async (outcome: Outcome | Error = accepted) => {
    const current = waiting.shift();
    if (outcome instanceof Error) current?.reject(outcome);
    else current?.resolve((messages.at(-1) ?? []).map(() => outcome));
    await settle();
  };
  return { clock, messages, link, reports, answer };
}

function running(startedAt: number, overrides: Partial<ContainerLevel> = {}): ContainerLevel {
  return { name: 'app', attempt: 0, state: { running: { startedAt } }, ready: true, image: 'demo:1', ...overrides };
}

function only(message: readonly CommandDraft[] | undefined): CommandDraft & { readonly arguments: ReportArguments } {
  const [command, ...more] = message ?? [];
  if (command === undefined || more.length > 0) throw new Error(`${more.length + 1} commands instead of one`);
  return command as CommandDraft & { readonly arguments: ReportArguments };
}

const update = (level: ContainerLevel) => ({ containers: [level], notices: [] });

describe('reports', () => {
  it('of one step leave together, and at once', async () => {
    const { reports, messages } = setUp();
    for (let i = 0; i < 3; i++) reports.submit(workPod(), update(running(i)));
    await settle();
    expect(messages.map((message) => message.length)).toEqual([3]);
  });

  it('wait while a message is in flight, merged per container: only the latest level is told', async () => {
    const { reports, messages, answer } = setUp();
    const pod = workPod();
    reports.submit(pod, update(running(1)));
    await settle();
    reports.submit(pod, update(running(2)));
    reports.submit(pod, update(running(3, { name: 'side' })));
    reports.submit(pod, update(running(4)));
    await settle();
    expect(messages).toHaveLength(1);
    await answer();
    expect(messages).toHaveLength(2);
    const { containers } = only(messages[1]).arguments;
    expect(containers.map(({ name, state }) => [name, state])).toEqual([
      ['app', { running: { startedAt: 4 } }],
      ['side', { running: { startedAt: 3 } }],
    ]);
  });

  it("number each container's levels upwards, above what is folded", async () => {
    const { reports, messages, answer, clock } = setUp();
    const number = clock.now() + 5_000;
    const pod = workPod({}, { containers: { app: { number, restartCount: 0 } } });
    for (let i = 0; i < 3; i++) {
      reports.submit(pod, update(running(i)));
      await settle();
      await answer();
    }
    const numbers = messages.map((message) => only(message).arguments.containers[0]?.number);
    expect(numbers).toEqual([number + 1, number + 2, number + 3]);
  });

  it('that were not answered are sent again as they were, whatever came later behind them', async () => {
    const { reports, messages, answer, clock } = setUp();
    const pod = workPod();
    reports.submit(pod, update(running(1)));
    await settle();
    reports.submit(pod, update(running(2)));
    await answer(new Error('time-out'));
    await clock.advance(RETRY_INITIAL_MS);
    expect(messages[1]?.[0]).toEqual(messages[0]?.[0]);
    expect(messages[1]?.map(({ id }) => id)).toHaveLength(2);
    expect(new Set(messages[1]?.map(({ id }) => id)).size).toBe(2);
  });

  it.each(['NotTheWriter', 'QueueFull', 'Expired'] as const)(
    'answered %s are sent again under the same id',
    async (why) => {
      const { reports, messages, answer, clock } = setUp();
      reports.submit(workPod(), update(running(1)));
      await settle();
      await answer(notDecided(why));
      expect(messages).toHaveLength(1);
      await clock.advance(RETRY_INITIAL_MS);
      expect(messages[1]).toEqual(messages[0]);
    },
  );

  it('are tried again at longer and longer intervals, up to a limit', async () => {
    const { reports, messages, answer, clock } = setUp();
    reports.submit(workPod(), update(running(1)));
    await settle();
    let wait = RETRY_INITIAL_MS;
    for (let tries = 1; tries < 10; tries++) {
      await answer(notDecided('NotTheWriter'));
      await clock.advance(wait - 1);
      expect(messages).toHaveLength(tries);
      await clock.advance(1);
      expect(messages).toHaveLength(tries + 1);
      wait = Math.min(wait * 2, RETRY_MAXIMUM_MS);
    }
  });

  it('of unknown outcome below the horizon are told anew, under another id and number', async () => {
    const { reports, messages, answer, clock } = setUp();
    const pod = workPod();
    reports.submit(pod, update(running(1)));
    await settle();
    reports.submit(pod, update(running(2, { name: 'side' })));
    await answer(notDecided('TooOld'));
    // By then a newer work list has come, and what is told says that it has.
    await clock.advance(RETRY_INITIAL_MS);
    const [first, second] = messages.map(only);
    expect(second?.id).not.toBe(first?.id);
    expect(second?.arguments.containers.map(({ name }) => name)).toEqual(['app', 'side']);
    expect(second?.arguments.containers[0]?.number).toBeGreaterThan(first?.arguments.containers[0]?.number ?? Infinity);
  });

  it.each([notDecided('Malformed'), notDecided('TooLarge'), refusedOutcome()])(
    'answered %j are not sent again',
    async (outcome) => {
      const { reports, messages, answer, clock } = setUp();
      reports.submit(workPod(), update(running(1)));
      await settle();
      await answer(outcome);
      await clock.advance(60_000);
      expect(messages).toHaveLength(1);
    },
  );

  it('wait for the bus however long, and go as soon as it is back', async () => {
    const { reports, messages, link, clock } = setUp();
    link.online = false;
    const pod = workPod();
    for (let i = 0; i < 1000; i++) reports.submit(pod, update(running(i)));
    await clock.advance(3_600_000);
    expect(messages).toHaveLength(0);
    link.online = true;
    reports.kick();
    await settle();
    expect(only(messages[0]).arguments.containers).toMatchObject([{ state: { running: { startedAt: 999 } } }]);
  });

  it(`carry at most ${NOTICES_PER_REPORT_MAX} notices, the latest, each once`, async () => {
    const { reports, messages, link } = setUp();
    link.online = false;
    const pod = workPod();
    for (let i = 0; i < 100; i++) {
      const notice = { type: 'Normal' as const, reason: 'Pulled', message: `image ${Math.floor(i / 2)}` };
      reports.submit(pod, { containers: [], notices: [notice] });
    }
    link.online = true;
    reports.kick();
    await settle();
    const notices = only(messages[0]).arguments.notices ?? [];
    expect(notices).toHaveLength(NOTICES_PER_REPORT_MAX);
    expect(notices.at(-1)?.message).toBe('image 49');
  });

  it(`go ${REPORTS_PER_MESSAGE_MAX} to a message at most`, async () => {
    const { reports, messages, answer } = setUp();
    for (let i = 0; i < REPORTS_PER_MESSAGE_MAX + 10; i++) reports.submit(workPod(), update(running(i)));
    await settle();
    await answer();
    expect(messages.map((message) => message.length)).toEqual([REPORTS_PER_MESSAGE_MAX, 10]);
  });

  it('stay small messages even when every container had much to say', async () => {
    const { reports, messages, answer } = setUp();
    const exit = { exitCode: 1, reason: 'Error', finishedAt: 1, lastLines: 'x'.repeat(4096) };
    const count = REPORTS_PER_MESSAGE_MAX;
    for (let i = 0; i < count; i++) reports.submit(workPod(), update(running(i, { lastTerminated: exit })));
    await settle();
    while (messages.reduce((sum, message) => sum + message.length, 0) < count) await answer();
    expect(messages.length).toBeGreaterThan(1);
    for (const message of messages) expect(JSON.stringify(message).length).toBeLessThan(MESSAGE_BYTES_MAX);
  });

  it('of a pod that is gone from the cell are not told', async () => {
    const { reports, messages, answer } = setUp();
    reports.submit(workPod(), update(running(1)));
    await settle();
    const pod = workPod();
    reports.submit(pod, update(running(1)));
    reports.forget(pod.uid);
    await answer();
    expect(messages).toHaveLength(1);
  });
});

function refusedOutcome(): Outcome {
  return { outcome: 'refused', revision: 1, refusal: { reason: 'NotFound', message: 'pods "x" not found' } };
}
