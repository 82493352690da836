/** Facts about Kubernetes' lists that no package has: by which field a strategic merge tells their items apart. Published in OpenAPI too. */

/** How a list is merged: items by a key, or values as a set. Lists that are not named here are replaced whole. */
export type ListMerge = { readonly key: string; readonly retainKeys?: true } | { readonly set: true };

/** By the path of a list's field inside its type; items of lists on the way are not written. */
type Merges = Readonly<Record<string, ListMerge>>;

const METADATA: Merges = {
  finalizers: { set: true },
  ownerReferences: { key: 'uid' },
};

const CONTAINER: Merges = {
  env: { key: 'name' },
  ports: { key: 'containerPort' },
  volumeMounts: { key: 'mountPath' },
  volumeDevices: { key: 'devicePath' },
};

const POD_SPEC: Merges = {
  containers: { key: 'name' },
  ...below('containers', CONTAINER),
  initContainers: { key: 'name' },
  ...below('initContainers', CONTAINER),
  ephemeralContainers: { key: 'name' },
  ...below('ephemeralContainers', CONTAINER),
  volumes: { key: 'name', retainKeys: true },
  imagePullSecrets: { key: 'name' },
  hostAliases: { key: 'ip' },
  topologySpreadConstraints: { key: 'topologyKey' },
};

const BY_KIND: Readonly<Record<string, Merges>> = {
  Pod: {
    ...below('spec', POD_SPEC),
    ...below('status', { conditions: { key: 'type' }, podIPs: { key: 'ip' }, hostIPs: { key: 'ip' } }),
  },
  ReplicationController: {
    ...below('spec.template.metadata', METADATA),
    ...below('spec.template.spec', POD_SPEC),
    'status.conditions': { key: 'type' },
  },
  Node: {
    'spec.podCIDRs': { set: true },
    'status.conditions': { key: 'type' },
    'status.addresses': { key: 'type' },
  },
  Namespace: { 'status.conditions': { key: 'type' } },
};

function below(path: string, merges: Merges): Merges {
  return Object.fromEntries(Object.entries(merges).map(([field, merge]) => [`${path}.${field}`, merge]));
}

/** How the list at a path of a kind is merged; undefined: replaced whole. */
export function listMergeOf(kind: string, path: string): ListMerge | undefined {
  if (path.startsWith('metadata.')) {
    const field = path.slice('metadata.'.length);
    return Object.hasOwn(METADATA, field) ? METADATA[field] : undefined;
  }
  const merges = BY_KIND[kind] ?? {};
  return Object.hasOwn(merges, path) ? merges[path] : undefined;
}
