/** Copies the read model as it is at one position, while it is being projected into: a snapshot to start from. */
import { openForReading } from './database.ts';
import { readModelError, troubleOf } from './errors.ts';

/**
 * Writes a copy into a file that is not there yet; blocks the calling thread, a second for 150,000 objects, and nobody else:
 * whoever writes the read model goes on. The copy is not synced. Raises ReadModelUnavailableError or ReadModelDamagedError.
 */
export function copyReadModel(file: string, copy: string): void {
  try {
    const database = openForReading(file);
    try {
      database.prepare('vacuum into ?').run(copy);
    } finally {
      database.close();
    }
  } catch (error) {
    throw readModelError('copying the read model', troubleOf(error), error);
  }
}
