/** What must be true of a whole cell whatever happened to it: exactly the wanted pods, a container for each, and a log that folds into the same state. */
import { expect } from 'vitest';
import { isReady, type PodContext, type PodRecord } from '../../machines/pod/index.ts';
import type { ReplicationControllerContext } from '../../machines/replication-controller/index.ts';
import type { CellState } from '../../src/state/cell-state.ts';
import { decodeEntry } from '../../src/log/entry.ts';
import type { WholeCell } from './whole-cell.ts';
import { WEB_KEY, webManifest } from './workload.ts';

export const NODES = ['n1', 'n2', 'n3'] as const;
export const createWebCommand = (replicas: number, more: object = {}) => ({
  ...WEB_KEY,
  verb: 'create',
  arguments: { manifest: webManifest({ replicas }) },
  ...more,
});
export const scaleWebCommand = (replicas: number) => ({ ...WEB_KEY, verb: 'scale', arguments: { replicas } });

export function podsOf(state: CellState): readonly PodRecord[] {
  return [...state.list<PodContext>('Pod')];
}

export function podsOn(state: CellState, node: string): readonly PodRecord[] {
  return podsOf(state).filter(({ context }) => context.spec.nodeName === node);
}

/** Exactly so many pods of the controller, all ready, and its own count says so. */
export function allReady(replicas: number) {
  return (state: CellState) => {
    const web = state.get<ReplicationControllerContext>('ReplicationController', 'default', 'web');
    const owned = podsOf(state).filter(({ context }) => context.metadata.ownerReferences !== undefined);
    const { replicas: counted, readyReplicas = 0 } = web?.context.status ?? { replicas: -1 };
    return owned.length === replicas && owned.every(isReady) && counted === replicas && readyReplicas === replicas;
  };
}

/** A container runs for every pod of a node that is heard, and none without. */
export async function expectContainersMatch(cell: WholeCell, names: readonly string[] = NODES): Promise<void> {
  for (const name of names) {
    const wanted = podsOn(cell.state, name).map(({ uid }) => uid);
    expect((await cell.node(name).running()).toSorted()).toEqual(wanted.toSorted());
  }
}

export async function expectFoldsAlike(cell: WholeCell): Promise<void> {
  const { state } = await cell.refold();
  expect(state.position).toEqual(cell.state.position);
  expect(state.stateHash()).toBe(cell.state.stateHash());
}

/** No command is in the log twice. */
export async function expectEachCommandOnce(cell: WholeCell): Promise<void> {
  const ids: string[] = [];
  const last = await cell.log.lastNumber();
  for (let entry = 1; entry <= last; entry++) {
    const stored = await cell.log.get(entry);
    if (stored)
      ids.push(...decodeEntry(stored.payload, { entry, revision: 0 }).commits.map(({ commandId }) => commandId));
  }
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
}
