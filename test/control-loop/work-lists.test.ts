/** What each node is told of its work, and what it is not bothered with. */
import { describe, expect, test } from 'vitest';
import type { WorkList } from '../../src/agent/control-plane-link.ts';
import { WorkLists } from '../../src/control-loop/work-lists.ts';
import type { AppliedEntry } from '../../src/state/applied-entry.ts';
import { Cell, type TestCommand } from '../support/cell.ts';
import { bound, cleaned, created, givenUp, lost, node, noticed, running, seen, silent, web } from '../support/pod.ts';

class Bench {
  readonly cell = Cell.begin();
  readonly lists: { readonly node: string; readonly list: WorkList }[] = [];
  work: WorkLists;
  #ids = 0;

  constructor(...commands: readonly TestCommand[]) {
    for (const command of commands) this.cell.accept(command);
    this.work = this.term(1);
  }

  /** Another writer's term. */
  term(term: number): WorkLists {
    const { state } = this.cell;
    this.work = new WorkLists({
      view: state,
      position: () => state.position,
      term,
      publish: (name, list) => this.lists.push({ node: name, list }),
    });
    return this.work;
  }

  /** The lists that one entry with these commands leads to. */
  entry(...commands: readonly TestCommand[]): readonly WorkList[] {
    const [told, before] = [this.lists.length, this.cell.changes.length];
    const outcomes = this.cell.submitTogether(
      commands.map((command) => ({
        id: `entry/${++this.#ids}`,
        namespace: command.kind === 'Pod' ? 'default' : '',
        actor: 'admin',
        arguments: {},
        ...command,
      })),
    );
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(commands.map(() => 'accepted'));
    const changes = this.cell.changes.slice(before);
    this.work.observe({ changes, position: this.cell.state.position } as unknown as AppliedEntry);
    return this.lists.slice(told).map(({ list }) => list);
  }
}

const n1 = node();
const names = ({ pods }: WorkList) => pods.map(({ name }) => name);

describe('a node is told', () => {
  test('of a pod bound to it, with what its agent needs', () => {
    const bench = new Bench(n1, created());
    const [list] = bench.entry(bound);
    const pod = bench.cell.get('Pod', 'web');
    expect(bench.lists.at(-1)?.node).toBe('n1');
    expect(list).toMatchObject({ full: false, removed: [], position: bench.cell.state.position });
    expect(list?.pods).toEqual([
      expect.objectContaining({
        uid: pod.uid,
        name: 'web',
        namespace: 'default',
        metadata: pod.context.metadata,
        revision: pod.revision,
        correlation: pod.correlation,
        ended: false,
        containers: { main: { number: -1, restartCount: 0 } },
        sandboxAttempts: 0,
      }),
    ]);
  });

  test('once for one entry, whatever happened in it', () => {
    const bench = new Bench(n1, created());
    const label = web('patch', { patch: { metadata: { labels: { changed: 'yes' } } } });
    const [list, ...more] = bench.entry(bound, label, web('delete', { gracePeriodSeconds: 7 }));
    expect(more).toEqual([]);
    expect(list?.pods).toEqual([expect.objectContaining({ name: 'web', deletion: { gracePeriodSeconds: 7 } })]);
  });

  test('of a change to the manifest', () => {
    const bench = new Bench(n1, created(), bound);
    const image = { patch: { spec: { containers: [{ name: 'main', image: 'demo:2' }] } } };
    expect(bench.entry(web('patch', image))[0]?.pods[0]?.spec.containers[0]?.image).toBe('demo:2');
  });

  test('of a deletion, and of a shorter grace', () => {
    const bench = new Bench(n1, created(), bound);
    expect(bench.entry(web('delete'))[0]?.pods[0]?.deletion).toEqual({ gracePeriodSeconds: 30 });
    expect(bench.entry(web('delete', { gracePeriodSeconds: 5 }))[0]?.pods[0]?.deletion).toEqual({
      gracePeriodSeconds: 5,
    });
  });

  test('that a pod is given up', () => {
    const bench = new Bench(n1, created(), bound, seen(running(1)));
    expect(bench.entry(givenUp)[0]?.pods[0]).toMatchObject({ ended: true });
  });

  test('that a pod is gone', () => {
    const bench = new Bench(n1, created(), bound, web('delete'));
    const { uid } = bench.cell.get('Pod', 'web');
    expect(bench.entry(cleaned)).toEqual([expect.objectContaining({ pods: [], removed: [uid] })]);
  });

  test('of the new pod and the end of the old one where a name is used again', () => {
    const bench = new Bench(n1, created(), bound);
    const old = bench.cell.get('Pod', 'web').uid;
    const [list] = bench.entry(web('delete', { gracePeriodSeconds: 0 }), created(), bound);
    const { uid } = bench.cell.get('Pod', 'web');
    expect(list).toMatchObject({ removed: [old], pods: [{ uid }] });
    expect(uid).not.toBe(old);
  });

  test('nothing to do of a pod that came and went in one entry', () => {
    const bench = new Bench(n1, created());
    const { uid } = bench.cell.get('Pod', 'web');
    const [list] = bench.entry(bound, web('delete', { gracePeriodSeconds: 0 }));
    expect(list).toMatchObject({ pods: [], removed: [uid] });
  });
});

