/** What a list can be asked for, and how its pages continue. */
import type { ObjectRecord, SelectorRequirement } from '../../machines/index.ts';
import type { FieldRequirement } from './field-selector.ts';

/** Objects in a page where the request names no limit, and the most it can have: a few milliseconds of the thread that reads. */
export const PAGE_MAX_ITEMS = 500;
/** A page ends early at so many characters of JSON, so that 500 objects of 1.5 MB are not one page; it has at least one object. */
export const PAGE_MAX_CHARACTERS = 4 * 1024 * 1024;

/** Most requirements of all selectors of a request; people write three, and SQLite's expressions end at 1,000. */
export const REQUIREMENTS_MAX = 100;

/** The last object of a page: the next begins after it. */
export interface PagePosition {
  readonly namespace: string;
  readonly name: string;
}

export interface ListRequest {
  readonly kind: string;
  /** All namespaces when absent. */
  readonly namespace?: string;
  readonly labelSelector?: readonly SelectorRequirement[];
  /** Annotations can be searched like labels. */
  readonly annotationSelector?: readonly SelectorRequirement[];
  readonly fieldSelector?: readonly FieldRequirement[];
  /** Only what the object of this uid controls. */
  readonly ownerUid?: string;
  /** At most PAGE_MAX_ITEMS; more are cut down to it. */
  readonly limit?: number;
  /** Where the page before ended. */
  readonly after?: PagePosition;
}

/** What is wrong with a request, as a sentence for people; undefined when it can be answered. */
export function listFault(request: ListRequest): string | undefined {
  const { labelSelector = [], annotationSelector = [], fieldSelector = [] } = request;
  const count = labelSelector.length + annotationSelector.length + fieldSelector.length;
  if (count <= REQUIREMENTS_MAX) return undefined;
  return `the selectors have ${count} requirements, more than the limit of ${REQUIREMENTS_MAX}: ask for less, or in several lists`;
}

/** A page in the order of namespace and name, as it is at one revision. */
export interface Page {
  /** Revision of the read model when the page was read. */
  readonly revision: number;
  /** Token for the next page (see `decodeContinue`); absent at the end. */
  readonly continue?: string;
}

/** Objects as Kubernetes shows them, as JSON texts. */
export interface ManifestPage extends Page {
  readonly items: readonly string[];
}

export interface RecordPage extends Page {
  readonly records: readonly ObjectRecord[];
}

export function encodeContinue({ namespace, name }: PagePosition): string {
  return Buffer.from(`${namespace}/${name}`).toString('base64url');
}

/** Undefined for what is not a token of ours. */
export function decodeContinue(token: string): PagePosition | undefined {
  const text = Buffer.from(token, 'base64url').toString();
  const parts = text.split('/');
  const [namespace, name] = parts;
  if (parts.length !== 2 || namespace === undefined || !name) return undefined;
  return encodeContinue({ namespace, name }) === token ? { namespace, name } : undefined;
}
