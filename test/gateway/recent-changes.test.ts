// The last changes: known by revision, and forgotten from the oldest on.
import { describe, expect, test } from 'vitest';
import type { AppliedEntry } from '../../src/state/applied-entry.ts';
import { RecentChanges } from '../../src/gateway/state/recent-changes.ts';

/** An entry with commits of these revisions. */
function entry(...revisions: readonly number[]): AppliedEntry {
  const changes = revisions.map((revision) => ({
    commit: { revision, kind: 'ConfigMap' },
    before: undefined,
    after: undefined,
  }));
  return { position: { revision: revisions.at(-1) ?? 0 }, changes } as unknown as AppliedEntry;
}

const revisionsOf = (changes: readonly { readonly revision: number }[] | undefined) =>
  changes?.map(({ revision }) => revision);

describe('recent changes', () => {
  test('are known from where they began', () => {
    const recent = new RecentChanges(10);
    recent.take(entry(11, 12));
    expect(revisionsOf(recent.after(10))).toEqual([11, 12]);
    expect(revisionsOf(recent.after(11))).toEqual([12]);
    expect(revisionsOf(recent.after(12))).toEqual([]);
    expect(recent.after(9)).toBeUndefined();
    expect([recent.at(12)?.revision, recent.at(10), recent.at(13)]).toEqual([12, undefined, undefined]);
  });

  test('are as many as the limit, the newest', () => {
    const recent = new RecentChanges(0, 3);
    for (let revision = 1; revision <= 20; revision++) {
      recent.take(entry(revision));
      const known = revisionsOf(recent.after(Math.max(revision - 3, 0)));
      expect(known).toEqual([revision - 2, revision - 1, revision].filter((one) => one > 0));
      expect(recent.after(revision - 4)).toBeUndefined();
    }
  });

  test('begin anew where revisions jump', () => {
    const recent = new RecentChanges(0);
    recent.take(entry(1, 2));
    recent.take(entry(1_000));
    expect(recent.after(2)).toBeUndefined();
    expect(revisionsOf(recent.after(999))).toEqual([1_000]);
  });
});
