/** A container as a manifest may write it, and as it is kept with defaults. Fields that Kubernetes has and we do not act on are refused by name. */
import { oneOf, strictObject, Type, unsupported, type Static } from '../schema.ts';

/** A quantity may be written as a number, as YAML reads `cpu: 1`. */
const Quantity = Type.Unsafe<string | number>({ type: ['string', 'number'] });

const ResourceListManifest = strictObject({
  cpu: Type.Optional(Quantity),
  memory: Type.Optional(Quantity),
  'ephemeral-storage': unsupported(),
});

const ResourcesManifest = strictObject({
  limits: Type.Optional(ResourceListManifest),
  requests: Type.Optional(ResourceListManifest),
  claims: unsupported(),
});

const EnvManifest = strictObject({
  name: Type.String(),
  value: Type.Optional(Type.String()),
  valueFrom: unsupported(),
});

const PortManifest = strictObject({
  containerPort: Type.Integer(),
  name: Type.Optional(Type.String()),
  hostPort: Type.Optional(Type.Integer()),
  hostIP: Type.Optional(Type.String()),
  protocol: Type.Optional(oneOf(['TCP', 'UDP'])),
});

const VolumeMountManifest = strictObject({
  name: Type.String(),
  mountPath: Type.String(),
  readOnly: Type.Optional(Type.Boolean()),
  mountPropagation: unsupported(),
  recursiveReadOnly: unsupported(),
  subPath: unsupported(),
  subPathExpr: unsupported(),
});

export const ContainerManifest = strictObject({
  name: Type.String(),
  image: Type.Optional(Type.String()),
  imagePullPolicy: Type.Optional(oneOf(['Always', 'IfNotPresent', 'Never'])),
  command: Type.Optional(Type.Array(Type.String())),
  args: Type.Optional(Type.Array(Type.String())),
  workingDir: Type.Optional(Type.String()),
  env: Type.Optional(Type.Array(EnvManifest)),
  ports: Type.Optional(Type.Array(PortManifest)),
  resources: Type.Optional(ResourcesManifest),
  volumeMounts: Type.Optional(Type.Array(VolumeMountManifest)),
  envFrom: unsupported(),
  lifecycle: unsupported(),
  livenessProbe: unsupported(),
  readinessProbe: unsupported(),
  startupProbe: unsupported(),
  resizePolicy: unsupported(),
  restartPolicy: unsupported(),
  restartPolicyRules: unsupported(),
  securityContext: unsupported(),
  stdin: unsupported(),
  stdinOnce: unsupported(),
  terminationMessagePath: unsupported(),
  terminationMessagePolicy: unsupported(),
  tty: unsupported(),
  volumeDevices: unsupported(),
});
export type ContainerManifest = Static<typeof ContainerManifest>;

/** Quantities in Kubernetes' canonical writing. */
export interface ResourceList {
  readonly cpu?: string;
  readonly memory?: string;
}

export interface ContainerResources {
  readonly limits?: ResourceList;
  readonly requests?: ResourceList;
}

export interface ContainerPort {
  readonly containerPort: number;
  readonly name?: string;
  readonly hostPort?: number;
  readonly hostIP?: string;
  readonly protocol: 'TCP' | 'UDP';
}

export interface VolumeMount {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
}

/** A container with its defaults. */
export interface Container {
  readonly name: string;
  readonly image: string;
  readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  readonly command?: readonly string[];
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly ports?: readonly ContainerPort[];
  readonly resources: ContainerResources;
  readonly volumeMounts?: readonly VolumeMount[];
}
