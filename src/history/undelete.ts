/** Finds the command that makes a deleted object anew, as it was before its deletion was asked for. */
import {
  asWritten,
  controllerOf,
  displayKey,
  isBeingDeleted,
  kinds,
  refuse,
  type Kind,
  type ObjectKey,
  type ObjectMeta,
  type ObjectRecord,
  type OwnerReference,
  type View,
} from '../../machines/index.ts';
import type { PlanAnswer, PlannedCommand } from '../bus/history-messages/plan.ts';
import type { RecordedCommit } from '../bus/history-messages/recorded.ts';
import { describePoint } from './moment.ts';
import { PastError, type Past, type PastPoint } from './past.ts';
import { planOf } from './plan.ts';
import type { PlanSource } from './rollback.ts';

/** Annotation: the uid of the object that it takes the place of. */
export const UNDELETED_FROM = 'periplus.dev/undeleted-from';

/** Which life of a name, and as of when. */
export interface LifeChoice {
  readonly uid?: string;
  readonly at?: PastPoint;
}

/** A life that is over. */
interface PastLife {
  /** The object as it is to be made again. */
  readonly record: ObjectRecord;
  /** Last revision at which it was so. */
  readonly until: number;
  readonly removal: RecordedCommit;
}

/** Raises PastError where there is nothing to bring back. */
export function planUndelete(source: PlanSource, kind: Kind, key: ObjectKey, choice: LifeChoice): PlanAnswer {
  const { past, view } = source;
  refuseLiving(kind, view.get(key.kind, key.namespace, key.name));
  const { record, until, removal } = pastLife(past, kind, key, choice);
  const written = asWritten(kind, record, past.objectAt(key, record.createdRevision));
  const { ownerReferences = [], ...metadata } = written.metadata;
  const owners = ownerReferences.filter((owner) => isThere(view, key, owner));
  const annotations = { ...metadata.annotations, [UNDELETED_FROM]: record.uid };
  const command: PlannedCommand = {
    ...key,
    verb: 'create',
    arguments: {
      manifest: {
        ...written,
        metadata: { ...metadata, annotations, ...(owners.length > 0 ? { ownerReferences: owners } : {}) },
      },
    },
    cause: removal.commit.revision,
    correlation: removal.commit.correlation,
    reason: `undeleted: as it was at revision ${until}, before its removal at ${describePoint({ ...removal.commit, ...removal })}`,
  };
  const notes = notesOf(record.context.metadata, ownerReferences, owners);
  return planOf({ view, now: source.now }, kind, command, { source: until, notes });
}

function refuseLiving(kind: Kind, current: ObjectRecord | undefined): void {
  if (current === undefined) return;
  const { name, uid } = current;
  if (isBeingDeleted(current.context.metadata)) {
    throw new PastError('BadRequest', `${kind.plural} "${name}" is still being deleted; undelete it once it is gone`);
  }
  const advice = `its uid is ${uid}; "rollback ${kind.singular}/${name} --to REVISION" makes it what it was`;
  throw new PastError('BadRequest', `${refuse.alreadyExists(kind, name).message}: ${advice}`);
}

function pastLife(past: Past, kind: Kind, key: ObjectKey, { uid, at }: LifeChoice): PastLife {
  if (at !== undefined) {
    const record = past.objectAt(key, at.revision);
    const where = describePoint(at);
    if (record === undefined) throw new PastError('NotFound', `${kind.plural} "${key.name}" did not exist at ${where}`);
    if (uid !== undefined && uid !== record.uid) {
      throw new PastError('BadRequest', `at ${where} ${kind.plural} "${key.name}" was of uid ${record.uid}`);
    }
    return { record, until: at.revision, removal: removalOf(past, key, record.uid) };
  }
  const removal = uid === undefined ? newestOf(past, kind, key) : removalOf(past, key, uid);
  return { ...lastWhole(past, key, removal), removal };
}

function newestOf(past: Past, kind: Kind, key: ObjectKey): RecordedCommit {
  const [newest] = past.commitsOf(key);
  if (newest !== undefined) return newest;
  throw new PastError('NotFound', `${refuse.notFound(kind, key.name).message}: nothing of that name was ever there`);
}

function removalOf(past: Past, key: ObjectKey, uid: string): RecordedCommit {
  for (const recorded of past.commitsOfUid(uid)) {
    const { kind, namespace, name } = recorded.commit;
    if (kind === key.kind && namespace === key.namespace && name === key.name) return recorded;
    throw new PastError('NotFound', `uid ${uid} is that of ${displayKey(recorded.commit)}, not of ${displayKey(key)}`);
  }
  throw new PastError('NotFound', `no object of uid ${uid} was ever there`);
}

/** The object before its deletion was asked for, and the last revision before that. */
function lastWhole(past: Past, key: ObjectKey, removal: RecordedCommit): Omit<PastLife, 'removal'> {
  let end = removal.commit.revision;
  for (const { commit } of past.commitsOfUid(removal.commit.uid)) {
    const record = past.objectAt(key, commit.revision);
    if (record !== undefined && !isBeingDeleted(record.context.metadata)) return { record, until: end - 1 };
    end = commit.revision;
  }
  throw new PastError('NotFound', `of ${displayKey(key)} no more is known than its removal at revision ${end}`);
}

/** Whether an owner is there still, and the same one. */
function isThere(view: View, { namespace }: ObjectKey, { kind, name, uid }: OwnerReference): boolean {
  const owner = view.get(kind, kinds.get(kind)?.namespaced === true ? namespace : '', name);
  return owner?.uid === uid && !isBeingDeleted(owner.context.metadata);
}

function notesOf(
  metadata: ObjectMeta,
  before: readonly OwnerReference[],
  owners: readonly OwnerReference[],
): readonly string[] {
  const gone = before.filter((owner) => !owners.includes(owner));
  const controller = controllerOf(metadata);
  const controlled = controller !== undefined && owners.includes(controller);
  return [
    ...gone.map(({ kind, name }) => `its owner ${kind} ${name} is gone, so it comes back without that owner`),
    ...(controlled
      ? [`${controller.kind} ${controller.name} controls it: where another took its place, one of them is removed`]
      : []),
  ];
}
