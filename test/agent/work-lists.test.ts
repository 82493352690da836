/** A node acts on committed work only, and only ever goes forward. */
import { describe, expect, it } from 'vitest';
import type { WorkList, WorkPod } from '../../src/agent/control-plane-link.ts';
import { WorkBook } from '../../src/agent/work-book.ts';
import { eventually, startAgent, workPod } from '../support/agent-harness.ts';

interface Mark {
  readonly lineage?: string;
  readonly entry?: number;
  readonly term?: number;
  readonly sequence?: number;
}

function full(mark: Mark, pods: readonly WorkPod[] = []): WorkList {
  const { lineage = 'a', entry = 10, term = 1, sequence = 5 } = mark;
  return { position: { lineage, entry, revision: entry, hash: 'h' }, term, sequence, full: true, pods, removed: [] };
}

function change(
  mark: Mark,
  part: { readonly pods?: readonly WorkPod[]; readonly removed?: readonly string[] } = {},
): WorkList {
  return { ...full(mark), full: false, pods: part.pods ?? [], removed: part.removed ?? [] };
}

function bookAt(mark: Mark, pods: readonly WorkPod[] = []): WorkBook {
  const book = new WorkBook();
  expect(book.take(full(mark, pods)).verdict).toBe('taken');
  return book;
}

describe('a work list', () => {
  it.each([
    ['of an earlier entry', full({ entry: 9, sequence: 6 }), 'stale'],
    ['of an earlier sequence', full({ sequence: 4 }), 'stale'],
    ['of an earlier term', full({ term: 0, entry: 12, sequence: 9 }), 'stale'],
    ['repeated in full', full({}), 'taken'],
    ['repeated as a change', change({}), 'stale'],
    ['of a later term', full({ term: 2, sequence: 1 }), 'taken'],
    ['that is the next change', change({ entry: 10, sequence: 6 }), 'taken'],
    ['that is a change after a gap', change({ entry: 12, sequence: 7 }), 'gap'],
    ['that is a change of a later term', change({ term: 2, sequence: 6 }), 'gap'],
    ['that is a change of another log', change({ lineage: 'b', sequence: 6 }), 'gap'],
    ['of another log', full({ lineage: 'b', entry: 2, term: 1, sequence: 1 }), 'taken'],
  ] as const)('%s', (_, list, verdict) => {
    expect(bookAt({}).take(list).verdict).toBe(verdict);
  });

  it('of a log that was left behind is refused for good', () => {
    const book = bookAt({});
    expect(book.take(full({ lineage: 'b' }))).toEqual({ verdict: 'taken', newLineage: true });
    expect(book.take(full({ lineage: 'a', entry: 99, term: 9 })).verdict).toBe('stale');
  });

  it('that is a change comes before any full one only to be refused', () => {
    expect(new WorkBook().take(change({})).verdict).toBe('gap');
  });

  it('adds, changes and removes; a full one replaces all', () => {
    const [a, b, c] = [workPod(), workPod(), workPod()];
    const book = bookAt({}, [a, b]);
    book.take(change({ sequence: 6 }, { pods: [c, { ...a, ended: true }], removed: [b.uid] }));
    expect([...book.pods.values()].map(({ uid, ended }) => [uid, ended])).toEqual([
      [a.uid, true],
      [c.uid, false],
    ]);
    book.take(full({ sequence: 7 }, [b]));
    expect([...book.pods.keys()]).toEqual([b.uid]);
  });
});

describe('an agent', () => {
  it('does nothing about a list that is older than the newest it has seen', async () => {
    const { plane, running } = await startAgent();
    const old = plane.fullList();
    const pod = workPod();
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    plane.deliver(old);
    plane.put(workPod());
    expect(await running(pod.uid)).toEqual(['app/0']);
  });

  it('ignores it after a restart too', async () => {
    const harness = await startAgent();
    const { plane, clock, running } = harness;
    const old = plane.fullList();
    const pod = workPod();
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    await harness.replaceAgent();
    plane.deliver(old);
    await clock.advance(1);
    expect(await running(pod.uid)).toEqual(['app/0']);
  });

  it('asks for a full list when it has missed one', async () => {
    const { plane } = await startAgent();
    plane.sendFull();
    plane.sequence += 1;
    const pod = workPod();
    plane.put(pod);
    await eventually(() => expect(plane.level(pod.uid)?.ready).toBe(true));
    expect(plane.workRequests).toBe(1);
  });

  it('asks with every heartbeat until it has a full list', async () => {
    const { plane, clock } = await startAgent();
    plane.requestWork = async () => {
      plane.workRequests += 1;
      throw new Error('nobody answers');
    };
    await clock.advance(6_000);
    expect(plane.workRequests).toBe(3);
    plane.sendFull();
    await clock.advance(6_000);
    expect(plane.workRequests).toBe(3);
  });

  it('follows a new log on its first full list', async () => {
    const { plane, running } = await startAgent();
    const [kept, lost] = [workPod(), workPod()];
    plane.put(kept, lost);
    await eventually(() => expect(plane.level(lost.uid)?.ready).toBe(true));
    plane.lineage = 'lineage-2';
    plane.sequence = 0;
    plane.pods.delete(lost.uid);
    plane.sendFull();
    await eventually(async () => expect(await running(lost.uid)).toEqual([]));
    expect(await running(kept.uid)).toEqual(['app/0']);
  });
});
