/** One supervisor at a time for a data directory, whoever starts it and however it ends. */
import { hash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { createServer } from 'node:net';

/** Exit code of a supervisor that found another one there (sysexits' EX_TEMPFAIL). */
export const EXIT_DIRECTORY_TAKEN = 75;

/** Another supervisor holds the data directory. */
export class DirectoryTakenError extends Error {
  override readonly name = 'DirectoryTakenError';

  constructor(root: string) {
    super(`another process starts or stops the cell under ${root}: try again when it is done`);
  }
}

/**
 * Holds the directory until it is let go or this process ends: a socket in Linux's abstract namespace, which the kernel takes away with its
 * owner, so that nothing is left behind to be judged. Rejects with DirectoryTakenError.
 */
export function holdDirectory(root: string): Promise<AsyncDisposable> {
  const name = `\0periplus-supervisor-${hash('sha256', realpathSync(root))}`;
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy());
    server.once('error', (cause: NodeJS.ErrnoException) =>
      reject(cause.code === 'EADDRINUSE' ? new DirectoryTakenError(root) : cause),
    );
    const release = () => new Promise<void>((done) => server.close(() => done()));
    server.listen(name, () => resolve({ [Symbol.asyncDispose]: release }));
    server.unref();
  });
}
