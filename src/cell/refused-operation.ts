/** Why something was not done to a cell's files, in words for whoever asked. */

/** It cannot be done there, or not with that; the message says why and what to do next. */
export class RefusedOperationError extends Error {
  override readonly name = 'RefusedOperationError';
}

/** What the file system says, as the refusal of what was being done: `writing /a/file`. Anything else stays as it is. */
export function fileTrouble(doing: string, error: unknown): unknown {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (!(error instanceof Error) || code === undefined || syscall === undefined) return error;
  return new RefusedOperationError(`${doing}: ${error.message}`, { cause: error });
}
