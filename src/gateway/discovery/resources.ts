/** Discovery: which groups, versions and resources there are, one document a group version or all in one (KEP-3352). */
import type { Kind } from '../../../machines/index.ts';
import { parseAccept } from '../http/negotiation.ts';
import { REVIEW_VERSION, REVIEWS, type Review } from '../reviews/reviews.ts';
import { groups, kindsOf } from '../resources/target.ts';
import { subresourcesOf } from '../resources/subresources.ts';
import { RESOURCE_VERBS } from '../resources/handle.ts';

const DISCOVERY_GROUP = 'apidiscovery.k8s.io';
const AGGREGATED_VERSIONS: readonly string[] = ['v2', 'v2beta1'];
const CORE_VERSION = 'v1';
/** Kinds that `kubectl get all` shows. */
const IN_ALL: readonly string[] = ['Pod', 'ReplicationController'];

/** The version of aggregated discovery that a client accepts before anything else we have; undefined for plain documents. */
export function aggregatedVersion(accept: string | undefined): string | undefined {
  for (const { type, parameters } of parseAccept(accept)) {
    const { g, v = '', as } = parameters;
    if (type !== 'application/json' && type !== '*/*' && type !== 'application/*') continue;
    if (as === undefined) return undefined;
    if (g === DISCOVERY_GROUP && as === 'APIGroupDiscoveryList' && AGGREGATED_VERSIONS.includes(v)) return v;
  }
  return undefined;
}

/** How an aggregated document says what it is. */
export function aggregatedType(version: string): string {
  return `application/json;g=${DISCOVERY_GROUP};v=${version};as=APIGroupDiscoveryList`;
}

/** `/api`. */
export function coreVersions(serverAddress: string): object {
  return {
    kind: 'APIVersions',
    versions: [CORE_VERSION],
    serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress }],
  };
}

/** `/apis`. */
export function groupList(): object {
  return { kind: 'APIGroupList', apiVersion: 'v1', groups: [...groups().keys()].map((name) => groupOf(name, {})) };
}

/** `/apis/GROUP`; undefined where there is none of that name. */
export function group(name: string): object | undefined {
  return groups().has(name) ? groupOf(name, { kind: 'APIGroup', apiVersion: 'v1' }) : undefined;
}

function groupOf(name: string, type: object): object {
  const versions = (groups().get(name) ?? []).map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { ...type, name, versions, preferredVersion: versions[0] };
}

/** `/api/VERSION`, `/apis/GROUP/VERSION`; undefined where there is none. */
export function resourceList(name: string, version: string): object | undefined {
  const kinds = kindsOf(name, version);
  const reviews = reviewsOf(name, version);
  if (kinds.length + reviews.length === 0) return undefined;
  const groupVersion = name === '' ? version : `${name}/${version}`;
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion,
    resources: [...kinds.flatMap(resourcesOf), ...reviews.map(reviewResource)],
  };
}

function reviewsOf(name: string, version: string): readonly Review[] {
  return version === REVIEW_VERSION ? REVIEWS.filter(({ group: one }) => one === name) : [];
}

function reviewResource({ plural, singular, namespaced, kind }: Review): object {
  return { name: plural, singularName: singular, namespaced, kind, verbs: ['create'] };
}

function aggregatedReview({ plural, singular, namespaced, kind, group: name }: Review): object {
  return {
    resource: plural,
    responseKind: { group: name, version: REVIEW_VERSION, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: ['create'],
  };
}

function resourcesOf(kind: Kind): readonly object[] {
  const { plural, singular, namespaced, shortNames } = kind;
  const own = {
    name: plural,
    singularName: singular,
    namespaced,
    kind: kind.kind,
    verbs: RESOURCE_VERBS,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...categoriesOf(kind),
  };
  const parts = subresourcesOf(kind).map(({ name, kind: as, verbs }) => ({
    name: `${plural}/${name}`,
    singularName: '',
    namespaced,
    ...(as !== undefined && as.group !== '' ? { group: as.group, version: as.version } : {}),
    kind: as?.kind ?? kind.kind,
    verbs: Object.keys(verbs),
  }));
  return [own, ...parts];
}

/** `/api` (the core group) or `/apis` (all others), whole. */
export function aggregated(which: 'core' | 'groups', version: string): object {
  const names = which === 'core' ? [['', [CORE_VERSION]] as const] : [...groups()];
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `${DISCOVERY_GROUP}/${version}`,
    metadata: {},
    items: names.map(([name, versions]) => ({
      metadata: name === '' ? { creationTimestamp: null } : { name, creationTimestamp: null },
      versions: versions.map((one) => ({
        version: one,
        freshness: 'Current',
        resources: [
          ...kindsOf(name, one).map((kind) => aggregatedResource(kind, one)),
          ...reviewsOf(name, one).map(aggregatedReview),
        ],
      })),
    })),
  };
}

function aggregatedResource(kind: Kind, version: string): object {
  const { plural, singular, namespaced, shortNames, group: name } = kind;
  const responseKind = { group: name, version, kind: kind.kind };
  const parts = subresourcesOf(kind).map((part) => ({
    subresource: part.name,
    responseKind: part.kind ?? responseKind,
    verbs: Object.keys(part.verbs),
  }));
  return {
    resource: plural,
    responseKind,
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: RESOURCE_VERBS,
    ...(shortNames.length > 0 ? { shortNames } : {}),
    ...categoriesOf(kind),
    ...(parts.length > 0 ? { subresources: parts } : {}),
  };
}

function categoriesOf({ kind }: Kind): object {
  return IN_ALL.includes(kind) ? { categories: ['all'] } : {};
}
