/** Finds a pod's container for logs and exec. */
import { refuse, type Objects } from '../../machines/index.ts';
import type { CellClient } from '../bus/cell-client.ts';
import { RefusedError } from '../bus/outcome-errors.ts';
import type { ContainerTarget } from '../bus/session-client.ts';
import type { Terminal } from './context.ts';
import { CommandFailure } from './exit-codes.ts';

export interface PodOptions {
  readonly namespace?: string;
  readonly container?: string;
}

/** Where the container runs. Raises what kubectl says of a pod that is missing, waits for a node, or has no such container. */
export async function podTarget(
  cell: CellClient,
  terminal: Terminal,
  word: string,
  options: PodOptions,
): Promise<ContainerTarget & { readonly container: string }> {
  const name = word.replace(/^(pods?|po)\//, '');
  const pod = await cell.get('Pod', name, options.namespace === undefined ? {} : { namespace: options.namespace });
  if (pod === undefined) throw new RefusedError(refuse.notFound({ kind: 'Pod', plural: 'pods', group: '' }, name));
  const { nodeName } = pod.spec;
  if (!nodeName) {
    throw new CommandFailure(`pod ${name} does not have a host assigned: see "periplus get pod ${name} -o wide"`);
  }
  return { node: nodeName, uid: pod.metadata.uid, container: containerOf(pod, terminal, options.container) };
}

function containerOf(pod: Objects['Pod'], terminal: Terminal, wanted: string | undefined): string {
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
