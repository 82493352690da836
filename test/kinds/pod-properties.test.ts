/** What holds of a pod whatever its agent reports, in whatever order, doubled or late. */
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { PodRecord } from '../../machines/pod/index.ts';
import { given } from '../support/given.ts';
import { bound, created, ended, HELD, node, podAfter, reported, seen, TWO, web } from '../support/pod.ts';
import type { TestCommand } from '../support/cell.ts';
import type { ContainerReport } from '../../machines/pod/index.ts';

const RUNS = { numRuns: 60 };

const name = fc.constantFrom('main', 'side');
const exit = fc.record({ seconds: fc.integer({ min: 1, max: 50 }), exitCode: fc.constantFrom(0, 1, 137) });
const terminated = exit.map(({ seconds, exitCode }) => ended(seconds, exitCode));
const state: fc.Arbitrary<ContainerReport['state']> = fc.oneof(
  fc.constantFrom('ContainerCreating', 'CrashLoopBackOff').map((reason) => ({ waiting: { reason } })),
  fc.integer({ min: 0, max: 50 }).map((startedAt) => ({ running: { startedAt } })),
  terminated.map((end) => ({ terminated: end })),
);

const level: fc.Arbitrary<ContainerReport> = fc
  .record(
    { name, number: fc.nat(20), attempt: fc.nat(3), state, lastTerminated: terminated, ready: fc.boolean() },
    { requiredKeys: ['name', 'number', 'attempt', 'state', 'ready'] },
  )
  .map((report) => ({ ...report, ready: report.ready && 'running' in report.state, image: 'demo:1' }));

const command: fc.Arbitrary<TestCommand> = fc.oneof(
  { weight: 9, arbitrary: fc.array(level, { maxLength: 3 }).map((levels) => seen(...levels)) },
  { weight: 1, arbitrary: fc.nat(2).map((attempt) => reported({ sandbox: { attempt, podIP: `10.1.0.${attempt}` } })) },
  { weight: 1, arbitrary: fc.constant(web('delete')) },
);

const story = fc.record({
  restartPolicy: fc.constantFrom('Always', 'OnFailure', 'Never'),
  commands: fc.array(command, { maxLength: 12 }),
});

function begin(restartPolicy: string) {
  return given(node(), created({ ...TWO, restartPolicy }, HELD), bound);
}

function isOver({ context }: PodRecord): boolean {
  return ['Succeeded', 'Failed'].includes(context.status.phase);
}

describe('whatever is reported', () => {
  test('phase, conditions and container statuses agree, and what is over stays over', () => {
    fc.assert(
      fc.property(story, ({ restartPolicy, commands }) => {
        const steps = begin(restartPolicy);
        let over = false;
        for (const next of commands) {
          const pod = podAfter(steps.when(next));
          const { status } = pod.context;
          const statuses = status.containerStatuses ?? [];
          const ready = statuses.length === 2 && statuses.every((container) => container.ready);
          const condition = (type: string) => status.conditions?.find((candidate) => candidate.type === type)?.status;
          expect(condition('Ready')).toBe(ready ? 'True' : 'False');
          expect(condition('ContainersReady')).toBe(condition('Ready'));
          for (const container of statuses) expect(container.ready && !('running' in container.state)).toBe(false);
          if (over) expect(isOver(pod)).toBe(true);
          if (isOver(pod)) expect(restartPolicy).not.toBe('Always');
          over = isOver(pod);
        }
      }),
      RUNS,
    );
  });

  test('a report sent twice, or sent again later, changes nothing', () => {
    fc.assert(
      fc.property(story, fc.nat(), ({ restartPolicy, commands }, pick) => {
        const steps = begin(restartPolicy);
        const reports = commands.filter(({ verb }) => verb === 'report');
        for (const next of commands) steps.when(next);
        const late = reports[pick % Math.max(1, reports.length)];
        if (late === undefined) return;
        steps.when(late);
        const before = podAfter(steps.when(late)).context;
        expect(podAfter(steps.when(late).thenUnchanged()).context).toBe(before);
      }),
      RUNS,
    );
  });

  test('no end of a run is told twice', () => {
    fc.assert(
      fc.property(story, ({ restartPolicy, commands }) => {
        const steps = begin(restartPolicy);
        for (const next of commands) steps.when(next);
        const ends = steps.cell.changes
          .flatMap(({ commit }) => commit.events)
          .filter(
            ({ type, data }) =>
              type === 'ContainerExited' && (data as { reason: string }).reason !== 'ContainerStatusUnknown',
          )
          .map(
            ({ data }) => data as { readonly container: string; readonly attempt: number; readonly finishedAt: number },
          )
          .map(({ container, attempt, finishedAt }) => `${container} ${attempt} ${finishedAt}`);
        expect(new Set(ends).size).toBe(ends.length);
      }),
      RUNS,
    );
  });
});
