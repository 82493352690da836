/** Whoever folds the log comes to the state that the second follower came to at the same entry, and folds nothing that was never stored. */
import type { AppliedEntry } from '../../state/applied-entry.ts';
import type { CellState } from '../../state/cell-state.ts';
import type { Scene } from '../scene.ts';

export function followersAgree({ truth }: Scene, report: (what: string) => void) {
  return (name: string, { entry, position }: AppliedEntry, state: CellState): void => {
    const stored = truth.entries.get(position.hash);
    if (stored === undefined && truth.isBroken) return;
    if (stored === undefined) return report(`${name} folded an entry ${entry.number} that was never stored`);
    const hash = state.stateHash();
    if (hash === stored.stateHash && stored.number === entry.number) return;
    report(`${name} is in state ${hash} after entry ${entry.number}, which leads to ${stored.stateHash}`);
  };
}
