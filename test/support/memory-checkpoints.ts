// Checkpoints kept in memory, by the same rule as the bucket: the first of an entry stands.
import type { Checkpoint, CheckpointStore } from '../../src/log/checkpoint.ts';

export class MemoryCheckpoints implements CheckpointStore {
  readonly kept: Checkpoint[] = [];
  /** Raised by the next `add`, once. */
  trouble: Error | undefined;

  list(): Promise<readonly Checkpoint[]> {
    return Promise.resolve(this.kept.toSorted((one, other) => one.entry - other.entry));
  }

  add(checkpoint: Checkpoint): Promise<void> {
    const { trouble } = this;
    this.trouble = undefined;
    if (trouble) return Promise.reject(trouble);
    const isThere = this.kept.some(
      ({ lineage, entry }) => lineage === checkpoint.lineage && entry === checkpoint.entry,
    );
    if (!isThere) this.kept.push(checkpoint);
    return Promise.resolve();
  }
}
