/** Finds a pod's container for logs and exec. */
import { refuse, type Kind, type Objects } from '../../machines/index.ts';
import type { CellClient } from '../bus/cell-client.ts';
import { RefusedError } from '../bus/outcome-errors.ts';
import type { ContainerTarget } from '../bus/session-client.ts';
import type { Terminal } from './context.ts';
import { CommandFailure } from './exit-codes.ts';
import { displayName, kindNamed, parseOne } from './resources.ts';

type Pod = Objects['Pod'];

export interface PodOptions {
  readonly namespace?: string;
  readonly container?: string;
}

/** `POD`, `pod/POD`, or a controller, which stands for one of its pods. */
async function podNamed(cell: CellClient, terminal: Terminal, word: string, options: PodOptions): Promise<Pod> {
  const { kind, name } = word.includes('/') ? parseOne([word]) : { kind: kindNamed('pod'), name: word };
  const where = options.namespace === undefined ? {} : { namespace: options.namespace };
  if (kind.kind === 'Pod') return found(await cell.get('Pod', name, where), kind, name);
  const { metadata: owner } = found(await cell.get<string>(kind.kind, name, where), kind, name);
  const { items } = await cell.list('Pod', { namespace: owner.namespace ?? '' });
  const owned = items.filter(({ metadata: { ownerReferences = [] } }) =>
    ownerReferences.some(({ uid, controller }) => controller === true && uid === owner.uid),
  );
  const [pod] = owned.toSorted((one, other) => readiness(other) - readiness(one));
  if (pod === undefined) throw new CommandFailure(`${displayName(kind, name)} has no pods`);
  if (owned.length > 1) terminal.complain(`Found ${owned.length} pods, using pod/${pod.metadata.name}\n`);
  return pod;
}

function found<Item>(item: Item | undefined, kind: Kind, name: string): Item {
  if (item === undefined) throw new RefusedError(refuse.notFound(kind, name));
  return item;
}

/** Those with most to say come first. */
function readiness({ status, spec }: Pod): number {
  const ready = status.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True');
  if (ready === true) return 2;
  return spec.nodeName ? 1 : 0;
}

/** Where the container runs. Raises what kubectl says of a pod that is missing, waits for a node, or has no such container. */
export async function podTarget(
  cell: CellClient,
  terminal: Terminal,
  word: string,
  options: PodOptions,
): Promise<ContainerTarget & { readonly container: string }> {
  const pod = await podNamed(cell, terminal, word, options);
  const { name } = pod.metadata;
  const { nodeName } = pod.spec;
  if (!nodeName) {
    throw new CommandFailure(`pod ${name} does not have a host assigned: see "periplus get pod ${name} -o yaml"`);
  }
  return {
    node: nodeName,
    uid: pod.metadata.uid,
    container: containerOf(pod, terminal, options.container),
  };
}

function containerOf(pod: Pod, terminal: Terminal, wanted: string | undefined): string {
  const names = pod.spec.containers.map(({ name }) => name);
  const [first = ''] = names;
  if (wanted === undefined) {
    if (names.length > 1) terminal.complain(`Defaulted container "${first}" out of: ${names.join(', ')}\n`);
    return first;
  }
  if (names.includes(wanted)) return wanted;
  throw new CommandFailure(
    `container ${wanted} not found in pod ${pod.metadata.name}; it has ${names.map((name) => `"${name}"`).join(', ')}`,
  );
}
