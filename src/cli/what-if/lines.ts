/** How long a section of an answer gets on a terminal. */

/** What does not fit a few screens is for `-o json`. */
export const LINES_MAX = 50;

/** Says how many lines a section leaves out; nothing where it leaves out none. */
export function moreLine(count: number): string {
  return count > LINES_MAX ? `... and ${count - LINES_MAX} more: -o json has them all\n` : '';
}
