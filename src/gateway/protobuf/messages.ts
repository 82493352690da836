/** Facts about Kubernetes' protobuf messages that no package has: field numbers of what Go's typed clients send. One line a field. */

/** What a field holds. A message by its name; `time` is metav1.Time. */
export type FieldType =
  | 'string'
  | 'strings'
  | 'bool'
  | 'int'
  | 'time'
  | 'string-map'
  | 'bytes-map'
  /** The cluster's own, which nobody needs to send. */
  | 'ignored'
  | { readonly message: string; readonly repeated?: true };

export type Message = Readonly<Record<number, readonly [name: string, type: FieldType]>>;

const METADATA = ['metadata', { message: 'ObjectMeta' }] as const;

export const MESSAGES: Readonly<Record<string, Message>> = {
  ObjectMeta: {
    1: ['name', 'string'],
    2: ['generateName', 'string'],
    3: ['namespace', 'string'],
    4: ['selfLink', 'string'],
    5: ['uid', 'string'],
    6: ['resourceVersion', 'string'],
    7: ['generation', 'int'],
    8: ['creationTimestamp', 'time'],
    9: ['deletionTimestamp', 'time'],
    10: ['deletionGracePeriodSeconds', 'int'],
    11: ['labels', 'string-map'],
    12: ['annotations', 'string-map'],
    13: ['ownerReferences', { message: 'OwnerReference', repeated: true }],
    14: ['finalizers', 'strings'],
    17: ['managedFields', 'ignored'],
  },
  OwnerReference: {
    1: ['kind', 'string'],
    3: ['name', 'string'],
    4: ['uid', 'string'],
    5: ['apiVersion', 'string'],
    6: ['controller', 'bool'],
    7: ['blockOwnerDeletion', 'bool'],
  },
  DeleteOptions: {
    1: ['gracePeriodSeconds', 'int'],
    2: ['preconditions', { message: 'Preconditions' }],
    3: ['orphanDependents', 'bool'],
    4: ['propagationPolicy', 'string'],
    5: ['dryRun', 'strings'],
    6: ['ignoreStoreReadErrorWithClusterBreakingPotential', 'bool'],
  },
  Preconditions: { 1: ['uid', 'string'], 2: ['resourceVersion', 'string'] },
  ConfigMap: {
    1: METADATA,
    2: ['data', 'string-map'],
    3: ['binaryData', 'bytes-map'],
    4: ['immutable', 'bool'],
  },
  Namespace: { 1: METADATA, 2: ['spec', { message: 'NamespaceSpec' }], 3: ['status', 'ignored'] },
  NamespaceSpec: { 1: ['finalizers', 'strings'] },
  SelfSubjectReview: { 1: METADATA, 2: ['status', 'ignored'] },
  SelfSubjectAccessReview: { 1: METADATA, 2: ['spec', { message: 'AccessReviewSpec' }], 3: ['status', 'ignored'] },
  SubjectAccessReview: { 1: METADATA, 2: ['spec', { message: 'AccessReviewSpec' }], 3: ['status', 'ignored'] },
  LocalSubjectAccessReview: { 1: METADATA, 2: ['spec', { message: 'AccessReviewSpec' }], 3: ['status', 'ignored'] },
  AccessReviewSpec: {
    1: ['resourceAttributes', { message: 'ResourceAttributes' }],
    2: ['nonResourceAttributes', { message: 'NonResourceAttributes' }],
    3: ['user', 'string'],
    4: ['groups', 'strings'],
    6: ['uid', 'string'],
  },
  ResourceAttributes: {
    1: ['namespace', 'string'],
    2: ['verb', 'string'],
    3: ['group', 'string'],
    4: ['version', 'string'],
    5: ['resource', 'string'],
    6: ['subresource', 'string'],
    7: ['name', 'string'],
  },
  NonResourceAttributes: { 1: ['path', 'string'], 2: ['verb', 'string'] },
  TokenReview: { 1: METADATA, 2: ['spec', { message: 'TokenReviewSpec' }], 3: ['status', 'ignored'] },
  TokenReviewSpec: { 1: ['token', 'string'], 2: ['audiences', 'strings'] },
  Binding: { 1: METADATA, 2: ['target', { message: 'ObjectReference' }] },
  ObjectReference: {
    1: ['kind', 'string'],
    2: ['namespace', 'string'],
    3: ['name', 'string'],
    4: ['uid', 'string'],
    5: ['apiVersion', 'string'],
    6: ['resourceVersion', 'string'],
    7: ['fieldPath', 'string'],
  },
};

/** Kinds that may be a body. */
export const BODY_KINDS: readonly string[] = [
  'DeleteOptions',
  'ConfigMap',
  'Namespace',
  'Binding',
  'SelfSubjectReview',
  'SelfSubjectAccessReview',
  'SubjectAccessReview',
  'LocalSubjectAccessReview',
  'TokenReview',
];
