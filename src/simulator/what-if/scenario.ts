/** What a scenario can say, once its file is read: steps in order, kinds and keys resolved, manifests inline. */
import type { ObjectKey, PodTemplateSpec, Static } from '../../../machines/index.ts';
import type { GivenManifest } from '../../bus/apply.ts';

/** A pod as a controller's template says it. */
export type PodShape = Static<typeof PodTemplateSpec>;

/** What a new node has, as quantities. */
export interface NodeShape {
  readonly cpu: string;
  readonly memory: string;
  readonly pods: string;
  readonly labels: Readonly<Record<string, string>>;
}

export type Step =
  /** Cordons the nodes and evicts their pods; those without a controller only when forced, since nothing replaces them. */
  | { readonly do: 'drain'; readonly nodes: readonly string[]; readonly force: boolean }
  /** The nodes fall silent for longer than anybody tolerates. */
  | { readonly do: 'lose'; readonly nodes: readonly string[] }
  | { readonly do: 'cordon' | 'uncordon' | 'removeNodes'; readonly nodes: readonly string[] }
  /** Nodes of a shape given, or of an existing node's, named `<prefix>-1` and so on. */
  | {
      readonly do: 'addNodes';
      readonly count: number;
      readonly prefix: string;
      readonly shape: NodeShape | { readonly like: string };
    }
  | { readonly do: 'scale'; readonly key: ObjectKey; readonly replicas: number }
  | { readonly do: 'apply'; readonly manifests: readonly GivenManifest[] }
  | { readonly do: 'delete'; readonly keys: readonly ObjectKey[] }
  /** How many more pods fit: of a shape given, of a controller's template, or like an existing pod. */
  | { readonly do: 'fit'; readonly shape: PodShape | { readonly like: ObjectKey } };

export interface Scenario {
  readonly steps: readonly Step[];
}

/** The step as people read it. */
export function describeStep(step: Step): string {
  switch (step.do) {
    case 'drain':
      return `drain ${step.nodes.join(', ')}${step.force ? ' by force' : ''}`;
    case 'lose':
      return `lose ${step.nodes.join(', ')}`;
    case 'cordon':
    case 'uncordon':
      return `${step.do} ${step.nodes.join(', ')}`;
    case 'removeNodes':
      return `remove ${step.nodes.join(', ')}`;
    case 'addNodes':
      return `add ${step.count} ${step.count === 1 ? 'node' : 'nodes'} ${describeNodeShape(step.shape)}`;
    case 'scale':
      return `scale ${nameOf(step.key)} to ${step.replicas}`;
    case 'apply':
      return `apply ${step.manifests.map(({ kind, metadata }) => `${kind}/${metadata.name ?? metadata.generateName ?? ''}`).join(', ')}`;
    case 'delete':
      return `delete ${step.keys.map(nameOf).join(', ')}`;
    case 'fit':
      return `fit ${describePodShape(step.shape)}`;
    default:
      return step satisfies never;
  }
}

/** `ReplicationController default/web`: as the report names objects. */
export function nameOf({ kind, namespace, name }: ObjectKey): string {
  return `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`;
}

function describeNodeShape(shape: NodeShape | { readonly like: string }): string {
  return 'like' in shape ? `like ${shape.like}` : `of ${shape.cpu} cpu, ${shape.memory} memory, ${shape.pods} pods`;
}

export function describePodShape(shape: PodShape | { readonly like: ObjectKey }): string {
  if ('like' in shape) return `pods like ${nameOf(shape.like)}`;
  const asked = shape.spec.containers.map(({ resources }) => {
    const { cpu = '0', memory = '0' } = resources?.requests ?? {};
    return `${cpu} cpu, ${memory} memory`;
  });
  return `pods of ${asked.join(' + ')}`;
}
