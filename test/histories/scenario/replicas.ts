/** A replication controller of three: scaled, losing pods in every way there is, with its node silent, deleted. */
import type { PodContext } from '../../../machines/pod/index.ts';
import type { ObjectRecord } from '../../../machines/index.ts';
import { hear, silence } from './nodes.ts';
import type { Story } from './story.ts';

const KIND = 'ReplicationController';

function manifest(name: string, wanted: number, metadata: object = {}): object {
  const template = { metadata: { labels: { app: name } }, spec: { containers: [{ name: 'main', image: 'demo:1' }] } };
  return { metadata: { name, ...metadata }, spec: { replicas: wanted, template } };
}

function replicasOf(story: Story, name: string): readonly ObjectRecord<PodContext>[] {
  return story.pods().filter(({ context }) => context.metadata.labels?.['app'] === name);
}

/** Places and starts those that wait. */
function start(story: Story, name: string, node: string): void {
  for (const { name: pod, context } of replicasOf(story, name)) {
    if (context.spec.nodeName !== undefined) continue;
    story.bind(pod, node);
    story.report(pod, [story.running()], { sandbox: { attempt: 0, podIP: '10.1.1.1', hostIP: '10.0.0.1' } });
  }
  story.settle();
}

export function replicas(story: Story): void {
  story.create(KIND, manifest('web', 3));
  story.settle();
  start(story, 'web', 'n1');
  story.tell(KIND, 'web', 'scale', { replicas: 5 });
  story.settle();
  start(story, 'web', 'n2');
  story.patch(KIND, 'web', { metadata: { labels: { tier: 'front' } } });
  story.wait(30);
  story.tell(KIND, 'web', 'scale', { replicas: 3 });
  story.settle();
  leave(story);
  loses(story);
  nodeGoesSilent(story);
  deleted(story);
}

/** The agents have stopped what was to be stopped. */
function leave(story: Story): void {
  for (const { name, context } of story.pods()) {
    if (context.metadata.deletionTimestamp !== undefined) story.report(name, [], { cleanedUp: true });
  }
  story.settle();
}

function loses(story: Story): void {
  const [first, second] = replicasOf(story, 'web');
  if (first === undefined || second === undefined) throw new Error('there are three replicas');
  story.report(first.name, [story.running({ ready: false, gap: 1 })]);
  story.settle();
  const node = first.context.spec.nodeName;
  story.tell('Pod', first.name, 'fail', { node, reason: 'Evicted', message: 'the node was low on disk' });
  story.settle();
  story.tell('Pod', second.name, 'delete');
  story.settle();
  leave(story);
  start(story, 'web', 'n1');
}

/** Its pods are evicted when their time has come, and replaced on another node; what returns is stopped. */
function nodeGoesSilent(story: Story): void {
  silence(story, 'n1');
  story.settle();
  story.wait(10);
  const lost = replicasOf(story, 'web').filter(({ context }) => context.nodeLoss?.evictAt !== undefined);
  for (const { name } of lost) {
    story.tell('Pod', name, 'expire', { deadline: 'eviction' }, { actor: 'system:controller:deadlines' });
  }
  story.settle();
  start(story, 'web', 'n2');
  hear(story, 'n1');
  story.settle();
  leave(story);
}

function deleted(story: Story): void {
  story.create(KIND, manifest('gone', 2, { finalizers: ['example.com/hold'] }));
  story.settle();
  story.tell(KIND, 'gone', 'delete', { propagationPolicy: 'Orphan' });
  story.tell(KIND, 'gone', 'delete', { propagationPolicy: 'Foreground' });
  story.tell(KIND, 'gone', 'scale', { replicas: 1 });
  story.settle();
  story.patch(KIND, 'gone', { metadata: { labels: { a: 'b' } } });
  story.patch(KIND, 'gone', { metadata: { finalizers: [] } });
  story.settle();
}
