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
