/** What a path is about: `/api/v1/namespaces/NS/pods/NAME/log` is a resource, its object and a part of it. */
import { kinds, type Kind } from '../../../machines/index.ts';
import { REVIEW_GROUPS, REVIEW_VERSION } from '../reviews/reviews.ts';

/** A path of a resource, understood. */
export interface Target {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  /** Absent where we serve no such resource. */
  readonly kind?: Kind;
  readonly namespace?: string;
  readonly name?: string;
  readonly subresource?: string;
}

/** `v1` of `apps/v1`. */
export function versionOf({ apiVersion }: Pick<Kind, 'apiVersion'>): string {
  return apiVersion.slice(apiVersion.indexOf('/') + 1);
}

/** The kinds of a group and version. */
export function kindsOf(group: string, version: string): readonly Kind[] {
  return [...kinds.values()].filter((kind) => kind.group === group && versionOf(kind) === version);
}

/** Groups beside the core one, each with its versions. */
export function groups(): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const kind of kinds.values()) {
    if (kind.group === '') continue;
    const versions = found.get(kind.group) ?? [];
    if (!versions.includes(versionOf(kind))) versions.push(versionOf(kind));
    found.set(kind.group, versions);
  }
  for (const group of REVIEW_GROUPS) found.set(group, [REVIEW_VERSION]);
  return found;
}

/** Reads the part of a path behind `/api/VERSION` or `/apis/GROUP/VERSION`. Undefined for what can be no resource's path. */
export function targetOf(group: string, version: string, rest: string): Target | undefined {
  const parts = decoded(rest);
  if (parts === undefined || parts.length === 0 || parts.includes('')) return undefined;
  const api = { group, version };
  const [first = '', namespace, resource, name, ...sub] = parts;
  // A namespace's own parts look like resources in it.
  const isNamespaceItself = resource === undefined || resource === 'status' || resource === 'finalize';
  if (first !== 'namespaces' || namespace === undefined || isNamespaceItself) {
    return withKind({ ...api, resource: first, ...objectOf(parts.slice(1)) });
  }
  return withKind({ ...api, resource, namespace, ...objectOf(name === undefined ? [] : [name, ...sub]) });
}

function objectOf([name, ...sub]: readonly string[]): Pick<Target, 'name' | 'subresource'> {
  return {
    ...(name === undefined ? {} : { name }),
    ...(sub.length === 0 ? {} : { subresource: sub.join('/') }),
  };
}

function withKind(target: Target): Target {
  const kind = kindsOf(target.group, target.version).find(({ plural }) => plural === target.resource);
  return kind === undefined ? target : { ...target, kind };
}

function decoded(rest: string): readonly string[] | undefined {
  try {
    return rest.split('/').map(decodeURIComponent);
  } catch {
    return undefined;
  }
}
