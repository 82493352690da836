/** Folds the newest part of an object's life again, telling what it was before and after each commit. */
import {
  evolve,
  initialState,
  renderManifest,
  type Kind,
  type MachineState,
  type ObjectContext,
  type ObjectKey,
  type ObjectRecord,
} from '../../machines/index.ts';
import type { RecordedCommit } from '../bus/history-messages/recorded.ts';
import type { Life } from '../bus/history-messages/why.ts';
import { currentEvent } from '../state/current-event.ts';
import type { Past } from './past.ts';
import { commitsOfLife } from './why-lives.ts';

/** Commits folded for one answer, the newest: some milliseconds of reading. Most objects never have as many. */
export const WALK_MAX = 300;

/** One commit and the object around it, as Kubernetes shows it but for its resourceVersion. */
export interface WalkedCommit {
  readonly recorded: RecordedCommit;
  readonly before: object | undefined;
  /** Of the commit that removed the object: as it was last. */
  readonly after: object;
}

/** Oldest first. Where the life is longer, the first has the commits before it in `before`. */
export function walk(past: Past, { kind, key }: { readonly kind: Kind; readonly key: ObjectKey }, life: Life) {
  const newest: RecordedCommit[] = [];
  for (const recorded of commitsOfLife(past, key, life)) {
    if (newest.push(recorded) === WALK_MAX) break;
  }
  const commits = newest.toReversed();
  const from = commits[0]?.commit.revision ?? life.first;
  const complete = from === life.first;
  const base = complete ? undefined : past.objectAt(key, from - 1);
  return { steps: [...steps(kind, commits, base)], from, complete };
}

function* steps(
  kind: Kind,
  commits: readonly RecordedCommit[],
  base: ObjectRecord | undefined,
): Generator<WalkedCommit, void, undefined> {
  let state: MachineState = base ?? initialState(kind.machine);
  let before = base && shown(kind, base.context);
  for (const recorded of commits) {
    for (const event of recorded.commit.events) {
      const { type, data } = currentEvent(kind, event);
      state = evolve(kind.machine, state, { type, data, time: recorded.time });
    }
    const after = shown(kind, state.context);
    yield { recorded, before, after };
    before = after;
  }
}

/** Parts that a commit does not touch stay the same objects, which makes comparing cheap. */
function shown(kind: Kind, context: ObjectContext): object {
  const record = { context, revision: 0 } as ObjectRecord;
  const { apiVersion: _version, kind: _kind, ...parts } = renderManifest(kind, record);
  return { ...parts, metadata: context.metadata };
}
