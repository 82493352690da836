/** How a pod's containers live and end on real Docker, what they leave to read, and what can be run in them meanwhile. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { hasEngine } from '../support/docker.ts';
import { containersOf } from '../support/exactly.ts';
import { RealCell } from '../support/real-cell.ts';
import { RealCommandLine, shellPod, UNTIL_TERM } from '../support/real-command-line.ts';

/** What the exit event keeps of a container's output at most. */
const LAST_LINES_BYTES = 4096;

interface HistoryLine {
  readonly commit?: { readonly events: readonly { readonly type: string; readonly data: Record<string, unknown> }[] };
}

describe.skipIf(!hasEngine)('the life of a pod on Docker', () => {
  let cell: RealCell;
  let line: RealCommandLine;

  beforeAll(async () => {
    cell = await RealCell.start();
    line = new RealCommandLine(cell);
  });

  afterAll(() => cell?.dispose());

  async function eventsOf(pod: string, type: string): Promise<readonly Record<string, unknown>[]> {
    const lines = (await line.output(['history', `pod/${pod}`, '-o', 'json'])).trimEnd().split('\n');
    const events = lines.flatMap((text) => (JSON.parse(text) as HistoryLine).commit?.events ?? []);
    return events.filter((event) => event.type === type).map(({ data }) => data);
  }

  async function containersLeft(pod: string): Promise<number> {
    return (await containersOf(cell)).filter(({ Labels }) => Labels['periplus.pod.name'] === pod).length;
  }

  describe('restartPolicy', () => {
    beforeAll(() =>
      line.apply(
        shellPod('never-bad', 'echo no good; exit 4', { restartPolicy: 'Never' }),
        shellPod('on-failure-good', 'echo fine', { restartPolicy: 'OnFailure' }),
        shellPod('on-failure-bad', 'echo again $RANDOM; exit 5', { restartPolicy: 'OnFailure' }),
        shellPod('always-good', 'echo done'),
      ),
    );

    test('Never: a container that fails makes the pod Failed, and is not run again', async () => {
      const { status } = await line.untilStatus('never-bad', 'Error');
      expect(status.phase).toBe('Failed');
      expect(await line.container('never-bad')).toMatchObject({
        restartCount: 0,
        state: { terminated: { exitCode: 4, reason: 'Error' } },
      });
      expect(status.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({
        status: 'False',
        reason: 'PodFailed',
      });
    });

    test('OnFailure: a container that succeeds makes the pod Succeeded', async () => {
      const { status } = await line.untilStatus('on-failure-good', 'Completed');
      expect(status).toMatchObject({ phase: 'Succeeded' });
      expect(await line.container('on-failure-good')).toMatchObject({ restartCount: 0 });
    });

    test.each([
      ['on-failure-bad', 5],
      ['always-good', 0],
    ])('%s: what is run again and ends again is held back, first for 10 s', async (pod, exitCode) => {
      const { metadata, status } = await line.untilStatus(pod, 'CrashLoopBackOff');
      expect(status.phase).toBe('Running');
      expect(await line.container(pod)).toMatchObject({
        restartCount: 1,
        ready: false,
        state: {
          waiting: {
            reason: 'CrashLoopBackOff',
            message: `back-off 10s restarting failed container=main pod=${pod}_default(${metadata.uid})`,
          },
        },
        lastState: { terminated: { exitCode } },
      });
      expect(await line.output(['get', 'pod', pod, '--no-headers'])).toMatch(/0\/1 +CrashLoopBackOff +1 \(\d+s ago\)/);
      expect(await eventsOf(pod, 'PodNoticed')).toContainEqual(
        expect.objectContaining({ type: 'Warning', reason: 'BackOff' }),
      );
    });

    test('the run before can still be read', async () => {
      const now = await line.output('logs on-failure-bad');
      expect(now).toMatch(/^again \d+\n$/);
      expect(await line.output('logs on-failure-bad --previous')).toMatch(/^again \d+\n$/);
      expect(await line.run('logs never-bad --previous')).toMatchObject({
        exitCode: 1,
        errors: 'Error from server (BadRequest): previous terminated container "main" in pod "never-bad" not found\n',
      });
    });
  });

  describe('an exit', () => {
    test('is an event with the last lines printed, 4 KB at most', async () => {
      const script = 'seq 5000; echo the very end; exit 3';
      await line.apply(shellPod('talker', script, { restartPolicy: 'Never' }));
      await line.untilStatus('talker', 'Error');
      const [exit] = await eventsOf('talker', 'ContainerExited');
      expect(exit).toMatchObject({ container: 'main', exitCode: 3, reason: 'Error' });
      const said = String(exit?.['lastLines']);
      expect(said).toMatch(/5000\nthe very end\n$/);
      expect(Buffer.byteLength(said)).toBeLessThanOrEqual(LAST_LINES_BYTES);
    });

    test('of a program that cannot be started says why', async () => {
      await line.apply(shellPod('no-program', '', { restartPolicy: 'Never', container: { command: ['/no/such'] } }));
      await line.untilStatus('no-program', 'ContainerCannotRun');
      const { state } = await line.container('no-program');
      expect(state).toMatchObject({ terminated: { exitCode: 128 } });
      expect(JSON.stringify(state)).toContain('no such file or directory');
    });
  });

  describe('logs and exec', () => {
    beforeAll(async () => {
      const second = {
        name: 'second',
        image: 'busybox:local',
        command: ['sh', '-c', `echo from second; ${UNTIL_TERM}`],
      };
      const first = { ...second, name: 'first', command: ['sh', '-c', `seq 3; echo oops >&2; ${UNTIL_TERM}`] };
      await line.apply(shellPod('two', '', { containers: [first, second] }));
      await line.untilStatus('two', 'Running');
    });

    test('logs shows both streams of the first container, saying which it chose', async () => {
      const said = await line.run('logs two');
      expect(said.errors).toBe('Defaulted container "first" out of: first, second\n');
      expect(said.output.split('\n').toSorted()).toEqual(['', '1', '2', '3', 'oops']);
    });

    test('logs takes -c and --tail', async () => {
      expect(await line.output('logs two -c second')).toBe('from second\n');
      expect((await line.output('logs two -c first --tail 2')).split('\n')).toHaveLength(3);
      expect(await line.output('logs two -c first --tail 0')).toBe('');
    });

    test('logs -f goes on until the container ends', async () => {
      const script = 'echo one; until [ -e /go ]; do usleep 50000; done; echo two';
      await line.apply(shellPod('followed', script, { restartPolicy: 'Never' }));
      await line.untilStatus('followed', 'Running');
      const stop = { told: false };
      const said = await line.run('logs -f followed', {
        onOutput(output) {
          if (!output.includes('one') || stop.told) return;
          stop.told = true;
          void line.output(['exec', 'followed', '--', 'touch', '/go']);
        },
      });
      expect(said).toEqual({ exitCode: 0, output: 'one\ntwo\n', errors: '' });
    });

    test('exec gives back both streams and the exit code', async () => {
      const script = 'echo out; echo err >&2; exit 7';
      expect(await line.run(['exec', 'two', '-c', 'second', '--', 'sh', '-c', script])).toEqual({
        exitCode: 7,
        output: 'out\n',
        errors: 'err\n',
      });
      expect((await line.run('exec two -c second -- /no/such')).exitCode).toBe(126);
    });

    test('exec -i passes on standard input to its end', async () => {
      const input = 'a line\n'.repeat(100_000);
      expect(await line.output('exec -i two -c second -- wc -c', { input })).toBe(`${input.length}\n`);
      expect(await line.output('exec -i two -c second -- cat', { input })).toBe(input);
    });

    test.each([
      ['logs', '', 'none', 'Error from server (NotFound): pods "none" not found\n'],
      ['exec', '-- true', 'none', 'Error from server (NotFound): pods "none" not found\n'],
      ['logs', '-c third', 'two', 'error: container third not found in pod two; it has "first", "second"\n'],
      ['exec', '-c third -- true', 'two', 'error: container third not found in pod two; it has "first", "second"\n'],
    ])('%s %s of %s says what is missing', async (command, rest, pod, errors) => {
      const words = [command, pod, ...rest.split(' ').filter((word) => word !== '')];
      expect(await line.run(words)).toEqual({ exitCode: 1, output: '', errors });
    });

    test('a controller stands for one of its pods', async () => {
      const spec = { containers: [{ name: 'main', image: 'busybox:local', command: ['sh', '-c', UNTIL_TERM] }] };
      const template = { metadata: { labels: { app: 'pool' } }, spec };
      await line.apply({
        kind: 'ReplicationController',
        metadata: { name: 'pool' },
        spec: { replicas: 2, selector: { app: 'pool' }, template },
      });
      await cell.eventually('one runs', () => line.output('exec rc/pool -- true'));
      const said = await line.run('exec rc/pool -- hostname');
      expect(said.errors).toMatch(/^Found 2 pods, using pod\/pool-.{5}\n$/);
      expect(said.errors).toContain(`pod/${said.output}`);
      expect((await line.run('logs rc/none')).errors).toContain('replicationcontrollers "none" not found');
      await line.output('delete rc pool --cascade=orphan');
      expect((await line.output('get pods -l app=pool -o name')).trim().split('\n')).toHaveLength(2);
      await line.output('delete pods -l app=pool --now');
    });
  });

  describe('deletion', () => {
    test('lets the containers end in their own way, and the object goes after them', async () => {
      const script = "trap 'echo I was told; exit 0' TERM; while :; do usleep 100000 & wait $!; done";
      await line.apply(shellPod('obedient', script, { terminationGracePeriodSeconds: 30 }));
      await line.untilStatus('obedient', 'Running');
      const following = line.output('logs -f obedient');
      expect(await line.output('delete pod obedient')).toBe('pod "obedient" deleted\n');
      expect(await containersLeft('obedient')).toBe(0);
      expect(await following).toBe('I was told\n');
      const [exit] = await eventsOf('obedient', 'ContainerExited');
      expect(exit).toMatchObject({ exitCode: 0, reason: 'Completed', lastLines: 'I was told\n' });
    });

    test('kills what does not end within its grace; meanwhile the pod is Terminating', async () => {
      const script = "trap '' TERM; while :; do sleep 1; done";
      await line.apply(shellPod('stubborn', script, { terminationGracePeriodSeconds: 2 }));
      await line.untilStatus('stubborn', 'Running');
      await line.output('delete pod stubborn --wait=false');
      const { metadata } = await line.pod('stubborn');
      expect(metadata).toMatchObject({ deletionGracePeriodSeconds: 2 });
      expect(Date.parse(metadata.deletionTimestamp ?? '')).not.toBeNaN();
      expect(await line.output('get pod stubborn --no-headers')).toContain('Terminating');
      await line.output('delete pod stubborn');
      const [exit] = await eventsOf('stubborn', 'ContainerExited');
      expect(exit).toMatchObject({ exitCode: 137 });
      const [asked] = await eventsOf('stubborn', 'PodDeletionRequested');
      expect(asked).toMatchObject({ gracePeriodSeconds: 2 });
    });

    test('without grace takes the object at once, and the containers right after', async () => {
      await line.apply(
        shellPod('gone', "trap '' TERM; while :; do sleep 1; done", { terminationGracePeriodSeconds: 300 }),
      );
      await line.untilStatus('gone', 'Running');
      await line.output('delete pod gone --grace-period 0 --wait=false');
      expect((await line.run('get pod gone')).errors).toContain('pods "gone" not found');
      await cell.eventually('nothing is left', async () => expect(await containersLeft('gone')).toBe(0));
    });
  });
});
