/** An operator at three in the morning, on a real cell of hollow nodes: what happened, why, who did it, and what is in the way. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RealCell, requireThat } from '../support/real-cell.ts';
import { RealCommandLine } from '../support/real-command-line.ts';
import { workloadManifest } from '../support/real-workload.ts';

describe('a cell of three hollow nodes', () => {
  let cell: RealCell;
  let line: RealCommandLine;

  beforeAll(async () => {
    cell = await RealCell.start({ nodes: 3, runtime: 'hollow' });
    line = new RealCommandLine(cell);
    await line.apply(workloadManifest('web', 3));
    await untilReady(3);
  });

  afterAll(() => cell?.dispose());

  /** Names of the workload's pods once there are exactly so many, all ready. */
  async function untilReady(count: number): Promise<readonly string[]> {
    const client = await cell.client();
    return cell.eventually(`${count} pods are ready`, async () => {
      const { items } = await client.list('Pod', { namespace: 'default', labelSelector: 'app=web' });
      const ready = items.filter(({ status }) => status.containerStatuses?.every((container) => container.ready));
      requireThat(items.length === count && ready.length === count, `${ready.length} of ${items.length} are`);
      return items.map(({ metadata }) => metadata.name);
    });
  }

  test('why tells of a deleted pod who deleted it, and of its replacement why it is there', async () => {
    const before = await untilReady(3);
    const [deleted = ''] = before;
    await line.output(['delete', 'pod', deleted]);
    const latest = (await untilReady(3)).find((name) => !before.includes(name)) ?? '';
    const gone = await line.output(['why', `pod/${deleted}`]);
    expect(gone).toMatch(new RegExp(`^Pod default/${deleted} is gone since `));
    expect(gone).toMatch(/ admin +→? ?pod\/\S+ deletion requested with 2 s of grace\n/);
    expect(gone).toMatch(
      new RegExp(`This led to\n.*→ pod/${latest} created .*: in place of pod ${deleted}, being deleted\n`),
    );
    const there = await line.output(['why', `pod/${latest}`]);
    expect(there).toMatch(/status Running/);
    expect(there).toMatch(
      new RegExp(`pod/${deleted} deletion requested.*\n.*→ pod/${latest} created.*\n.*→ pod/${latest} bound to n\\d`),
    );
  });

  test('why-not tells what each node lacks', async () => {
    const containers = [{ name: 'main', image: 'i', resources: { requests: { memory: '1Ti' } } }];
    await line.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'big' }, spec: { containers } });
    const text = await cell.eventually('the scheduler has spoken', async () => {
      const said = await line.output('why-not big');
      requireThat(said.includes('The scheduler said'), said);
      return said;
    });
    expect(text).toMatch(/0\/3 nodes are available: 3 Insufficient memory\.\n\nNODE +FITS +WHY NOT +DETAIL\n/);
    expect(text.match(/^n\d +no +Insufficient memory +memory: 1Ti asked, \S+ of \S+ free$/gm)).toHaveLength(3);
  });

  test('who tells who scaled it, and history what came of it', async () => {
    await line.output('scale rc web --replicas 4');
    await untilReady(4);
    expect(await line.output('who rc/web --field spec.replicas')).toMatch(/ admin +3 +create\n.* admin +4 +scale\n$/);
    const text = await line.output('history pods --event PodScheduled --actor system:* --reverse --limit 1');
    expect(text).toMatch(
      /system:scheduler +Pod default\/web-\w{5} +bound to n\d: 3 of 3 nodes fit; n\d scored highest/,
    );
  });

  test('why knows how a container ended', async () => {
    const env = [
      { name: 'PERIPLUS_HOLLOW_RUN_MS', value: '50' },
      { name: 'PERIPLUS_HOLLOW_EXIT_CODE', value: '137' },
      { name: 'PERIPLUS_HOLLOW_OOM_KILLED', value: 'true' },
    ];
    const containers = [{ name: 'main', image: 'i', env }];
    await line.apply({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'greedy' }, spec: { containers } });
    await line.untilStatus('greedy', /OOMKilled|CrashLoopBackOff/);
    expect(await line.output('why pod/greedy')).toMatch(
      /container main exited with code 137 \(killed by SIGKILL, OOMKilled\)/,
    );
  });
});
