// A short log with something of everything: kinds with and without a life, refusals, repeats, empty and large entries.
import type { Command } from '../../machines/index.ts';
import { newSigningKey } from '../../src/foundation/signing-key.ts';
import { signCheckpoint, signingKeyOf, type Checkpoint } from '../../src/log/checkpoint.ts';
import { decodeEntry, hashOf } from '../../src/log/entry.ts';
import type { StoredEntry } from '../../src/log/event-log.ts';
import { Cell } from './cell.ts';
import { bind, createWeb, deletePod, cleanUp, createPod, registerNode, reportRunning, scale } from './workload.ts';

export const CELL = 'cell-short';
const KEY = signingKeyOf(newSigningKey());

const OWNER = { apiVersion: 'v1', kind: 'ReplicationController', name: 'web', uid: 'owner', controller: true };
const SILENCE = { since: 0, silentMs: 10_000 };

/** The youngest object of a kind. */
function lastOf(cell: Cell, kind: string): string {
  return cell.list(kind).at(-1)?.name ?? '';
}

/** One step of the story: each makes an entry or two. */
type Step = (cell: Cell, value: string) => void;

const patch = (name: string, text: string): Omit<Command, 'id'> => ({
  kind: 'ConfigMap',
  namespace: 'default',
  name,
  verb: 'patch',
  arguments: { patch: { data: { text } } },
  actor: 'admin',
  reason: 'because',
});

const STEPS: readonly Step[] = [
  (cell, value) => void cell.create('ConfigMap', { metadata: { name: 'a' }, data: { text: value } }),
  (cell, value) => void cell.submit({ id: `patch ${value}`, ...patch('a', value) }),
  (cell) => void cell.send({ kind: 'ConfigMap', name: 'missing', verb: 'delete' }),
  (cell, value) => {
    const commands = ['1', '2', '3'].map((id) => ({ id: `${value}/${id}`, ...patch('a', `${value} ${id}`) }));
    cell.submitTogether([...commands, { id: `${value}/4`, ...patch('nobody', value) }]);
  },
  (cell) => void cell.submitTogether([]),
  (cell, value) => registerNode(cell, `n-${value}`),
  (cell, value) => {
    createPod(cell, `p-${value}`, { annotations: { note: value }, ownerReferences: [OWNER] });
    bind(cell, `p-${value}`, lastOf(cell, 'Node'));
  },
  (cell) => void createWeb(cell, { replicas: 0 }),
  (cell) => scale(cell, cell.list('Pod').length),
  (cell) => reportRunning(cell, lastOf(cell, 'Pod')),
  (cell) => void cell.send({ kind: 'Node', name: lastOf(cell, 'Node'), verb: 'markUnreachable', arguments: SILENCE }),
  (cell) => {
    const args = { node: lastOf(cell, 'Node'), defaultTolerationSeconds: 5 };
    cell.accept({ kind: 'Pod', name: lastOf(cell, 'Pod'), verb: 'markNodeLost', arguments: args });
  },
  (cell) => deletePod(cell, lastOf(cell, 'Pod')),
  (cell) => cleanUp(cell, lastOf(cell, 'Pod')),
  (cell) => void cell.send({ kind: 'ReplicationController', name: 'web', verb: 'delete' }),
  (cell) => void cell.send({ kind: 'ConfigMap', name: 'a', verb: 'delete' }),
];

/** Tells the story so many times over. A step that is forged says another word than it did. */
export function shortLog(times: number, forged?: number): readonly StoredEntry[] {
  const cell = Cell.begin();
  for (let step = 0; step < times * STEPS.length; step++) {
    const round = Math.floor(step / STEPS.length);
    cell.now += 1_000;
    STEPS[step % STEPS.length]?.(cell, step === forged ? `forged-${round}` : `round-${round}`);
  }
  return renumbered(cell.payloads);
}

/** How many steps the story has, told so many times. */
export function stepsOf(times: number): number {
  return times * STEPS.length;
}

/** Payloads as a stream numbers them. */
export function renumbered(payloads: readonly Uint8Array[]): readonly StoredEntry[] {
  return payloads.map((payload, index) => ({ number: index + 1, payload }));
}

/** What the writer would have signed at an entry. */
export function checkpointAt(log: readonly StoredEntry[], number: number, more: Partial<Checkpoint> = {}): Checkpoint {
  const { payload } = log[number - 1] as StoredEntry;
  const { lineage, firstRevision, commits, state, fold, time } = decodeEntry(payload, { entry: number, revision: 0 });
  const revision = firstRevision + commits.length - 1;
  const facts = { cell: CELL, lineage, entry: number, revision, hash: hashOf(payload), state, fold, time };
  return signCheckpoint({ ...facts, ...more }, KEY);
}

/** Entries as a log gives them. */
export async function* read(log: readonly StoredEntry[]): AsyncGenerator<readonly StoredEntry[]> {
  yield log;
}
