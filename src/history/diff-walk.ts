/** All that changed between two moments, asked of a cell in parts as fast as whoever asks takes them. */
import { keyText, type ObjectKey } from '../../machines/index.ts';
import { DIFF_MAX_OBJECTS, type DiffKeysAnswer, type ObjectVersions } from '../bus/history-messages/diff.ts';
import type { Query, QueryAnswers } from '../bus/query-messages.ts';

/** Who answers: a cell's queries. */
export interface DiffAnswers {
  ask<Name extends 'diff-keys' | 'diff'>(name: Name, query: Query<Name>): Promise<QueryAnswers[Name]>;
}

/** The two points, and the objects between them. */
export interface DiffWalk extends Pick<DiffKeysAnswer, 'from' | 'to'> {
  /** Each object once. */
  readonly objects: AsyncIterable<ObjectVersions>;
}

/** Resolves once both moments are known to be there; rejects as a cell's queries do. */
export async function walkDiff(answers: DiffAnswers, query: Omit<Query<'diff-keys'>, 'after'>): Promise<DiffWalk> {
  const first = await answers.ask('diff-keys', query);
  const { from, to } = first;
  // Whatever happens meanwhile, the rest is about the same two points.
  const rest = { ...query, from: { revision: from.revision }, to: { revision: to.revision } };
  return { from, to, objects: objectsOf(answers, rest, first) };
}

async function* objectsOf(answers: DiffAnswers, query: Query<'diff-keys'>, first: DiffKeysAnswer) {
  const seen = new Set<string>();
  const revisions = { from: first.from.revision, to: first.to.revision };
  for (let part = first; ;) {
    let keys = part.keys.filter((key) => isNew(seen, key));
    while (keys.length > 0) {
      const { objects } = await answers.ask('diff', { ...revisions, keys: keys.slice(0, DIFF_MAX_OBJECTS) });
      yield* objects;
      keys = keys.slice(objects.length);
    }
    if (part.next === undefined) return;
    part = await answers.ask('diff-keys', { ...query, after: part.next });
  }
}

function isNew(seen: Set<string>, key: ObjectKey): boolean {
  const size = seen.size;
  return seen.add(keyText(key)).size > size;
}
