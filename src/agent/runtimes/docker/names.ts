/** Names and labels of what this runtime makes: the name lets the engine refuse a twin, the labels say whose it is. */
import type { PodIdentity } from '../container-runtime.ts';
import { RuntimeError } from '../container-runtime.ts';

/** Whose containers a runtime may see and touch. */
export interface Owner {
  readonly cell: string;
  readonly node: string;
}

/** What a container is: which one, of which pod, and which run of it. */
export interface ContainerIdentity {
  readonly pod: PodIdentity;
  readonly container: string;
  readonly attempt: number;
}

export type Labels = Readonly<Record<string, string>>;

/** The sandbox's place among a pod's containers; no container can be called so, their names are lower-case. */
export const SANDBOX_CONTAINER = 'POD';

const LABEL = {
  cell: 'periplus.cell',
  node: 'periplus.node',
  podUid: 'periplus.pod.uid',
  podName: 'periplus.pod.name',
  podNamespace: 'periplus.pod.namespace',
  container: 'periplus.container',
  attempt: 'periplus.attempt',
} as const;

/** Names are for reading in `docker ps`; what tells containers apart is never cut. */
const READABLE_PART_LENGTH_MAX = 63;

const NAME_PART = /^[a-zA-Z0-9_.-]+$/;

/** @throws RuntimeError `refused` when uid or container name hold what the engine allows in no name */
export function containerName(identity: ContainerIdentity): string {
  const { pod, container, attempt } = identity;
  for (const part of [pod.uid, container]) {
    if (!NAME_PART.test(part)) throw new RuntimeError('refused', `${JSON.stringify(part)} cannot be part of a name`);
  }
  return ['periplus', container, readable(pod.name), readable(pod.namespace), pod.uid, attempt].join('_');
}

function readable(part: string): string {
  return part.replaceAll(/[^a-zA-Z0-9.-]/g, '-').slice(0, READABLE_PART_LENGTH_MAX);
}

export function labelsOf(owner: Owner, identity: ContainerIdentity): Labels {
  const { pod } = identity;
  return {
    [LABEL.cell]: owner.cell,
    [LABEL.node]: owner.node,
    [LABEL.podUid]: pod.uid,
    [LABEL.podName]: pod.name,
    [LABEL.podNamespace]: pod.namespace,
    [LABEL.container]: identity.container,
    [LABEL.attempt]: String(identity.attempt),
  };
}

/** What the engine filters by: `label=value`. */
export function ownerFilters(owner: Owner): string[] {
  return [`${LABEL.cell}=${owner.cell}`, `${LABEL.node}=${owner.node}`];
}

/** Undefined when these labels are not this owner's, or not complete. */
export function identityOf(owner: Owner, labels: Labels): ContainerIdentity | undefined {
  if (labels[LABEL.cell] !== owner.cell || labels[LABEL.node] !== owner.node) return undefined;
  const uid = labels[LABEL.podUid];
  const name = labels[LABEL.podName];
  const namespace = labels[LABEL.podNamespace];
  const container = labels[LABEL.container];
  const attempt = labels[LABEL.attempt];
  if (!uid || !name || !namespace || !container || !attempt) return undefined;
  return { pod: { uid, namespace, name }, container, attempt: Number(attempt) };
}
