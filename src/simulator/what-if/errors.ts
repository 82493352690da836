/** What is wrong with a scenario, once it meets the cell it is about. */

/** A step that cannot be played: it names what is not there, or the cell refuses it. Terminal; mend the scenario. */
export class ScenarioError extends Error {
  override readonly name = 'ScenarioError';
}
