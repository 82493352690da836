/** Bare pods: everything that can happen to a pod and its containers between creation and end. */
import type { Story } from './story.ts';
import { hear, silence } from './nodes.ts';

function manifest(name: string, spec: object = {}, metadata: object = {}): object {
  return { metadata: { name, ...metadata }, spec: { containers: [{ name: 'main', image: 'demo:1' }], ...spec } };
}

export function barePods(story: Story): void {
  longLife(story);
  runsToItsEnd(story);
  failsAndIsGivenUp(story);
  deletedBeforeItRuns(story);
  deletedGracefully(story);
  onSilentNode(story);
}

/** Scheduled at the second try, pulled at the second try, crashing, moved into another sandbox; runs at the end. */
function longLife(story: Story): void {
  story.create('Pod', manifest('long', {}, { labels: { app: 'long' } }));
  story.tell('Pod', 'long', 'markUnschedulable', {
    message: '0/3 nodes are available: 3 Insufficient memory.',
    ruledOut: { 'Insufficient memory': 3 },
  });
  story.patch('Pod', 'long', { metadata: { labels: { tier: 'back' } } });
  story.bind('long', 'n1');
  const sandbox = { attempt: 0, podIP: '10.1.0.2', hostIP: '10.0.0.1' };
  const notice = { type: 'Warning', reason: 'Failed', message: 'no such image', container: 'main' } as const;
  story.report('long', [story.waiting('ErrImagePull')], { sandbox, notices: [notice] });
  story.report('long', [story.waiting('ImagePullBackOff')]);
  story.patch('Pod', 'long', { spec: { containers: [{ name: 'main', image: 'demo:2' }] } });
  story.report('long', [
    story.running({ ready: false, image: 'demo:2', imageId: 'sha256:2', containerId: 'docker://1' }),
  ]);
  const level = { image: 'demo:2', attempt: 0 };
  story.report('long', [story.running(level)]);
  story.report('long', [story.running({ ...level, ready: false })]);
  story.report('long', [story.running({ ...level, ready: false, gap: 2 })]);
  story.wait(2);
  story.report('long', [story.terminated(1, level)]);
  story.report('long', [story.waiting('CrashLoopBackOff', { ...level, attempt: 1 })]);
  story.wait(10);
  story.report('long', [story.running({ ...level, attempt: 1 })], {
    sandbox: { ...sandbox, attempt: 1, podIP: '10.1.0.9' },
  });
}

function runsToItsEnd(story: Story): void {
  story.create('Pod', manifest('job', { restartPolicy: 'OnFailure' }));
  story.bind('job', 'n2');
  story.report('job', [story.running()], { sandbox: { attempt: 0, assignedPort: 8081 } });
  story.wait(3);
  story.report('job', [story.terminated(0)], { notices: [{ type: 'Normal', reason: 'Completed', message: 'done' }] });
  story.report('job', [], { notices: [{ type: 'Normal', reason: 'Killing', message: 'sandbox' }] });
  story.patch('Pod', 'job', { metadata: { annotations: { kept: 'yes' } } });
}

function failsAndIsGivenUp(story: Story): void {
  story.create('Pod', manifest('once', { restartPolicy: 'Never' }));
  story.bind('once', 'n2');
  story.report('once', [story.running()]);
  story.wait(1);
  story.report('once', [story.terminated(3)]);
  story.create('Pod', manifest('evictee'));
  story.bind('evictee', 'n2');
  story.report('evictee', [story.running()]);
  const why = { node: 'n2', reason: 'Evicted', message: 'the node was low on memory' };
  story.tell('Pod', 'evictee', 'fail', why, { actor: 'system:node:n2' });
  story.wait(1);
  story.report('evictee', [story.terminated(137)]);
  story.tell('Pod', 'evictee', 'delete', { gracePeriodSeconds: 0 });
}

function deletedBeforeItRuns(story: Story): void {
  story.create('Pod', manifest('unwanted'));
  story.tell('Pod', 'unwanted', 'delete');
  story.create('Pod', manifest('short'));
  story.bind('short', 'n2');
  story.tell('Pod', 'short', 'delete', { gracePeriodSeconds: 0 });
}

/** Its agent stops it in its own time; a finalizer keeps the object a little longer. */
function deletedGracefully(story: Story): void {
  story.create('Pod', manifest('slow', {}, { finalizers: ['example.com/backup'] }));
  story.bind('slow', 'n2');
  story.report('slow', [story.running({ ready: false })]);
  story.tell('Pod', 'slow', 'delete');
  story.report('slow', [story.running({ gap: 1 })]);
  story.tell('Pod', 'slow', 'delete', { gracePeriodSeconds: 5 });
  story.wait(4);
  story.report('slow', [story.terminated(143)], {
    notices: [{ type: 'Normal', reason: 'Killing', message: 'Stopping container main', container: 'main' }],
  });
  story.report('slow', [], { cleanedUp: true });
  story.patch('Pod', 'slow', { metadata: { finalizers: [] } });
}

/** A bare pod is not moved, and is itself again when its node is. */
function onSilentNode(story: Story): void {
  story.create('Pod', manifest('stays'));
  story.bind('stays', 'n3');
  story.report('stays', [story.running()]);
  silence(story, 'n3');
  story.settle();
  story.wait(60);
  hear(story, 'n3');
  story.settle();
  story.expectOutcome('refused', { kind: 'Pod', name: 'stays', verb: 'bind', arguments: { node: 'n1' } });
}
