/** Finds the end of a run by halving: what is asked in a log that only grows in revision and time. */

/** The largest whole number from 0 to `most` for which it holds; 0 where it holds for none. It must hold for all below one for which it does. */
export function bisect(most: number, holds: (value: number) => boolean): number {
  let [low, high] = [0, most];
  while (low < high) {
    const middle = low + Math.ceil((high - low) / 2);
    if (holds(middle)) low = middle;
    else high = middle - 1;
  }
  return low;
}
