/** Where others say the log once was: whoever has seen more than the log holds proves that some of it was lost. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { WorkPosition } from '../agent/control-plane-link.ts';
import { parseSavedState } from '../agent/local-state.ts';
import { WORK_FILE } from '../agent/storage.ts';
import { loadReadModel } from '../read-model/index.ts';
import type { DataDirectory } from './data-directory.ts';
import type { KnownPosition } from './seen-position.ts';

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
