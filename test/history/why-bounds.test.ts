/** What `why` leaves out, of whom it speaks, and what it cannot answer. */
import { describe, expect, test } from 'vitest';
import type { Query } from '../../src/bus/query-messages.ts';
import { describeWhy } from '../../src/cli/why-lines.ts';
import { answerWhy } from '../../src/history/answers/why.ts';
import { DEPTH_MAX, READS_MAX, WIDTH_MAX } from '../../src/history/why-consequences.ts';
import { LIVES_MAX } from '../../src/history/why-lives.ts';
import { CHAIN_MAX, LOOKED_THROUGH_MAX, OWN_COMMITS_MAX, SIDE_CHAIN_MAX } from '../../src/history/why-story.ts';
import { Cell } from '../support/cell.ts';
import { sourceOf } from '../support/past.ts';
import { createPod, createWeb, registerNode, run } from '../support/workload.ts';

const SETTINGS = { kind: 'ConfigMap', name: 'settings' };
const SETTINGS_QUERY = { ...SETTINGS, namespace: 'default' };

function why(cell: Cell, query: Query<'why'>) {
  return answerWhy(sourceOf(cell), query);
}

/** A cell with the ConfigMap `settings`, changed so many times; each change is caused by the one before where said. */
function changed(times: number, chained = false): Cell {
  const cell = Cell.begin();
  cell.create('ConfigMap', { metadata: { name: 'settings' } });
  for (let count = 1; count <= times; count++) {
    const { revision, correlation } = cell.get('ConfigMap', 'settings');
    const patch = { data: { count: String(count) } };
    cell.accept({
      ...SETTINGS,
      verb: 'patch',
      arguments: { patch },
      ...(chained ? { cause: revision, correlation } : {}),
    });
  }
  return cell;
}

/** One commit that led to so many. */
function led(count: number): Cell {
  const cell = Cell.begin();
  const { revision, correlation } = cell.create('ConfigMap', { metadata: { name: 'settings' } });
  for (let index = 0; index < count; index++)
    cell.create('ConfigMap', { metadata: { name: `made-${index}` } }, { cause: revision, correlation });
  return cell;
}

/** A name that so many objects had in turn, all gone. */
function reborn(times: number): { readonly cell: Cell; readonly uids: readonly string[] } {
  const cell = Cell.begin();
  const uids: string[] = [];
  for (let count = 0; count < times; count++) {
    uids.push(cell.create('ConfigMap', { metadata: { name: 'settings' } }).uid);
    cell.accept({ ...SETTINGS, verb: 'delete' });
  }
  return { cell, uids };
}

describe('a story', () => {
  test('has an object’s creation and its newest commits, and says how many are left out', () => {
    const answer = why(changed(20), SETTINGS_QUERY);
    expect(answer.story).toHaveLength(OWN_COMMITS_MAX);
    expect(answer.story[0]?.sentence).toBe('created');
    expect(answer.story.at(-1)?.sentence).toBe('changed: data.count = "20"');
    expect(answer.leftOut).toBe(21 - OWN_COMMITS_MAX);
    expect(answer.uncounted).toBeUndefined();
  });

  test('of a long life has the creation too, though not all of it was looked through', () => {
    const answer = why(changed(LOOKED_THROUGH_MAX + 50), SETTINGS_QUERY);
    expect(answer.story[0]?.sentence).toBe('created');
    expect(answer.leftOut).toBe(LOOKED_THROUGH_MAX - OWN_COMMITS_MAX + 1);
    expect(answer.uncounted).toBe(true);
    expect(describeWhy(answer)).toMatch(/^91 or more earlier commits about it are left out/m);
  });

  test('goes back so many causes', () => {
    const cell = changed(CHAIN_MAX + 10, true);
    const { revision } = cell.get('ConfigMap', 'settings');
    const answer = why(cell, { commit: revision });
    const { chain } = answer;
    expect(chain).toHaveLength(CHAIN_MAX);
    expect(chain.at(-1)).toBe(revision);
    expect(answer.cut).toEqual([chain[0]]);
    expect(describeWhy(answer)).toMatch(
      new RegExp(`^What led to revision ${chain[0]} is left out: periplus why ${chain[0]}$`, 'm'),
    );
  });

  test('goes back less far from commits beside the one in question', () => {
    const cell = changed(30, true);
    const { revision, correlation } = cell.get('ConfigMap', 'settings');
    cell.create('ConfigMap', { metadata: { name: 'led' } }, { cause: revision, correlation });
    cell.accept({ kind: 'ConfigMap', name: 'led', verb: 'patch', arguments: { patch: { data: { a: '1' } } } });
    const { chain, story, cut } = why(cell, { kind: 'ConfigMap', namespace: 'default', name: 'led' });
    expect(chain).toHaveLength(1);
    expect(story).toHaveLength(1 + SIDE_CHAIN_MAX);
    expect(cut).toEqual([story[0]?.revision]);
  });

  test('that is told whole says nothing of being cut', () => {
    const answer = why(changed(CHAIN_MAX - 2, true), SETTINGS_QUERY);
    expect(answer.cut).toEqual([]);
    expect(describeWhy(answer)).not.toMatch('What led to');
  });

  test('passes over what is no news', () => {
    const cell = Cell.begin();
    registerNode(cell, 'n1');
    createPod(cell, 'web');
    run(cell, 'web', 'n1');
    const notices = [{ type: 'Normal', reason: 'Pulled', message: 'the image is there' }];
    cell.accept({ kind: 'Pod', name: 'web', verb: 'report', arguments: { node: 'n1', containers: [], notices } });
    const { story } = why(cell, { kind: 'Pod', namespace: 'default', name: 'web' });
    expect(story.map(({ sentence }) => sentence)).toEqual([
      'created',
      'bound to n1',
      'container main started, running',
    ]);
  });
});

