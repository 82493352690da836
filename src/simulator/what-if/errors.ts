/** What is wrong with a scenario, once it meets the cell it is about. */
import type { ObjectKey, View } from '../../../machines/index.ts';
import { nameOf } from './scenario.ts';

/** Objects named in a sentence that says which there are: enough to see a typing error. */
const NAMED_MAX = 8;

/** A step that cannot be played: it names what is not there, or the cell refuses it. Terminal; mend the scenario. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}

/** There is no such object; says which there are of its kind. */
export function missing(view: View, key: ObjectKey): ScenarioError {
  const known = [...view.list(key.kind)]
    .map(({ namespace, name }) => (namespace === '' ? name : `${namespace}/${name}`))
    .toSorted();
  const some = known.slice(0, NAMED_MAX).join(', ') + (known.length > NAMED_MAX ? ', ...' : '');
  const there = known.length === 0 ? 'there are none' : `there are: ${some}`;
  return new ScenarioError(`there is no ${nameOf(key)} at this point of the scenario; ${there}`);
}
