// The real kubectl against a whole cell: what a person types, and what they read.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { gatewayAccess } from '../../src/cell/gateway-access.ts';
import { dataDirectory } from '../../src/cell/data-directory.ts';
import { RealCell } from '../support/real-cell.ts';
import { runCommand, type CommandResult } from '../support/run-command.ts';
import { waitFor } from '../support/wait-for.ts';

/** Another version's program, to try it. */
const KUBECTL = process.env['PERIPLUS_TEST_KUBECTL'] ?? 'kubectl';
const installed = hasKubectl();
const IMAGE = 'periplus.local/demo:1';

let cell: RealCell;
let home: string;

function hasKubectl(): boolean {
  try {
    return runCommand(KUBECTL, ['version', '--client']).status === 0;
  } catch {
    return false;
  }
}

function kubectl(words: string, input = '', env: Readonly<Record<string, string>> = {}): CommandResult {
  return runCommand(KUBECTL, words.split(' '), {
    input,
    env: { HOME: home, KUBECONFIG: join(home, 'kubeconfig'), ...env },
  });
}

/** What it printed; fails with what it complained of. */
function ok(words: string, input = '', env: Readonly<Record<string, string>> = {}): string {
  const { status, output, errors } = kubectl(words, input, env);
  expect([status, errors.replaceAll(/^Warning:.*\n/gm, '')], `kubectl ${words}: ${errors}`).toEqual([0, '']);
  return output.trim();
}

function pod(name: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { app: name } },
    spec: { containers: [{ name: 'c', image: IMAGE, env: [{ name: 'A', value: '1' }] }] },
  });
}

const map = (data: object) => JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'm' }, data });

const controller = JSON.stringify({
  apiVersion: 'v1',
  kind: 'ReplicationController',
  metadata: { name: 'web' },
  spec: {
    replicas: 2,
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image: IMAGE }] } },
  },
});

