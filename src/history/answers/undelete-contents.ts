/** Answers `undelete-contents`: what users had made in a namespace that went away. */
import { controllerOf, isBeingDeleted, kinds, type Kind, type ObjectRecord } from '../../../machines/index.ts';
import type { UndeleteContentsAnswer } from '../../bus/history-messages/undelete.ts';
import type { Query } from '../../bus/query-messages.ts';
import { kindOf } from '../moment.ts';
import type { HistorySource } from './index.ts';

/** Objects looked at for one answer: as many reads of the past as a page of anything. */
export const CONTENTS_PAGE = 200;

export function answerUndeleteContents(
  { past }: Pick<HistorySource, 'past'>,
  { namespace, revision, after }: Query<'undelete-contents'>,
): UndeleteContentsAnswer {
  const order = inOrder([...kinds.values()].filter((kind) => kind.namespaced));
  const kind = after === undefined ? order[0] : kindOf(after.kind);
  if (kind === undefined) return { keys: [] };
  const page = past.listAt({
    kind: kind.kind,
    namespace,
    revision,
    limit: CONTENTS_PAGE,
    ...(after === undefined || after.name === '' ? {} : { after: { namespace, name: after.name } }),
  });
  const keys = page.records.filter(isUsers).map(({ name }) => ({ kind: kind.kind, namespace, name }));
  const following = page.more ? kind : order[order.indexOf(kind) + 1];
  if (following === undefined) return { keys };
  return { keys, next: { kind: following.kind, name: page.more ? (page.records.at(-1)?.name ?? '') : '' } };
}

/** Its controller makes the others anew, and what was on its way out already stays out. */
function isUsers({ context: { metadata } }: ObjectRecord): boolean {
  return controllerOf(metadata) === undefined && !isBeingDeleted(metadata);
}

/** What pods look at before controllers, and controllers before pods that stand for themselves. */
function inOrder(list: readonly Kind[]): readonly Kind[] {
  return list.toSorted((one, other) => rank(one) - rank(other));
}

function rank({ kind, reconcilers }: Kind): number {
  if (kind === 'Pod') return 2;
  return reconcilers === undefined ? 0 : 1;
}
