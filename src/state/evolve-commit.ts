/** What one commit makes of its object: the step that the fold takes for every object and the past for one. */
import {
  evolve,
  initialState,
  isFinal,
  type Commit,
  type Event,
  type Kind,
  type MachineState,
  type ObjectKey,
  type ObjectRecord,
} from '../../machines/index.ts';
import { currentEvent } from './current-event.ts';

/** What of a commit changes its object. */
export interface EvolvingCommit extends Pick<Commit, 'revision' | 'correlation'>, ObjectKey {
  readonly events: readonly Event[];
}

/** The object after a commit; undefined once it is gone. Raises IllegalEventError or UnknownEventError. */
export function evolveCommit(
  kind: Kind,
  before: ObjectRecord | undefined,
  commit: EvolvingCommit,
  time: number,
): ObjectRecord | undefined {
  let state: MachineState = before ?? initialState(kind.machine);
  for (const event of commit.events) {
    const { type, data } = currentEvent(kind, event);
    state = evolve(kind.machine, state, { type, data, time });
  }
  return isFinal(kind.machine, state.value) ? undefined : makeRecord(kind, commit, before, state);
}

/** Takes the key's texts from the record before, so that an object's versions share them instead of one copy each. */
function makeRecord(
  kind: Kind,
  commit: EvolvingCommit,
  before: ObjectRecord | undefined,
  state: MachineState,
): ObjectRecord {
  const key = before ?? commit;
  return {
    kind: kind.kind,
    namespace: key.namespace,
    name: key.name,
    uid: before?.uid ?? state.context.metadata.uid,
    revision: commit.revision,
    createdRevision: before?.createdRevision ?? commit.revision,
    correlation: commit.correlation,
    value: state.value,
    context: state.context,
  };
}
