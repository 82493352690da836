/** The pods bound to a node never ask for more than it has. */
import {
  allocatable,
  isTerminal,
  NODE_INDEX,
  resourceRequests,
  type NodeContext,
  type NodeRecord,
  type PodContext,
  type PodRecord,
  type View,
} from '../../../machines/index.ts';
import type { AppliedEntry } from '../../state/applied-entry.ts';
import type { Scene } from '../scene.ts';

export function capacityHolds({ truth }: Scene, report: (what: string) => void) {
  return ({ entry, changes }: AppliedEntry): void => {
    const bound = entry.commits.some(({ events }) => events.some(({ type }) => type === 'PodScheduled'));
    if (!bound) return;
    for (const { commit, after } of changes) {
      if (commit.verb === 'bind' && after) check((after.context as PodContext).spec.nodeName ?? '');
    }
  };

  function check(name: string): void {
    const node = truth.state.get<NodeContext>('Node', '', name);
    if (node === undefined || hasRoom(truth.state, node)) return;
    const { cpuMillis, memoryBytes, pods } = askedOf(truth.state, node, []);
    const offers = allocatable(node);
    report(
      `node ${name} has ${pods} pods asking ${cpuMillis} m and ${memoryBytes} bytes, more than its ${offers.pods}, ${offers.cpuMillis} m and ${offers.memoryBytes}`,
    );
  }
}

/** Whether a node has room for what is bound to it, and for further pods. */
export function hasRoom(view: View, node: NodeRecord, further: readonly PodRecord[] = []): boolean {
  const { cpuMillis, memoryBytes, pods } = askedOf(view, node, further);
  const offers = allocatable(node);
  return cpuMillis <= offers.cpuMillis && memoryBytes <= offers.memoryBytes && pods <= offers.pods;
}

function askedOf(view: View, { name }: NodeRecord, further: readonly PodRecord[]) {
  const asked = { cpuMillis: 0, memoryBytes: 0, pods: 0 };
  for (const pod of [...view.indexed<PodContext>('Pod', NODE_INDEX, name), ...further]) {
    if (isTerminal(pod)) continue;
    const asks = resourceRequests(pod.context.spec);
    asked.cpuMillis += asks.cpuMillis;
    asked.memoryBytes += asks.memoryBytes;
    asked.pods++;
  }
  return asked;
}
