/** The door of the read model: prepare the file, load what it holds, project into it, query it. */
export * from './errors.ts';
export { parseFieldSelector, type FieldRequirement, type SelectableField } from './field-selector.ts';
export {
  decodeContinue,
  encodeContinue,
  PAGE_MAX_CHARACTERS,
  PAGE_MAX_ITEMS,
  type ListRequest,
  type ManifestPage,
  type PagePosition,
  type RecordPage,
} from './list-request.ts';
export { loadReadModel, type StoredState } from './load.ts';
export { discardReadModel, prepareReadModel } from './migrate.ts';
export {
  CLOSE_TIMEOUT_MS,
  createProjector,
  GATHER_MS,
  RETRY_DELAY_MS,
  type Projector,
  type ProjectorOptions,
} from './projector.ts';
export { openQueries, type ReadModelQueries } from './queries.ts';