describe('what came of a commit', () => {
  test('is told of the first, and counted', () => {
    const cell = led(WIDTH_MAX + 3);
    const answer = why(cell, SETTINGS_QUERY);
    expect(answer.ledTo.shown).toHaveLength(WIDTH_MAX);
    expect(answer.ledTo).toMatchObject({ more: 3 });
    expect(describeWhy(answer)).toMatch(/→ and 3 more$/m);
  });

  test('is counted up to a bound, and says so', () => {
    const { ledTo } = why(led(READS_MAX + 1), SETTINGS_QUERY);
    expect(ledTo).toMatchObject({ more: READS_MAX - WIDTH_MAX, uncounted: true });
  });

  test('is followed so deep', () => {
    const cell = changed(DEPTH_MAX + 5, true);
    const { createdRevision } = cell.get('ConfigMap', 'settings');
    let { ledTo } = why(cell, { commit: createdRevision });
    let depth = 0;
    for (; ledTo.shown[0] !== undefined; ledTo = ledTo.shown[0].consequences) depth++;
    expect(depth).toBe(DEPTH_MAX);
    expect(ledTo.more).toBe(1);
  });

  test('stands in the place of a controller’s count', () => {
    const cell = Cell.begin();
    const web = createWeb(cell);
    const status = { kind: 'ReplicationController', name: 'web', verb: 'reportStatus', arguments: { replicas: 1 } };
    const counted = cell.accept({ ...status, cause: web.revision });
    cell.create('ConfigMap', { metadata: { name: 'after' } }, { cause: counted?.revision ?? 0 });
    const { ledTo } = why(cell, { commit: web.revision });
    expect(ledTo.shown.map(({ commit }) => commit.name)).toEqual(['after']);
  });
});

describe('objects that had one name in turn', () => {
  test('are told apart: the last is meant, and the others are listed', () => {
    const { cell, uids } = reborn(3);
    const answer = why(cell, SETTINGS_QUERY);
    expect(answer).toMatchObject({ object: { uid: uids[2] }, state: null });
    expect(answer.otherLives.map(({ uid }) => uid)).toEqual([uids[1], uids[0]]);
    expect(answer.story.map(({ uid }) => uid)).toEqual([uids[2], uids[2]]);
    expect(describeWhy(answer)).toContain(`Others had that name; ask with --uid: ${uids[1]}`);
  });

  test('are asked for by uid, however many came after', () => {
    const { cell, uids } = reborn(LIVES_MAX + 3);
    const answer = why(cell, { ...SETTINGS_QUERY, uid: uids[0] ?? '' });
    expect(answer.story.map(({ sentence }) => sentence)).toEqual(['created', 'removed']);
    expect(answer.object.uid).toBe(uids[0]);
    expect(answer.otherLives).toHaveLength(LIVES_MAX);
  });

  test('are looked for as of then with a moment', () => {
    const { cell, uids } = reborn(2);
    const { createdRevision } =
      sourceOf(cell).past.objectAt({ ...SETTINGS, namespace: 'default' }, cell.state.revision - 1) ?? {};
    const answer = why(cell, { ...SETTINGS_QUERY, at: { revision: (createdRevision ?? 0) - 2 } });
    expect(answer).toMatchObject({ object: { uid: uids[0] }, otherLives: [] });
    expect(answer.state).not.toBeNull();
  });
});

describe('what cannot be answered', () => {
  const cell = changed(1);
  const { revision } = cell.state;

  test.each<[string, Query<'why'>, RegExp]>([
    [
      'an object that never was',
      { kind: 'ConfigMap', namespace: 'default', name: 'none' },
      /configmaps "none" not found, and there never was one since/,
    ],
    [
      'an object that was not yet',
      { ...SETTINGS_QUERY, at: { revision: 1 } },
      /configmaps "settings" did not exist yet at revision 1 /,
    ],
    [
      'another uid',
      { ...SETTINGS_QUERY, uid: 'other' },
      /configmaps "settings" not found with uid other; the last one had /,
    ],
    ['an unknown kind', { kind: 'Widget', name: 'a' }, /doesn't have a resource type "Widget"/],
    ['a namespace that is missing', SETTINGS, /ConfigMap needs a namespace/],
    ['a revision in the future', { commit: revision + 1 }, /is in the future: the last one is/],
    ['a time before the log began', { ...SETTINGS_QUERY, at: { time: 0 } }, /before the log began/],
    ['nothing', {}, /say of what/],
    ['both', { ...SETTINGS_QUERY, commit: 1 }, /either a commit or an object/],
  ])('%s', (_what, query, message) => {
    expect(() => why(cell, query)).toThrow(message);
  });
});
