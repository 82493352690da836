/** A Pod's manifest: what people may write, and the spec as it is kept with defaults. */
import { MetadataManifest } from '../metadata.ts';
import { oneOf, Seconds, strictObject, StringMap, Type, unsupported, type Static } from '../schema.ts';
import { ContainerManifest, type Container } from './container-manifest.ts';
import { Volume } from './volume-manifest.ts';

export const Toleration = strictObject({
  key: Type.Optional(Type.String()),
  operator: Type.Optional(oneOf(['Exists', 'Equal'])),
  value: Type.Optional(Type.String()),
  effect: Type.Optional(oneOf(['NoSchedule', 'PreferNoSchedule', 'NoExecute'])),
  tolerationSeconds: Type.Optional(Seconds),
});
export type Toleration = Static<typeof Toleration>;

const RESTART_POLICIES = ['Always', 'OnFailure', 'Never'] as const;

export const PodSpecManifest = strictObject({
  containers: Type.Array(ContainerManifest),
  volumes: Type.Optional(Type.Array(Volume)),
  restartPolicy: Type.Optional(oneOf(RESTART_POLICIES)),
  terminationGracePeriodSeconds: Type.Optional(Seconds),
  nodeSelector: Type.Optional(StringMap),
  nodeName: Type.Optional(Type.String()),
  hostname: Type.Optional(Type.String()),
  tolerations: Type.Optional(Type.Array(Toleration)),
  imagePullSecrets: Type.Optional(Type.Array(strictObject({ name: Type.String() }))),
  /** Only the values that say what happens anyway, so that manifests from a Kubernetes cluster are understood. */
  dnsPolicy: Type.Optional(oneOf(['ClusterFirst'])),
  schedulerName: Type.Optional(oneOf(['default-scheduler'])),
  activeDeadlineSeconds: unsupported(),
  affinity: unsupported(),
  automountServiceAccountToken: unsupported(),
  dnsConfig: unsupported(),
  enableServiceLinks: unsupported(),
  ephemeralContainers: unsupported(),
  hostAliases: unsupported(),
  hostIPC: unsupported(),
  hostNetwork: unsupported(),
  hostPID: unsupported(),
  hostUsers: unsupported(),
  hostnameOverride: unsupported(),
  initContainers: unsupported(),
  os: unsupported(),
  overhead: unsupported(),
  preemptionPolicy: unsupported(),
  priority: unsupported(),
  priorityClassName: unsupported(),
  readinessGates: unsupported(),
  resourceClaims: unsupported(),
  resources: unsupported(),
  runtimeClassName: unsupported(),
  schedulingGates: unsupported(),
  securityContext: unsupported(),
  serviceAccount: unsupported(),
  serviceAccountName: unsupported(),
  setHostnameAsFQDN: unsupported(),
  shareProcessNamespace: unsupported(),
  subdomain: unsupported(),
  topologySpreadConstraints: unsupported(),
  workloadRef: unsupported(),
});
export type PodSpecManifest = Static<typeof PodSpecManifest>;

/** `status` is the agent's; a manifest's is ignored, as Kubernetes ignores it. */
export const PodManifest = strictObject({
  apiVersion: Type.Optional(Type.Literal('v1')),
  kind: Type.Optional(Type.Literal('Pod')),
  metadata: MetadataManifest,
  spec: PodSpecManifest,
  status: Type.Optional(Type.Unknown()),
});

/** The pod inside a controller's manifest. */
export const PodTemplateSpec = strictObject({
  metadata: Type.Optional(MetadataManifest),
  spec: PodSpecManifest,
});
export type PodTemplateSpec = Static<typeof PodTemplateSpec>;

export type RestartPolicy = (typeof RESTART_POLICIES)[number];

/** A pod's spec with its defaults. */
export interface PodSpec {
  readonly containers: readonly Container[];
  readonly volumes?: readonly Volume[];
  readonly restartPolicy: RestartPolicy;
  readonly terminationGracePeriodSeconds: number;
  readonly nodeSelector?: StringMap;
  /** The node it is bound to, or, before that, the only one it may be bound to. */
  readonly nodeName?: string;
  readonly hostname?: string;
  readonly tolerations?: readonly Toleration[];
  readonly imagePullSecrets?: readonly { readonly name: string }[];
  readonly dnsPolicy: 'ClusterFirst';
  readonly schedulerName: 'default-scheduler';
}
