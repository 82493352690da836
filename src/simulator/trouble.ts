/** Changes a rate of trouble for a while: overlapping faults add up, and each takes away no more than it brought. */

/** Finer than any rate that is used; sums of fractions never come back to nothing exactly. */
const PRECISION = 1e6;

/** Adds to one number of a record of them; returns how to take it away again. */
export function addTrouble<Name extends string>(trouble: Record<Name, number>, name: Name, by: number): () => void {
  trouble[name] += by;
  return () => {
    trouble[name] = Math.max(0, Math.round((trouble[name] - by) * PRECISION) / PRECISION);
  };
}
