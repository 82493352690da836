/** Recorded histories as files: the entries of a log, one a line, and beside them what they must fold into for ever. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kinds, keyText, renderManifest, type Manifest } from '../../machines/index.ts';
import type { AppliedEntry } from '../../src/state/applied-entry.ts';
import type { CellState } from '../../src/state/cell-state.ts';
import { Fold } from '../../src/state/fold.ts';
import type { StoredEntry } from '../../src/log/event-log.ts';

export const historiesDirectory = import.meta.dirname;

const ENTRIES = '.jsonl';
const OUTCOME = '.final.json';

/** What a history ends in. */
export interface FinalState {
  readonly entries: number;
  readonly revision: number;
  /** Hash of the last entry. */
  readonly hash: string;
  /** The state hash. */
  readonly state: string;
  readonly objects: Readonly<Record<string, { readonly state: string; readonly manifest: Manifest }>>;
}

/** Names of all recorded histories, oldest first. */
export function historyNames(directory = historiesDirectory): readonly string[] {
  const files = readdirSync(directory).filter((file) => file.endsWith(ENTRIES));
  return files.map((file) => file.slice(0, -ENTRIES.length)).toSorted();
}

export function entriesPath(name: string, directory = historiesDirectory): string {
  return join(directory, name + ENTRIES);
}

export function finalStatePath(name: string, directory = historiesDirectory): string {
  return join(directory, name + OUTCOME);
}

export function readEntries(name: string, directory = historiesDirectory): readonly StoredEntry[] {
  const lines = readFileSync(entriesPath(name, directory), 'utf8').trimEnd().split('\n');
  return lines.map((line, index) => ({ number: index + 1, payload: Buffer.from(line) }));
}

export function readFinalState(name: string, directory = historiesDirectory): FinalState {
  return JSON.parse(readFileSync(finalStatePath(name, directory), 'utf8')) as FinalState;
}

/** Folds a history from the beginning, telling of each entry. Raises LogDamageError where it cannot be folded any more. */
export function replay(entries: readonly StoredEntry[], visit: (applied: AppliedEntry, fold: Fold) => void = () => {}) {
  const fold = new Fold();
  for (const entry of entries) visit(fold.apply(entry), fold);
  return fold.state;
}

/** The state as people see it, all of it. */
export function finalStateOf(state: CellState): FinalState {
  const objects: Record<string, FinalState['objects'][string]> = {};
  for (const kind of kinds.values()) {
    const records = [...state.list(kind.kind)].toSorted((left, right) => (keyText(left) < keyText(right) ? -1 : 1));
    for (const record of records) {
      objects[keyText(record)] = { state: record.value, manifest: renderManifest(kind, record) };
    }
  }
  const { entry, revision, hash } = state.position;
  return { entries: entry, revision, hash, state: state.stateHash(), objects };
}
