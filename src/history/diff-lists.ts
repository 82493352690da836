/** How the members of a list are told apart: by what Kubernetes merges them by, so that a diff names them rather than counts them. */

type Fields = Readonly<Record<string, unknown>>;

/** Merge keys by the list's field name; of several the first that all members have and no two share. */
const MERGE_KEYS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  addresses: [['type', 'address'], ['ip']],
  conditions: [['type']],
  containers: [['name']],
  containerStatuses: [['name']],
  env: [['name']],
  ephemeralContainers: [['name']],
  ephemeralContainerStatuses: [['name']],
  hostAliases: [['ip']],
  hostIPs: [['ip']],
  imagePullSecrets: [['name']],
  initContainers: [['name']],
  initContainerStatuses: [['name']],
  ownerReferences: [['uid']],
  podIPs: [['ip']],
  ports: [['containerPort', 'protocol'], ['port', 'protocol'], ['name']],
  secrets: [['name']],
  taints: [['key', 'effect']],
  volumeDevices: [['devicePath']],
  volumeMounts: [['mountPath']],
  volumes: [['name']],
};

/** Each member of both lists by its name; undefined for lists whose members have none. */
export function namedMembers(
  field: string,
  before: readonly unknown[],
  after: readonly unknown[],
): readonly [ReadonlyMap<string, unknown>, ReadonlyMap<string, unknown>] | undefined {
  for (const keys of (Object.hasOwn(MERGE_KEYS, field) && MERGE_KEYS[field]) || []) {
    const [one, other] = [byName(before, keys), byName(after, keys)];
    if (one !== undefined && other !== undefined) return [one, other];
  }
  return undefined;
}

function byName(list: readonly unknown[], keys: readonly string[]): ReadonlyMap<string, unknown> | undefined {
  const named = new Map<string, unknown>();
  for (const member of list) {
    const [first, ...rest] = keys.map((key) => (isFields(member) ? member[key] : undefined));
    if (typeof first !== 'string' && typeof first !== 'number') return undefined;
    const name = [first, ...rest.filter((part) => part !== undefined)].join('/');
    if (named.has(name)) return undefined;
    named.set(name, member);
  }
  return named;
}

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
