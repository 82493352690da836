/** Checkpoints as the past's commands know them; they are the log's, so that the bus may carry them too. */
export * from '../log/checkpoint.ts';
