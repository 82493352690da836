/** Fills in what Kubernetes fills in where a manifest is silent. Raises for quantities that are none: validate first. */
import { canonicalQuantity } from '../quantity.ts';
import type {
  Container,
  ContainerManifest,
  ContainerPort,
  ContainerResources,
  ResourceList,
} from './container-manifest.ts';
import type { PodSpec, PodSpecManifest } from './manifest.ts';
import type { Volume } from './volume-manifest.ts';

export const DEFAULT_GRACE_PERIOD_SECONDS = 30;

export function completeSpec(given: PodSpecManifest): PodSpec {
  const { containers, volumes, ...rest } = given;
  return {
    ...(volumes && volumes.length > 0 ? { volumes: volumes as readonly Volume[] } : {}),
    ...rest,
    containers: containers.map(completeContainer),
    restartPolicy: given.restartPolicy ?? 'Always',
    terminationGracePeriodSeconds: given.terminationGracePeriodSeconds ?? DEFAULT_GRACE_PERIOD_SECONDS,
    dnsPolicy: given.dnsPolicy ?? 'ClusterFirst',
    schedulerName: given.schedulerName ?? 'default-scheduler',
  };
}

function completeContainer(given: ContainerManifest): Container {
  const { image = '', imagePullPolicy = pullPolicyOf(image), resources = {}, ports, ...rest } = given;
  return {
    ...rest,
    image,
    imagePullPolicy,
    ...(ports && ports.length > 0 ? { ports: ports.map(completePort) } : {}),
    resources: completeResources(resources),
  };
}

function completePort(port: NonNullable<ContainerManifest['ports']>[number]): ContainerPort {
  return { ...port, protocol: port.protocol ?? 'TCP' };
}

/** What has no tag, or the tag `latest`, may have changed in the registry. */
function pullPolicyOf(image: string): Container['imagePullPolicy'] {
  if (image.includes('@')) return 'IfNotPresent';
  const tag = /:([^:/]+)$/.exec(image)?.[1] ?? 'latest';
  return tag === 'latest' ? 'Always' : 'IfNotPresent';
}

type ResourcesManifest = NonNullable<ContainerManifest['resources']>;

function completeResources({ limits, requests }: ResourcesManifest): ContainerResources {
  const bound = canonicalList(limits);
  const asked = { ...bound, ...canonicalList(requests) };
  return {
    ...(Object.keys(bound).length > 0 ? { limits: bound } : {}),
    ...(Object.keys(asked).length > 0 ? { requests: asked } : {}),
  };
}

function canonicalList(list: ResourcesManifest['limits']): ResourceList {
  return {
    ...(list?.cpu === undefined ? {} : { cpu: canonicalQuantity(String(list.cpu)) }),
    ...(list?.memory === undefined ? {} : { memory: canonicalQuantity(String(list.memory)) }),
  };
}