describe('a node is not told', () => {
  test('of pods that are not bound', () => {
    expect(new Bench(n1).entry(created({ nodeName: 'n1' }))).toEqual([]);
  });

  test("of another node's pods", () => {
    const bench = new Bench(n1, node('n2'), created());
    bench.entry(bound);
    expect(bench.lists.map(({ node: name }) => name)).toEqual(['n1']);
  });

  test('what it reported itself', () => {
    const bench = new Bench(n1, created(), bound);
    expect(bench.entry(seen(running(1)))).toEqual([]);
    expect(bench.entry(noticed)).toEqual([]);
  });

  test('that it fell silent', () => {
    expect(new Bench(n1, created(), bound).entry(silent, lost)).toEqual([]);
  });

  test('of other kinds', () => {
    const map = { manifest: { metadata: { name: 'settings' } } };
    const command = { kind: 'ConfigMap', name: 'settings', namespace: 'default', verb: 'create', arguments: map };
    expect(new Bench(n1).entry(command)).toEqual([]);
  });
});

describe('a full list', () => {
  test('holds all that is bound to the node, the counts its agent goes on from included', () => {
    const bench = new Bench(n1, node('n2'), created(), bound, seen(running(7)));
    bench.cell.accept({ ...created(), name: 'other', arguments: { manifest: manifestOf('other') } });
    bench.cell.accept({ ...bound, name: 'other', arguments: { node: 'n2' } });
    bench.work.publishFull('n1');
    const { list } = bench.lists.at(-1) ?? {};
    expect(list).toMatchObject({ full: true, removed: [], position: bench.cell.state.position });
    expect(list?.pods).toEqual([expect.objectContaining({ name: 'web' })]);
    expect(list?.pods[0]?.containers).toEqual({ main: { number: 7, restartCount: 0 } });
  });

  test('goes to every node at the start of a term, to those without work too', () => {
    const bench = new Bench(n1, node('n2'), created(), bound);
    bench.work.publishAll();
    const told = bench.lists.map(({ node: name, list }) => [name, list.full, names(list)]);
    expect(told).toEqual([
      ['n1', true, ['web']],
      ['n2', true, []],
    ]);
  });

  test('is given to a node that is not registered yet', () => {
    const bench = new Bench();
    bench.work.publishFull('n9');
    expect(bench.lists).toEqual([{ node: 'n9', list: expect.objectContaining({ full: true, pods: [] }) }]);
  });
});

test('lists are numbered by node without a gap, full ones among them, and anew in each term', () => {
  const bench = new Bench(n1, node('n2'), created());
  bench.work.publishAll();
  bench.entry(bound);
  bench.work.publishFull('n1');
  bench.term(9).publishAll();
  const numbers = bench.lists.map(({ node: name, list }) => `${name} ${list.term} ${list.sequence}`);
  expect(numbers).toEqual(['n1 1 1', 'n2 1 1', 'n1 1 2', 'n1 1 3', 'n1 9 1', 'n2 9 1']);
});

function manifestOf(name: string): object {
  return { metadata: { name }, spec: { containers: [{ name: 'main', image: 'demo:1' }] } };
}