describe.skipIf(!installed)('kubectl', () => {
  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'periplus-kubectl-'));
    cell = await RealCell.start({ runtime: 'hollow', nodes: 2 });
    await waitFor(
      'the kubeconfig',
      () => writeFileSync(join(home, 'kubeconfig'), gatewayAccess(dataDirectory(cell.directory)), { mode: 0o600 }),
      { timeoutMs: 30_000 },
    );
  });
  afterAll(async () => {
    await cell?.dispose();
    rmSync(home, { recursive: true, force: true });
  });

  test('says what is served', () => {
    expect(ok('version')).toMatch(/Server Version: v1\.32\.\d+\+periplus/);
    expect(ok('api-resources')).toMatch(/^pods +po +v1 +true +Pod$/m);
    expect(ok('api-versions').split('\n')).toEqual([
      'authentication.k8s.io/v1',
      'authorization.k8s.io/v1',
      'periplus.dev/v1',
      'v1',
    ]);
    expect(ok('auth whoami')).toMatch(/^Username +kubernetes-admin$/m);
    expect(ok('auth can-i delete pods')).toBe('yes');
    expect(ok('explain pod.spec.containers.image')).toContain('FIELD: image <string>');
    expect(ok('get --raw /readyz')).toBe('ok');
  });

  test('applies, and applies again, and takes away what was taken away', () => {
    expect(ok('apply -f -', map({ a: '1', b: '2' }))).toBe('configmap/m created');
    expect(ok('apply -f -', map({ a: '1', b: '2' }))).toBe('configmap/m unchanged');
    expect(ok('apply -f -', map({ a: '3' }))).toBe('configmap/m configured');
    expect(ok('get cm m -o jsonpath={.data}')).toBe('{"a":"3"}');
    const { status, output } = kubectl('diff -f -', map({ a: '4' }));
    expect([status, output.includes('+  a: "4"')]).toEqual([1, true]);
    expect(ok('get cm m -o jsonpath={.data}')).toBe('{"a":"3"}');
  });

  test('creates, runs and waits', () => {
    expect(ok('create configmap made --from-literal=a=b')).toBe('configmap/made created');
    expect(ok('create namespace other')).toBe('namespace/other created');
    expect(ok(`run ran --image=${IMAGE}`)).toBe('pod/ran created');
    expect(ok('wait --for=condition=Ready pod/ran --timeout=30s')).toBe('pod/ran condition met');
    expect(ok('create -f -', controller)).toBe('replicationcontroller/web created');
    expect(ok('wait --for=jsonpath={.status.readyReplicas}=2 rc/web --timeout=30s')).toContain('condition met');
  });

  test('prints every form', () => {
    expect(ok('get rc')).toMatch(/^NAME +DESIRED +CURRENT +READY +AGE\nweb +2 +2 +2 /);
    expect(ok('get pods -l app=web -o name').split('\n')).toHaveLength(2);
    expect(ok('get pod ran -o wide')).toContain('NOMINATED NODE');
    expect(ok('get pod ran -o yaml')).toContain('kind: Pod');
    expect(JSON.parse(ok('get pods -o json'))).toMatchObject({ kind: 'List' });
    expect(ok('get pods -A --show-labels --sort-by=.metadata.name')).toContain('run=ran');
    expect(ok('get pod ran -o custom-columns=N:.metadata.name')).toBe('N\nran');
    expect(ok('get pods --chunk-size=1 -o name').split('\n')).toHaveLength(3);
    expect(ok('get all')).toContain('replicationcontroller/web');
    expect(ok('describe pod ran')).toMatch(/^Status: +Running$/m);
    expect(ok('describe node n1')).toMatch(/^ +Ready +True /m);
    expect(ok('describe rc web')).toContain('2 current / 2 desired');
  });

  test('changes objects in every way', () => {
    expect(ok('label pod ran colour=red')).toBe('pod/ran labeled');
    expect(ok('annotate pod ran note=well')).toBe('pod/ran annotated');
    ok('patch cm made -p {"data":{"s":"1"}}');
    ok('patch cm made --type=merge -p {"data":{"m":"2"}}');
    ok('patch cm made --type=json -p [{"op":"remove","path":"/data/a"}]');
    expect(ok('get cm made -o jsonpath={.data}')).toBe('{"m":"2","s":"1"}');
    ok('edit cm made', '', { KUBE_EDITOR: 'sed -i s/m:/edited:/' });
    expect(ok('get cm made -o jsonpath={.data}')).toBe('{"edited":"2","s":"1"}');
    expect(ok('set image pod/ran ran=periplus.local/demo:2')).toBe('pod/ran image updated');
    expect(ok('scale rc web --replicas=3')).toBe('replicationcontroller/web scaled');
    expect(ok('get rc web -o jsonpath={.spec.replicas}')).toBe('3');
    expect(ok('replace -f -', controller)).toBe('replicationcontroller/web replaced');
  });

  test('shows the past', () => {
    const then = ok('get cm made -o jsonpath={.metadata.resourceVersion}');
    ok('delete cm made');
    const past = `/api/v1/namespaces/default/configmaps?resourceVersion=${then}&resourceVersionMatch=Exact`;
    expect(ok(`get --raw ${past}`)).toContain('"name":"made"');
    expect(kubectl('get cm made').errors).toContain('configmaps "made" not found');
  });

  test('watches until told to end', async () => {
    const env = { ...process.env, HOME: home, KUBECONFIG: join(home, 'kubeconfig') };
    const child = spawn(KUBECTL, ['get', 'configmaps', '-w', '--no-headers'], { env });
    let printed = '';
    child.stdout.on('data', (chunk: Uint8Array) => (printed += Buffer.from(chunk).toString()));
    await waitFor('the list', () => expect(printed).toMatch(/^m /m), { timeoutMs: 20_000 });
    ok('create configmap watched --from-literal=a=b');
    await waitFor('the new one', () => expect(printed).toMatch(/^watched +1 /m), { timeoutMs: 20_000 });
    child.kill();
  });

  test('empties a node', () => {
    expect(ok('cordon n1')).toBe('node/n1 cordoned');
    expect(ok('get node n1')).toContain('Ready,SchedulingDisabled');
    expect(ok('uncordon n1')).toBe('node/n1 uncordoned');
    expect(kubectl('drain n2 --force').output).toContain('node/n2 drained');
    ok('uncordon n2');
  });

  test('reads what a container printed', () => {
    expect(kubectl('logs ran --tail=1').status).toBe(kubectl('get pod ran').status);
  });

  test('deletes in every way', () => {
    expect(ok('apply -f -', pod('gone'))).toBe('pod/gone created');
    expect(ok('delete pod gone')).toBe('pod "gone" deleted');
    ok('apply -f -', pod('selected'));
    expect(ok('delete pod -l app=selected --grace-period=0 --force')).toContain('pod "selected" force deleted');
    expect(ok('delete rc web --cascade=orphan')).toContain('deleted');
    expect(ok('get pods -l app=web -o name')).not.toBe('');
    ok('delete pods --all');
    expect(ok('delete namespace other')).toBe('namespace "other" deleted');
  });

  test.each([
    ['get pod nothing', 'pods "nothing" not found'],
    ['get things', 'the server doesn\'t have a resource type "things"'],
    ['create configmap x -n nowhere', 'namespaces "nowhere" not found'],
    ['top pods', 'Metrics API not available'],
  ])('says of "%s" what is wrong', (words, sentence) => {
    const { status, errors } = kubectl(words);
    expect([status, errors.includes(sentence)], errors).toEqual([1, true]);
  });

  test('is told of fields and names that are wrong', () => {
    const odd = JSON.stringify({ ...(JSON.parse(pod('odd')) as object), colour: 'red' });
    expect(kubectl('create -f -', odd).errors).toContain('strict decoding error: unknown field "colour"');
    expect(kubectl('create -f -', pod('Not_A_Name')).errors).toContain('The Pod "Not_A_Name" is invalid');
    ok('apply -f -', pod('here'));
    expect(kubectl('exec here -- ls').errors).toContain('use "periplus exec');
    expect(kubectl('apply --server-side -f -', pod('here')).errors).toContain('server-side apply is not supported');
  });

  test('that is somebody else is nobody', () => {
    const text = readFileSync(join(home, 'kubeconfig'), 'utf8');
    const nobody = text
      .replaceAll(/^ +client-(certificate|key)-data:.*\n/gm, '')
      .replace('user:\n', 'user: {token: x}\n');
    const file = join(home, 'nobody');
    writeFileSync(file, nobody, { mode: 0o600 });
    const { status, errors } = kubectl('get pods', '', { KUBECONFIG: file });
    expect([status, errors.includes('Unauthorized')], errors).toEqual([1, true]);
  });
});
