/** The door of the read model: prepare the file, load what it holds, project into it, query it. */
export * from './errors.ts';
export { parseFieldSelector, type FieldRequirement, type SelectableField } from './field-selector.ts';
export {
  decodeContinue,
  encodeContinue,
  listFault,
  PAGE_MAX_CHARACTERS,
  PAGE_MAX_ITEMS,
  REQUIREMENTS_MAX,
  type ListRequest,
  type ManifestPage,
  type PagePosition,
  type RecordPage,
} from './list-request.ts';
export { loadReadModel, type StoredState } from './load.ts';
export { discardReadModel, prepareReadModel } from './migrate.ts';
export { createProjector } from './projector.ts';
export * from './projector-options.ts';
export { openQueries, type ReadModelQueries } from './queries.ts';
export { HistoryReader, type Order } from './history/reader.ts';
export type { CommitOfLife, CommitRange, FoldedRow } from './history/reader-statements.ts';
export type { Image, WantedImage } from './history/message.ts';
export { IMAGE_EVERY_COMMITS } from './history/image-interval.ts';
export { prepareHistory } from './history/prepare.ts';
export { createHistoryRecorder } from './history/recorder.ts';
export type { HistoryRecorder, RecorderOptions } from './history/recorder-options.ts';
export {
  commitOf,
  readBody,
  unpacked,
  type CommitRow,
  type HistoryPosition,
  type ImageRow,
  type ObjectLife,
  type RefusalRow,
} from './history/schema.ts';
export { historyPositions } from './history/positions.ts';
export { showPair, type RowDifference } from './row-difference.ts';
export { openStoredRows, type RowComparison, type StoredRows } from './verify-rows.ts';
