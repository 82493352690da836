/** Finds the command that makes an object what it was: what its users wrote then, in the life it has now. */
import {
  asWritten,
  isBeingDeleted,
  refuse,
  type Commit,
  type Kind,
  type ObjectKey,
  type ObjectRecord,
  type View,
} from '../../machines/index.ts';
import type { PlanAnswer, PlannedCommand } from '../bus/history-messages/plan.ts';
import { describePoint } from './moment.ts';
import { PastError, type Past, type PastPoint } from './past.ts';
import { planOf } from './plan.ts';

/** Commits looked through for the changes that are undone: enough for any but a controller's thousands of reports. */
export const UNDONE_COMMITS_MAX = 1_000;

/** What planning rests on. */
export interface PlanSource {
  readonly past: Past;
  readonly view: View;
  /** Unix milliseconds. */
  readonly now: number;
}

/** Raises PastError where there is nothing to roll back, or nothing to roll back to. */
export function planRollback(source: PlanSource, kind: Kind, key: ObjectKey, target: PastPoint): PlanAnswer {
  const { past, view } = source;
  const current = currentOf(source, kind, key, target);
  const then = past.objectAt(key, target.revision);
  if (then === undefined) throw new PastError('NotFound', absentThen(past, kind, current, target));
  if (then.uid !== current.uid) throw new PastError('BadRequest', otherLife(kind, then, current, target));
  const undone = undoneSince(past, key, target.revision);
  const cause = undone[0] ?? past.commit(current.revision)?.commit;
  const command: PlannedCommand = {
    ...key,
    verb: 'replace',
    arguments: { manifest: manifestOf(past, kind, then, current) },
    preconditions: { uid: current.uid, revision: current.revision },
    ...(cause === undefined ? {} : { cause: cause.revision, correlation: cause.correlation }),
    reason: `rolled back to ${describePoint(target)}${describeUndone(undone)}`,
  };
  return planOf({ view, now: source.now }, kind, command, { source: target.revision, notes: [] });
}

function currentOf({ past, view }: PlanSource, kind: Kind, key: ObjectKey, target: PastPoint): ObjectRecord {
  const current = view.get(key.kind, key.namespace, key.name);
  const gone = refuse.notFound(kind, key.name).message;
  if (current === undefined) {
    const [last] = past.commitsOf(key);
    if (last === undefined) throw new PastError('NotFound', gone);
    const at = past.objectAt(key, target.revision) === undefined ? '' : ` --at ${target.revision}`;
    const advice = `"undelete ${kind.singular}/${key.name}${at}" brings it back`;
    throw new PastError('NotFound', `${gone}: it was removed at revision ${last.commit.revision}; ${advice}`);
  }
  if (!isBeingDeleted(current.context.metadata)) return current;
  const why = `it is being deleted; once it is gone, "undelete ${kind.singular}/${key.name}" brings it back`;
  throw new PastError('BadRequest', refuse.conflict(kind, key.name, why).message);
}

function absentThen(past: Past, kind: Kind, { name, createdRevision }: ObjectRecord, target: PastPoint): string {
  const created = past.commit(createdRevision);
  const since =
    created === undefined ? `revision ${createdRevision}` : describePoint({ ...created.commit, ...created });
  return `${kind.plural} "${name}" did not exist at ${describePoint(target)}: it was created at ${since}`;
}

function otherLife(kind: Kind, then: ObjectRecord, current: ObjectRecord, target: PastPoint): string {
  const { name } = current;
  const was = `at ${describePoint(target)} ${kind.plural} "${name}" was another object, of uid ${then.uid}`;
  const is = `the one of now, of uid ${current.uid}, was created at revision ${current.createdRevision}`;
  const advice = `to have the other one back, delete this one, then "undelete ${kind.singular}/${name} --uid ${then.uid}"`;
  return `${was}; ${is}: ${advice}`;
}

/** Finalizers and owners are agreements with controllers about what is now, so they stay. */
function manifestOf(past: Past, kind: Kind, then: ObjectRecord, current: ObjectRecord) {
  const { metadata, ...parts } = asWritten(kind, then, past.objectAt(then, then.createdRevision));
  const { finalizers: _finalizers, ownerReferences: _owners, ...written } = metadata;
  const { finalizers, ownerReferences } = current.context.metadata;
  const kept = { ...(finalizers ? { finalizers } : {}), ...(ownerReferences ? { ownerReferences } : {}) };
  return { ...parts, metadata: { ...written, ...kept } };
}

/** The commits after a revision that changed the manifest rather than reported something, newest first. */
function undoneSince(past: Past, key: ObjectKey, after: number): readonly Commit[] {
  const undone: Commit[] = [];
  let looked = 0;
  for (const { commit } of past.commitsOf(key)) {
    if (commit.revision <= after || ++looked > UNDONE_COMMITS_MAX) return undone;
    if (commit.events.some(({ data }) => changesManifest(data))) undone.push(commit);
  }
  return undone;
}

function describeUndone(undone: readonly Commit[]): string {
  const [newest, oldest] = [undone[0], undone.at(-1)];
  if (newest === undefined || oldest === undefined) return '';
  if (newest === oldest) return `, undoing revision ${newest.revision}`;
  return `, undoing ${undone.length} changes, revisions ${oldest.revision} to ${newest.revision}`;
}

/** Changes of a manifest are stored as a patch or as the whole object, whatever the kind calls them. */
function changesManifest(data: unknown): boolean {
  return typeof data === 'object' && data !== null && ('patch' in data || 'image' in data);
}
