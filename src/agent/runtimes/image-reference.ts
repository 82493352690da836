/** The grammar of image references, so that a malformed one is told apart before any engine or registry is asked. */

const DOMAIN_PART = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const DOMAIN = `(?:${DOMAIN_PART}(?:\\.${DOMAIN_PART})*|\\[[0-9a-fA-F:]+\\])(?::[0-9]+)?`;
const PATH_PART = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const NAME = `(?:${DOMAIN}/)?${PATH_PART}(?:/${PATH_PART})*`;
const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const DIGEST = '[a-z0-9]+(?:[+._-][a-z0-9]+)*:[0-9a-fA-F]{32,}';
const REFERENCE = new RegExp(`^(${NAME})(?::(${TAG}))?(?:@(${DIGEST}))?$`);

/** Registries refuse longer repository names. */
const NAME_LENGTH_MAX = 255;

export interface ImageReference {
  /** With the registry's host, where it has one. */
  readonly repository: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** Undefined when the text is no image reference. */
export function parseImageReference(text: string): ImageReference | undefined {
  const [, repository, tag, digest] = REFERENCE.exec(text) ?? [];
  if (repository === undefined || repository.length > NAME_LENGTH_MAX) return undefined;
  return { repository, ...(tag !== undefined && { tag }), ...(digest !== undefined && { digest }) };
}
