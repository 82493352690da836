// Diff: what became of which object between two moments, asked for in parts, and patches that make the one the other.
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kinds, reconcilers } from '../../machines/index.ts';
import { DIFF_ANSWER_BYTES, DIFF_COMMITS_MAX } from '../../src/history/answers/diff.ts';
import { DIFF_WINDOW_COMMITS } from '../../src/history/answers/diff-keys.ts';
import { DIFF_MAX_OBJECTS, type ObjectVersions } from '../../src/bus/history-messages/diff.ts';
import { fieldChanges } from '../../src/history/diff-fields.ts';
import { diffOf, patchOf } from '../../src/history/diff.ts';
import { walkDiff, type DiffAnswers } from '../../src/history/diff-walk.ts';
import { applied } from '../support/json-patch.ts';
import { failure, PastCell } from '../support/past-cell.ts';
import { scale, webManifest } from '../support/workload.ts';

/** Asks a cell in memory as one on a bus, and counts. */
class Asked implements DiffAnswers {
  readonly sizes: number[] = [];
  readonly #past: PastCell;

  constructor(past: PastCell) {
    this.#past = past;
  }

  ask: DiffAnswers['ask'] = (name, query) => {
    const answer = (this.#past.answers[name] as (asked: unknown) => never)(query);
    if (name === 'diff') this.sizes.push((answer as { readonly objects: readonly unknown[] }).objects.length);
    return Promise.resolve(answer);
  };
}

async function objectsBetween(past: PastCell, from: number, to: number, asked = new Asked(past)) {
  const { objects } = await walkDiff(asked, { from: { revision: from }, to: { revision: to } });
  const all: ObjectVersions[] = [];
  for await (const object of objects) all.push(object);
  return all;
}

/** What became of each object between a revision and now. */
async function between(past: PastCell, from: number, specOnly = false): Promise<readonly string[]> {
  const objects = await objectsBetween(past, from, past.revision);
  return objects.map((versions) => `${diffOf(versions, { specOnly })?.change ?? 'nothing'} ${versions.name}`);
}

describe('what became of an object', () => {
  test('is one of six things', async () => {
    const past = new PastCell();
    for (const name of ['removed', 'replaced', 'changed', 'restored'])
      past.create('ConfigMap', name, { data: { a: '1' } });
    const from = past.revision;
    past.create('ConfigMap', 'created');
    past.delete('ConfigMap', 'removed');
    past.delete('ConfigMap', 'replaced');
    past.create('ConfigMap', 'replaced', { data: { a: '1' } });
    past.patch('ConfigMap', 'changed', { data: { a: '2' } });
    past.patch('ConfigMap', 'restored', { data: { a: '2' } });
    past.patch('ConfigMap', 'restored', { data: { a: '1' } });
    past.create('ConfigMap', 'passing');
    past.delete('ConfigMap', 'passing');
    const all = ['created created', 'removed removed', 'replaced replaced', 'changed changed'];
    expect(await between(past, from)).toEqual([...all, 'restored restored', 'passing passing']);
  });

  test('leaves status out where only the spec is wanted, and with it whoever has another status alone', async () => {
    const past = new PastCell();
    past.create('ReplicationController', 'web', webManifest());
    const from = past.revision;
    past.accept({ kind: 'ReplicationController', name: 'web', verb: 'reportStatus', arguments: { replicas: 2 } });
    expect(await between(past, from)).toEqual(['changed web']);
    expect(await between(past, from, true)).toEqual(['nothing web']);
    scale(past.cell, 5);
    const [versions] = await objectsBetween(past, from, past.revision);
    const diff = diffOf(versions!, { specOnly: true })!;
    expect(patchOf(diff).map(({ path }) => path)).not.toContain('/status/replicas');
    expect(patchOf(diff)).toContainEqual({ op: 'replace', path: '/spec/replicas', value: 5 });
  });

  test('is told with who did it, whoever was last first', async () => {
    const past = new PastCell();
    const from = past.create('ReplicationController', 'web', webManifest());
    scale(past.cell, 4);
    past.accept({ kind: 'ReplicationController', name: 'web', verb: 'scale', arguments: { replicas: 9 } });
    const actor = 'system:controller:replication';
    past.accept({
      kind: 'ReplicationController',
      name: 'web',
      verb: 'reportStatus',
      arguments: { replicas: 1 },
      actor,
    });
    const [versions] = await objectsBetween(past, from, past.revision);
    expect(versions?.actors).toEqual([
      { actor, commits: 1, first: from + 3, last: from + 3 },
      { actor: 'admin', commits: 2, first: from + 1, last: from + 2 },
    ]);
    expect(versions).not.toHaveProperty('more');
  });

  test('may go back in time', async () => {
    const past = new PastCell();
    const from = past.create('ConfigMap', 'settings', { data: { a: '1' } });
    const to = past.patch('ConfigMap', 'settings', { data: { a: '2' } });
    const [back] = await objectsBetween(past, to, from);
    expect(fieldChanges(back?.before?.['data'], back?.after?.['data'])).toEqual([
      { change: 'changed', path: 'a', before: '2', after: '1' },
    ]);
  });
});

describe('a diff is asked for in parts', () => {
  test('of so many objects, each of them once', async () => {
    const past = new PastCell();
    const from = past.revision;
    const count = DIFF_MAX_OBJECTS + 3;
    for (let number = 0; number < count; number++) past.create('ConfigMap', `map-${number}`);
    const asked = new Asked(past);
    expect(await objectsBetween(past, from, past.revision, asked)).toHaveLength(count);
    expect(asked.sizes).toEqual([DIFF_MAX_OBJECTS, 3]);
  });

  test('of fewer where objects are large', async () => {
    const past = new PastCell();
    const from = past.revision;
    const text = 'x'.repeat(DIFF_ANSWER_BYTES / 8);
    for (let number = 0; number < 12; number++) past.create('ConfigMap', `map-${number}`, { data: { text } });
    const asked = new Asked(past);
    expect(await objectsBetween(past, from, past.revision, asked)).toHaveLength(12);
    expect(asked.sizes).toEqual([8, 4]);
  });

  test('of so many commits, over any hole between two lineages', () => {
    const past = new PastCell();
    const key = past.keyOf('ConfigMap', 'settings');
    const far = Number.MAX_SAFE_INTEGER - 1;
    const revisions = [2, far - DIFF_WINDOW_COMMITS, far];
    const commits = revisions.map((revision) => ({ commit: { ...key, revision } as never, time: revision, entry: 1 }));
    const answer = (after?: number) =>
      past.answers['diff-keys']({
        from: { revision: 1 },
        to: { revision: far },
        ...(after === undefined ? {} : { after }),
      });
    const history = past.past;
    history.observe({
      entry: { time: 2, number: 1, refused: [] },
      position: { revision: far },
      changes: commits.map(({ commit }) => ({ commit })),
    } as unknown as Parameters<typeof history.observe>[0]);
    const first = answer();
    expect(first.next).toBe(2 + DIFF_WINDOW_COMMITS - 1);
    const second = answer(first.next);
    expect(second.next).toBe(far - 1);
    expect(answer(second.next)).toMatchObject({ keys: [key] });
    expect(answer(second.next)).not.toHaveProperty('next');
  });

  test('and names who made the newest so many commits of a busy object', async () => {
    const past = new PastCell();
    const from = past.create('ReplicationController', 'web', webManifest());
    for (let replicas = 1; replicas <= DIFF_COMMITS_MAX + 1; replicas++) {
      past.accept({ kind: 'ReplicationController', name: 'web', verb: 'reportStatus', arguments: { replicas } });
    }
    const [versions] = await objectsBetween(past, from, past.revision);
    expect(versions).toMatchObject({ more: true, actors: [{ commits: DIFF_COMMITS_MAX }] });
  });

  test('of a kind, a namespace or one object where these are named', () => {
    const past = new PastCell();
    const from = { revision: past.revision };
    past.create('ConfigMap', 'a');
    past.create('Namespace', 'shop');
    const keys = (query: object) => past.answers['diff-keys']({ from, ...query }).keys.map(({ name }) => name);
    expect(keys({})).toEqual(['a', 'shop']);
    expect(keys({ kind: 'ConfigMap' })).toEqual(['a']);
    expect(keys({ namespace: 'default' })).toEqual(['a']);
    expect(keys(past.keyOf('ConfigMap', 'a'))).toEqual(['a']);
    expect(keys(past.keyOf('Namespace', 'default'))).toEqual([]);
    expect(failure(() => keys({ kind: 'Wombat' })).reason).toBe('NotFound');
    expect(failure(() => keys({ name: 'a' })).message).toBe('kind: Required value with a name');
  });
});

const step = fc.oneof(
  fc.record({ verb: fc.constant('create'), name: fc.constantFrom('a', 'b'), replicas: fc.nat(3) }),
  fc.record({ verb: fc.constant('replace'), name: fc.constantFrom('a', 'b'), replicas: fc.nat(3) }),
  fc.record({ verb: fc.constant('delete'), name: fc.constantFrom('a', 'b'), replicas: fc.nat(3) }),
);

test('the patches of a diff, applied to all objects of the one moment, give all objects of the other', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 8 }), fc.nat(), fc.nat(), async (steps, one, other) => {
      const past = new PastCell();
      for (const { verb, name, replicas } of steps) {
        const spec = (webManifest({ replicas }) as { readonly spec: object }).spec;
        const given = verb === 'delete' ? {} : { manifest: { metadata: { name }, spec } };
        past.cell.send({ kind: 'ReplicationController', name, verb, arguments: given });
        past.cell.settle(reconcilers);
      }
      const [from, to] = [1 + (one % past.revision), 1 + (other % past.revision)];
      const objects = new Map<string, unknown>(manifestsAt(past, from));
      for (const versions of await objectsBetween(past, from, to)) apply(objects, versions);
      expect(objects).toEqual(new Map(manifestsAt(past, to)));
    }),
    { numRuns: 60 },
  );
});

function apply(objects: Map<string, unknown>, versions: ObjectVersions): void {
  const id = `${versions.kind}/${versions.name}`;
  const diff = diffOf(versions, { specOnly: false });
  if (diff === undefined) throw new Error('every change is one where all is looked at');
  const after = applied(objects.get(id) ?? null, patchOf(diff));
  if (after === null) objects.delete(id);
  else objects.set(id, after);
}

function manifestsAt(past: PastCell, revision: number): [string, unknown][] {
  return [...past.past.countsAt(revision).keys()]
    .filter((kind) => kinds.has(kind))
    .flatMap((kind) => past.past.listAt({ kind, revision }).records)
    .map((record) => [`${record.kind}/${record.name}`, past.manifestOf(record)]);
}
