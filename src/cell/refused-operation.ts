/** Why something was not done to a cell's files, in words for whoever asked. */

/** It cannot be done there, or not with that; the message says why and what to do next. */
export class RefusedOperationError extends Error {
  override readonly name = 'RefusedOperationError';
}
