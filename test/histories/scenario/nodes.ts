/** Nodes: registered by their agents, silent and heard again, one by one and all at once, cordoned, deleted. */
import type { Story } from './story.ts';

/** A machine of 16 processors with an agent of the first version. */
function registration(memory: string): object {
  return {
    capacity: { cpu: '16', memory, pods: '50' },
    nodeInfo: {
      operatingSystem: 'linux',
      architecture: 'amd64',
      osImage: 'Debian GNU/Linux 13',
      kernelVersion: '6.12.0',
      containerRuntimeVersion: 'docker://28.0.0',
      kubeletVersion: 'v0.1.0',
    },
    addresses: [{ type: 'InternalIP', address: '10.0.0.1' }],
  };
}

export function register(story: Story, name: string, memory = '64Gi'): void {
  story.tell('Node', name, 'register', registration(memory), { actor: `system:node:${name}` });
}

export function silence(story: Story, name: string, evictionsSuspended = false): void {
  const args = { since: story.cell.now - 10_000, silentMs: 10_000, evictionsSuspended };
  story.tell('Node', name, 'markUnreachable', args, { actor: 'system:controller:node-health' });
}

export function hear(story: Story, name: string): void {
  story.tell('Node', name, 'markReachable', {}, { actor: 'system:controller:node-health' });
}

export function nodes(story: Story): void {
  for (const name of ['n1', 'n2', 'n3']) register(story, name);
  register(story, 'n1', '60Gi');
  const cordon = (unschedulable: boolean | null) => story.patch('Node', 'n3', { spec: { unschedulable } });
  cordon(true);
  cordon(null);
  silence(story, 'n3', true);
  register(story, 'n3', '32Gi');
  story.wait(5);
  silence(story, 'n3');
  story.patch('Node', 'n3', { metadata: { labels: { zone: 'a' } } });
  hear(story, 'n3');
  story.create('Node', { metadata: { name: 'planned' }, spec: { unschedulable: true } });
  story.patch('Node', 'planned', { metadata: { labels: { zone: 'b' } } });
  story.expectOutcome('refused', { kind: 'Node', name: 'planned', verb: 'markReachable' });
  leaving(story);
}

/** Agents live on while their node is held by a finalizer. */
function leaving(story: Story): void {
  story.create('Node', { metadata: { name: 'n4', finalizers: ['example.com/drain'] } });
  register(story, 'n4');
  story.tell('Node', 'n4', 'delete');
  register(story, 'n4', '8Gi');
  silence(story, 'n4', true);
  silence(story, 'n4');
  hear(story, 'n4');
  story.tell('Node', 'n4', 'delete', { propagationPolicy: 'Foreground' });
  story.settle();
  story.patch('Node', 'n4', { metadata: { labels: { zone: 'c' } } });
  story.patch('Node', 'n4', { metadata: { finalizers: [] } });
}
