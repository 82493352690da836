/** What is wrong with a cell's lineages, whichever kind of log holds them. */

/** The cell's lineages are not what they must be: two of them are current, or one that was taken over is missing. Terminal. */
export class LineageError extends Error {
  override readonly name = 'LineageError';
}
