/** The pods bound to a node never ask for more than it has. */
import {
  allocatable,
  isTerminal,
  NODE_INDEX,
  resourceRequests,
  type NodeContext,
  type PodContext,
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
    if (node === undefined) return;
    const offers = allocatable(node);
    let [cpuMillis, memoryBytes, pods] = [0, 0, 0];
    for (const pod of truth.state.indexed<PodContext>('Pod', NODE_INDEX, name)) {
      if (isTerminal(pod)) continue;
      const asks = resourceRequests(pod.context.spec);
      cpuMillis += asks.cpuMillis;
      memoryBytes += asks.memoryBytes;
      pods++;
    }
    const fits = cpuMillis <= offers.cpuMillis && memoryBytes <= offers.memoryBytes && pods <= offers.pods;
    if (!fits)
      report(
        `node ${name} has ${pods} pods asking ${cpuMillis} m and ${memoryBytes} bytes, more than its ${offers.pods}, ${offers.cpuMillis} m and ${offers.memoryBytes}`,
      );
  }
}
