/** A pod's volumes as a manifest may write them. */
import { oneOf, strictObject, Type, unsupported, type Static } from '../schema.ts';

/** Every other source of Kubernetes v1: refused by name. */
const OTHER_SOURCES = [
  'awsElasticBlockStore',
  'azureDisk',
  'azureFile',
  'cephfs',
  'cinder',
  'configMap',
  'csi',
  'downwardAPI',
  'ephemeral',
  'fc',
  'flexVolume',
  'flocker',
  'gcePersistentDisk',
  'gitRepo',
  'glusterfs',
  'image',
  'iscsi',
  'nfs',
  'persistentVolumeClaim',
  'photonPersistentDisk',
  'portworxVolume',
  'projected',
  'quobyte',
  'rbd',
  'scaleIO',
  'secret',
  'storageos',
  'vsphereVolume',
] as const;

export const Volume = strictObject({
  name: Type.String(),
  emptyDir: Type.Optional(strictObject({ medium: unsupported(), sizeLimit: unsupported() })),
  hostPath: Type.Optional(
    strictObject({
      path: Type.String(),
      type: Type.Optional(
        oneOf(['', 'DirectoryOrCreate', 'Directory', 'FileOrCreate', 'File', 'Socket', 'CharDevice', 'BlockDevice']),
      ),
    }),
  ),
  ...Object.fromEntries(OTHER_SOURCES.map((source) => [source, unsupported()])),
});

/** One volume with its one source. */
export interface Volume {
  readonly name: string;
  readonly emptyDir?: Readonly<Record<string, never>>;
  readonly hostPath?: HostPathVolume;
}

type HostPathVolume = NonNullable<Static<typeof Volume>['hostPath']>;
