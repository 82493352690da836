/** Where others say the log once was: whoever has seen more than the log holds proves that some of it was lost. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkPosition } from '../agent/control-plane-link.ts';
import { parseSavedState, WORK_FILE } from '../agent/local-state.ts';
import { LogDamageError, type Position } from '../log/entry.ts';
import { loadReadModel } from '../read-model/index.ts';
import type { DataDirectory } from './data-directory.ts';

/** A position, and who was there. */
export interface KnownPosition extends WorkPosition {
  readonly by: string;
}

/** What is wrong when a position somebody reached on this lineage lies beyond ours, or differs; undefined when it fits. */
export function contradiction(ours: Position, seen: WorkPosition, by: string): LogDamageError | undefined {
  if (seen.lineage !== ours.lineage) return undefined;
  const at = { entry: Math.min(seen.entry, ours.entry + 1), revision: Math.min(seen.revision, ours.revision + 1) };
  if (seen.entry > ours.entry) {
    return new LogDamageError({
      ...at,
      what: `${by} has seen entry ${seen.entry} of it, but it ends at entry ${ours.entry}`,
    });
  }
  if (seen.entry === ours.entry && seen.hash !== ours.hash) {
    return anotherSeen(seen, by);
  }
  return undefined;
}

/** The log has gone on, but not from where somebody was: it was put back to an older copy in between. */
export function anotherSeen({ entry, revision }: WorkPosition, by: string): LogDamageError {
  return new LogDamageError({ entry, revision, what: `${by} has seen another entry ${entry}` });
}

/** How far this machine's control planes and agents have seen the log. */
export function knownPositions(directory: DataDirectory): readonly KnownPosition[] {
  const readModels = [directory.readModel, join(directory.root, 'standby', 'read-model.sqlite')].map((file) => ({
    by: `the read model ${file}`,
    position: readModelPosition(file),
  }));
  const agents = readdirSync(directory.root)
    .filter((name) => name.startsWith('agent-'))
    .map((name) => ({
      by: `the agent of node ${name.slice('agent-'.length)}`,
      position: agentPosition(join(directory.root, name, WORK_FILE)),
    }));
  return [...readModels, ...agents].flatMap(({ by, position }) =>
    position !== undefined && position.entry > 0 ? [{ ...position, by }] : [],
  );
}

/** Nothing where there is no readable read model: it is disposable. */
function readModelPosition(file: string): WorkPosition | undefined {
  try {
    using stored = loadReadModel(file);
    return stored?.position;
  } catch {
    return undefined;
  }
}

/** Nothing where the agent has kept nothing that can be trusted. */
function agentPosition(file: string): WorkPosition | undefined {
  try {
    const saved = parseSavedState(readFileSync(file, 'utf8'));
    return saved === 'damaged' ? undefined : saved?.mark?.position;
  } catch {
    return undefined;
  }
}
