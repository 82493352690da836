/** Answers `who`: blames each field's commit by folding the object's life again. */
import type { BlamedField, FieldValue, WhoAnswer } from '../../bus/history-messages/who.ts';
import type { RecordedCommit } from '../../bus/history-messages/recorded.ts';
import type { Query } from '../../bus/query-messages.ts';
import { keyOf, kindOf, pointAt } from '../moment.ts';
import { PastError } from '../past.ts';
import { told } from '../sentences.ts';
import { changedLeaves, fieldAt, leavesOf } from '../who-fields.ts';
import { walk, type WalkedCommit } from '../who-walk.ts';
import { livesOf } from '../why-lives.ts';
import type { HistorySource } from './index.ts';

export function answerWho({ past, now }: Pick<HistorySource, 'past' | 'now'>, query: Query<'who'>): WhoAnswer {
  const { namespace, name, uid, field } = query;
  const at = pointAt(past, query.at, now());
  const kind = kindOf(query.kind);
  const key = keyOf(kind, { name, ...(namespace === undefined ? {} : { namespace }) });
  const { life } = livesOf(past, { kind, key, at, ...(uid === undefined ? {} : { uid }) });
  const { steps, from, complete } = walk(past, { kind, key }, life);
  const fields = field === undefined ? blame(steps) : [];
  const values = field === undefined ? [] : valuesOf(steps, field);
  if (field !== undefined && values.length === 0)
    throw new PastError(
      'NotFound',
      `${kind.singular}/${name} never had a field ${field}: "who" without --field lists them`,
    );
  const last = steps.at(-1)?.recorded;
  const isGone = last !== undefined && past.objectAt(key, last.commit.revision)?.uid !== life.uid;
  return {
    object: { ...key, uid: life.uid },
    at,
    removed: isGone ? told(last) : null,
    fields,
    values,
    commits: named(steps, [...fields, ...values]).map(told),
    looked: steps.length,
    lookedFrom: from,
    complete,
  };
}

function blame(steps: readonly WalkedCommit[]): readonly BlamedField[] {
  const blamed = new Map<string, number>();
  for (const { recorded, before, after } of steps) {
    for (const [field] of changedLeaves(before, after)) blamed.set(field, recorded.commit.revision);
  }
  const fields = [...leavesOf(steps.at(-1)?.after)].map(([field, value]) => ({
    field,
    value,
    revision: blamed.get(field) ?? null,
  }));
  return fields.toSorted((one, other) => (one.field < other.field ? -1 : 1));
}

/** The value it had before the first commit looked at is that commit's too, for want of a better one. */
function valuesOf(steps: readonly WalkedCommit[], field: string): readonly FieldValue[] {
  const values: FieldValue[] = [];
  let known: string | undefined;
  for (const { recorded, after } of steps) {
    const value = fieldAt(after, field);
    const text = JSON.stringify(value);
    if (text === known) continue;
    known = text;
    values.push({ revision: recorded.commit.revision, ...(value === undefined ? {} : { value }) });
  }
  return values;
}

function named(
  steps: readonly WalkedCommit[],
  by: readonly { readonly revision: number | null }[],
): readonly RecordedCommit[] {
  const revisions = new Set(by.map(({ revision }) => revision));
  return steps.map(({ recorded }) => recorded).filter(({ commit }) => revisions.has(commit.revision));
}
