/** Kinds as TypeScript programs see them: what they write and what they read, by kind. Types only. */
import type { CellSettings } from './cell-configuration/index.ts';
import type { ConfigMapContext } from './config-map/index.ts';
import type { MetadataManifest, ObjectMeta } from './metadata.ts';
import type { NamespaceContext } from './namespace/index.ts';
import type { NodeContext, NodeSpec } from './node/index.ts';
import type { PodContext, PodTemplateSpec } from './pod/index.ts';
import type { ReplicationControllerContext, ReplicationControllerSpec } from './replication-controller/index.ts';

/** An object as the cell shows it. */
export type Shown<Kind extends string, Parts> = {
  readonly apiVersion: string;
  readonly kind: Kind;
  readonly metadata: ObjectMeta & { readonly resourceVersion: string };
} & Readonly<Parts>;

/** A manifest as people write it. */
export type Written<Kind extends string, ApiVersion extends string, Parts> = {
  readonly apiVersion: ApiVersion;
  readonly kind: Kind;
  readonly metadata: MetadataManifest;
} & Readonly<Parts>;

/** Objects by kind. */
export interface Objects {
  readonly Namespace: Shown<'Namespace', Pick<NamespaceContext, 'spec' | 'status'>>;
  readonly Node: Shown<'Node', Pick<NodeContext, 'spec' | 'status'>>;
  readonly Pod: Shown<'Pod', Pick<PodContext, 'spec' | 'status'>>;
  readonly ReplicationController: Shown<'ReplicationController', Pick<ReplicationControllerContext, 'spec' | 'status'>>;
  readonly ConfigMap: Shown<'ConfigMap', Pick<ConfigMapContext, 'data' | 'binaryData' | 'immutable'>>;
  readonly CellConfiguration: Shown<'CellConfiguration', { readonly spec?: Partial<CellSettings> }>;
}

type WantedReplicas = Partial<Pick<ReplicationControllerSpec, 'replicas' | 'minReadySeconds' | 'selector'>>;

/** Manifests by kind. */
export interface Manifests {
  readonly Namespace: Written<'Namespace', 'v1', object>;
  readonly Node: Written<'Node', 'v1', { readonly spec?: Partial<NodeSpec> }>;
  readonly Pod: Written<'Pod', 'v1', { readonly spec: PodTemplateSpec['spec'] }>;
  readonly ReplicationController: Written<
    'ReplicationController',
    'v1',
    { readonly spec: WantedReplicas & { readonly template?: PodTemplateSpec } }
  >;
  readonly ConfigMap: Written<'ConfigMap', 'v1', Pick<ConfigMapContext, 'data' | 'binaryData' | 'immutable'>>;
  readonly CellConfiguration: Written<
    'CellConfiguration',
    'periplus.dev/v1',
    { readonly spec?: Partial<CellSettings> }
  >;
}

/** The kinds this version has types for. */
export type ObjectKind = keyof Objects;
