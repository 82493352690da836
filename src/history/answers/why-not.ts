/** Answers `why-not`: what the scheduler's own filters have against each node, now or at a past moment, and what the log says. */
import {
  boundNode,
  isBeingDeleted,
  isTerminal,
  type ObjectContext,
  type ObjectKey,
  type PodContext,
  type PodRecord,
  type View,
} from '../../../machines/index.ts';
import type { RecordedCommit } from '../../bus/history-messages/recorded.ts';
import type { NodeJudgement, WhyNotAnswer } from '../../bus/history-messages/why-not.ts';
import type { Query } from '../../bus/query-messages.ts';
import { explain } from '../../scheduler/explain.ts';
import { keyOf, kindOf, pointAt } from '../moment.ts';
import { PastError, type Past, type PastPoint } from '../past.ts';
import { told } from '../sentences.ts';
import { livesOf } from '../why-lives.ts';
import type { HistorySource } from './index.ts';

/** Commits of a pod looked through for the scheduler's words: more than any that waits has. */
export const LOOKED_THROUGH_MAX = 300;

type Standing = WhyNotAnswer['standing'];

export function answerWhyNot({ past, view, now }: HistorySource, query: Query<'why-not'>): WhyNotAnswer {
  const at = pointAt(past, query.at, now());
  const key = keyOf(kindOf('Pod'), query);
  const pod = podAt({ past, view }, key, query.at === undefined ? undefined : at);
  if (pod === undefined) throw new PastError('NotFound', absent(past, key, at));
  const standing = standingOf(pod);
  const words = [...schedulerWords(past, key, pod, at)];
  const said = standing === 'Waiting' ? words[0] : lastWith(past, { key, at }, WORDS_OF[standing]);
  const nodes = standing === 'Waiting' ? judge(query.at === undefined ? view : pastView(past, at), pod) : [];
  return {
    pod: { ...key, uid: pod.uid },
    at,
    standing,
    said: said === undefined ? null : told(said),
    unschedulableSince: standing === 'Waiting' ? (words.at(-1)?.time ?? null) : null,
    message: standing === 'Waiting' ? messageOf(words[0]) : null,
    nodes,
  };
}

function podAt({ past, view }: Pick<HistorySource, 'past' | 'view'>, key: ObjectKey, at: PastPoint | undefined) {
  const record = at === undefined ? view.get(key.kind, key.namespace, key.name) : past.objectAt(key, at.revision);
  return record as PodRecord | undefined;
}

/** Raises PastError where there never was one. */
function absent(past: Past, key: ObjectKey, at: PastPoint): string {
  const { life } = livesOf(past, { kind: kindOf(key.kind), key, at });
  return `pods "${key.name}" is gone since revision ${life.last}: "why pod/${key.name}" tells why`;
}

function standingOf(pod: PodRecord): Standing {
  if (isTerminal(pod)) return 'Ended';
  if (boundNode(pod) !== undefined) return 'Bound';
  return isBeingDeleted(pod.context.metadata) ? 'Leaving' : 'Waiting';
}

const UNSCHEDULABLE = 'PodUnschedulable';
/** The event that each standing follows from. */
const WORDS_OF: Readonly<Record<Standing, readonly string[]>> = {
  Waiting: [UNSCHEDULABLE],
  Bound: ['PodScheduled'],
  Ended: ['PodSucceeded', 'PodFailed'],
  Leaving: ['PodDeletionRequested'],
};

function has({ commit }: RecordedCommit, types: readonly string[]): boolean {
  return commit.events.some(({ type }) => types.includes(type));
}

function lastWith(
  past: Past,
  { key, at }: { readonly key: ObjectKey; readonly at: PastPoint },
  types: readonly string[],
): RecordedCommit | undefined {
  let looked = 0;
  for (const recorded of past.commitsOf(key, at.revision)) {
    if (has(recorded, types)) return recorded;
    if (++looked === LOOKED_THROUGH_MAX) return undefined;
  }
  return undefined;
}

/** Each time the scheduler found no node for it, the latest first. */
function* schedulerWords(past: Past, key: ObjectKey, pod: PodRecord, at: PastPoint) {
  let looked = 0;
  for (const recorded of past.commitsOf(key, at.revision)) {
    if (recorded.commit.uid !== pod.uid || looked++ === LOOKED_THROUGH_MAX) return;
    if (has(recorded, [UNSCHEDULABLE])) yield recorded;
  }
}

function messageOf(said: RecordedCommit | undefined): string | null {
  const event = said?.commit.events.find(({ type }) => type === UNSCHEDULABLE);
  return event === undefined ? null : (event.data as { readonly message: string }).message;
}

function judge(view: Pick<View, 'list'>, pod: PodRecord): readonly NodeJudgement[] {
  return explain(view, pod).map(({ node, objections }) => ({
    node,
    objections: objections.map((objection) => ({ reason: objection.reason, detail: objection.detail() })),
  }));
}

/** Nodes and pods as they were. */
function pastView(past: Past, { revision }: PastPoint): Pick<View, 'list'> {
  return {
    *list<Context extends ObjectContext>(kind: string, namespace?: string) {
      const scope = { kind, revision, ...(namespace === undefined ? {} : { namespace }) };
      for (let page = past.listAt(scope); ;) {
        yield* page.records as Iterable<PodRecord & { readonly context: Context & PodContext }>;
        const after = page.records.at(-1);
        if (!page.more || after === undefined) return;
        page = past.listAt({ ...scope, after });
      }
    },
  };
}
