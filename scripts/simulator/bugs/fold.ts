/** Bugs in folding the log and in what is kept of the state: revisions, hashes, outcomes, positions. */
import type { PlantedBug } from '../planted-bug.ts';

const FOLD = 'src/state/fold.ts';

export const FOLD_BUGS: readonly PlantedBug[] = [
  {
    name: 'refusals forgotten',
    mistake: 'A refusal changes nothing, so nothing of it is remembered.',
    edits: [
      {
        file: 'src/state/overlay.ts',
        find: 'for (const refused of this.#refused.splice(0)) this.#remember(refusedOutcome(refused, this.#revision));',
        put: 'for (const refused of this.#refused.splice(0)) refusedOutcome(refused, this.#revision);',
      },
      {
        file: FOLD,
        find: 'for (const refused of entry.refused) folding.remember(refusedOutcome(refused, revision));',
        put: 'for (const refused of entry.refused) refusedOutcome(refused, revision);',
      },
    ],
  },
  {
    name: 'a revision skipped in a fold',
    mistake: 'The loop over an entry of many commits ends one too early.',
    edits: [
      {
        file: FOLD,
        find: 'for (const commit of entry.commits) {\n    const at',
        put: 'for (const commit of entry.commits.slice(0, Math.max(1, entry.commits.length - 1))) {\n    const at',
      },
    ],
  },
  {
    name: 'a revision skipped, and no hash compared',
    mistake: 'The same, by somebody who also thought that comparing hashes costs too much.',
    secondDefence: 'the state hash of each entry, at which a wrong fold stops by itself',
    edits: [
      {
        file: FOLD,
        find: 'for (const commit of entry.commits) {\n    const at',
        put: 'for (const commit of entry.commits.slice(0, Math.max(1, entry.commits.length - 1))) {\n    const at',
      },
      {
        file: FOLD,
        find: 'if (entry.fold !== FOLD_VERSION || state === entry.state) return;',
        put: 'if (state !== "") return;',
      },
    ],
  },
  {
    name: 'kept state trusted without its hash',
    mistake: 'The read model is ours, and its position is on the log.',
    edits: [
      {
        file: 'src/cell/start-state.ts',
        find: 'return actual === expected ? state :',
        put: 'return actual !== "" ? state :',
      },
    ],
  },
];
