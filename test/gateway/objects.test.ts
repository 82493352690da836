// Objects through Kubernetes' API: what is done, what is refused, and in which words.
import protobuf from 'protobufjs/minimal.js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { at, GatewayCell } from '../support/gateway-cell.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';
const PODS = '/api/v1/namespaces/default/pods';
const MERGE = 'application/merge-patch+json';
const STRATEGIC = 'application/strategic-merge-patch+json';

let cell: GatewayCell;
beforeAll(async () => {
  cell = await GatewayCell.start();
});
afterAll(() => cell.dispose());

const pod = (name: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'c', image: 'i:1', ...more }] },
});

describe('an object', () => {
  test('is created, and read at once by anybody', async () => {
    const created = await cell.configMap('first', { a: '1' });
    expect(created.code).toBe(201);
    expect(created.json).toMatchObject({ kind: 'ConfigMap', metadata: { name: 'first' }, data: { a: '1' } });
    const read = await cell.ask(`${CONFIG_MAPS}/first`);
    expect(read.json).toEqual(created.json);
  });

  test('records the user as the actor of its command', async () => {
    await cell.configMap('whose');
    const client = await cell.cell.client();
    const { records } = await client.queries.ask('history', { kind: 'ConfigMap', namespace: 'default', name: 'whose' });
    expect(records[0]).toMatchObject({ commit: { actor: 'kubernetes-admin', verb: 'create' } });
  });

  test('gets a generated name', async () => {
    const { json } = await cell.ask(CONFIG_MAPS, { method: 'POST', body: { metadata: { generateName: 'some-' } } });
    expect(at(json, 'metadata.name')).toMatch(/^some-[a-z0-9]{5}$/);
  });

  test('that was only tried is not there', async () => {
    const body = { metadata: { name: 'tried' } };
    const tried = await cell.ask(`${CONFIG_MAPS}?dryRun=All`, { method: 'POST', body });
    expect(tried.code).toBe(201);
    expect(at(tried.json, 'metadata.uid')).toBeDefined();
    expect((await cell.ask(`${CONFIG_MAPS}/tried`)).code).toBe(404);
    const other = await cell.ask(`${CONFIG_MAPS}?dryRun=Some`, { method: 'POST', body });
    expect([other.code, at(other.json, 'reason')]).toEqual([422, 'Invalid']);
  });

  test('is updated, unless somebody else was faster', async () => {
    const { json } = await cell.configMap('updated', { a: '1' });
    const body = { ...(json as object), data: { a: '2' } };
    const updated = await cell.ask(`${CONFIG_MAPS}/updated`, { method: 'PUT', body });
    expect([updated.code, at(updated.json, 'data')]).toEqual([200, { a: '2' }]);
    const stale = await cell.ask(`${CONFIG_MAPS}/updated`, { method: 'PUT', body: { ...body, data: { a: '3' } } });
    expect([stale.code, at(stale.json, 'reason')]).toEqual([409, 'Conflict']);
    expect(at(stale.json, 'message')).toContain('the object has been modified');
  });

  test('goes, and the answer says which it was', async () => {
    const { json } = await cell.configMap('gone');
    const uid = at(json, 'metadata.uid');
    const wrong = await cell.ask(`${CONFIG_MAPS}/gone`, {
      method: 'DELETE',
      body: { preconditions: { uid: 'other' } },
    });
    expect(wrong.code).toBe(409);
    const removed = await cell.ask(`${CONFIG_MAPS}/gone`, { method: 'DELETE' });
    expect(removed.json).toMatchObject({ status: 'Success', details: { name: 'gone', kind: 'configmaps', uid } });
  });

  test('of which nothing is known is a NotFound in Kubernetes’ words', async () => {
    const { code, json } = await cell.ask(`${CONFIG_MAPS}/nothing`);
    expect(code).toBe(404);
    expect(json).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message: 'configmaps "nothing" not found',
      reason: 'NotFound',
      details: { name: 'nothing', kind: 'configmaps' },
      code: 404,
    });
  });

  test('that is wrong is refused with every cause', async () => {
    const { code, json } = await cell.ask(PODS, { method: 'POST', body: pod('Bad_Name', { image: '' }) });
    expect(code).toBe(422);
    expect(at(json, 'details.causes')).toHaveLength(2);
    expect(at(json, 'details.causes.0')).toMatchObject({ reason: 'FieldValueInvalid', field: 'metadata.name' });
  });

  test.each([
    ['Strict', 400, undefined],
    ['Warn', 201, '299 - "unknown field \\"spec.containers[0].colour\\""'],
    ['Ignore', 201, undefined],
  ])('with fields nobody knows and fieldValidation=%s is answered with %i', async (mode, code, warning) => {
    const body = pod(`unknown-${mode.toLowerCase()}`, { colour: 'red' });
    const answer = await cell.ask(`${PODS}?fieldValidation=${mode}`, { method: 'POST', body });
    expect([answer.code, answer.headers['warning']]).toEqual([code, warning]);
  });
});

describe('a collection', () => {
  test('is deleted by its selector, in one answer', async () => {
    for (const name of ['c1', 'c2']) await cell.configMap(name, {}, { group: 'collected' });
    const removed = await cell.ask(`${CONFIG_MAPS}?labelSelector=group%3Dcollected`, { method: 'DELETE' });
    expect(at(removed.json, 'items')).toHaveLength(2);
    expect((await cell.ask(`${CONFIG_MAPS}/c1`)).code).toBe(404);
  });
});

describe('a patch', () => {
  test.each([
    [MERGE, { data: { a: null, b: '2' } }, { b: '2' }],
    [STRATEGIC, { data: { a: null, b: '2' } }, { b: '2' }],
    ['application/json-patch+json', [{ op: 'replace', path: '/data/a', value: '3' }], { a: '3' }],
  ])('of type %s changes what it says', async (type, body, data) => {
    const name = `patched-${type.replaceAll(/[^a-z]/g, '').slice(-20)}`;
    await cell.configMap(name, { a: '1' });
    const patched = await cell.ask(`${CONFIG_MAPS}/${name}`, { method: 'PATCH', body, type });
    expect([patched.code, at(patched.json, 'data')]).toEqual([200, data]);
  });

  test('of many at once loses none of them', async () => {
    await cell.configMap('contended');
    const keys = ['k1', 'k2', 'k3', 'k4'];
    const patch = (key: string) =>
      cell.ask(`${CONFIG_MAPS}/contended`, { method: 'PATCH', body: { data: { [key]: 'v' } }, type: MERGE });
    const answers = await Promise.all(keys.map(patch));
    expect(answers.map(({ code }) => code)).toEqual([200, 200, 200, 200]);
    const { json } = await cell.ask(`${CONFIG_MAPS}/contended`);
    expect(Object.keys(at(json, 'data') as object).toSorted()).toEqual(keys);
  });

  test.each([
    ['application/apply-patch+yaml', 'server-side apply is not supported'],
    ['text/plain', 'accepted media types include: application/json-patch+json'],
  ])('of type %s is an unsupported media type', async (type, words) => {
    await cell.configMap('unpatchable').catch(() => undefined);
    const { code, json } = await cell.ask(`${CONFIG_MAPS}/unpatchable`, { method: 'PATCH', body: '{}', type });
    expect(code).toBe(415);
    expect(at(json, 'message')).toContain(words);
  });

  test('of a test that fails changes nothing', async () => {
    await cell.configMap('tested', { a: '1' });
    const body = [{ op: 'test', path: '/data/a', value: '9' }];
    const type = 'application/json-patch+json';
    expect((await cell.ask(`${CONFIG_MAPS}/tested`, { method: 'PATCH', body, type })).code).toBe(422);
  });

  test('of a pod’s containers finds them by name', async () => {
    await cell.ask(PODS, { method: 'POST', body: pod('merged', { env: [{ name: 'A', value: '1' }] }) });
    const body = { spec: { containers: [{ name: 'c', image: 'i:2' }] } };
    const { json } = await cell.ask(`${PODS}/merged`, { method: 'PATCH', body, type: STRATEGIC });
    expect(at(json, 'spec.containers.0')).toMatchObject({ image: 'i:2', env: [{ name: 'A', value: '1' }] });
  });
});

const controller = (name: string) => ({
  metadata: { name },
  spec: { replicas: 1, template: { metadata: { labels: { app: name } }, spec: pod(name).spec } },
});
const CONTROLLERS = '/api/v1/namespaces/default/replicationcontrollers';

describe('a part of an object', () => {
  test('scale is read, written and patched', async () => {
    await cell.ask(CONTROLLERS, { method: 'POST', body: controller('scaled') });
    const scale = `${CONTROLLERS}/scaled/scale`;
    const read = await cell.ask(scale);
    expect(read.json).toMatchObject({ kind: 'Scale', apiVersion: 'autoscaling/v1', spec: { replicas: 1 } });
    const written = await cell.ask(scale, { method: 'PUT', body: { ...(read.json as object), spec: { replicas: 3 } } });
    expect(at(written.json, 'spec.replicas')).toBe(3);
    const stale = await cell.ask(scale, { method: 'PUT', body: { ...(read.json as object), spec: { replicas: 4 } } });
    expect(stale.code).toBe(409);
    const patched = await cell.ask(scale, { method: 'PATCH', body: { spec: { replicas: 2 } }, type: MERGE });
    expect(at(patched.json, 'spec.replicas')).toBe(2);
  });

  test('status is read and not written', async () => {
    await cell.ask(PODS, { method: 'POST', body: pod('with-status') });
    expect((await cell.ask(`${PODS}/with-status/status`)).code).toBe(200);
    expect((await cell.ask(`${PODS}/with-status/status`, { method: 'PUT', body: {} })).code).toBe(405);
  });

  test.each(['exec', 'attach', 'portforward', 'eviction'])('%s says what to use instead', async (part) => {
    const { code, json } = await cell.ask(`${PODS}/with-status/${part}`, { method: 'POST', body: {} });
    expect(code).toBe(501);
    expect(at(json, 'message')).toContain(`pods/${part} is not served`);
  });

  test('that there is not is not found', async () => {
    expect((await cell.ask(`${PODS}/with-status/nothing`)).code).toBe(404);
  });
});

const TYPE = 'application/vnd.kubernetes.protobuf';
const field = (number: number, bytes: Uint8Array | string) => {
  const writer = protobuf.Writer.create().uint32((number << 3) | 2);
  return (typeof bytes === 'string' ? writer.string(bytes) : writer.bytes(bytes)).finish();
};
const bytes = (...parts: readonly Uint8Array[]) => Uint8Array.from(Buffer.concat(parts));
const envelope = (kind: string, raw: Uint8Array) =>
  bytes(
    Buffer.from('k8s\0'),
    field(1, bytes(field(1, 'v1'), field(2, kind))),
    field(2, raw),
    field(3, ''),
    field(4, ''),
  );
const metadata = (name: string) => field(1, bytes(field(1, name), field(2, ''), field(8, new Uint8Array())));

describe('a body in protobuf', () => {
  test('is what the same body is as JSON', async () => {
    const raw = bytes(metadata('binary'), field(2, bytes(field(1, 'a'), field(2, 'b'))));
    const { code, json } = await cell.ask(CONFIG_MAPS, {
      method: 'POST',
      body: envelope('ConfigMap', raw),
      type: TYPE,
    });
    expect([code, at(json, 'data')]).toEqual([201, { a: 'b' }]);
  });

  test.each([
    ['of a kind that is read as JSON only', envelope('Pod', metadata('p')), 415],
    ['with a field that is not known', envelope('ConfigMap', bytes(metadata('p'), field(99, 'x'))), 415],
    ['cut short', envelope('ConfigMap', metadata('p')).subarray(0, 15), 400],
    ['that is something else', Buffer.from('no protobuf'), 400],
  ])('%s is refused', async (_what, body, code) => {
    expect((await cell.ask(CONFIG_MAPS, { method: 'POST', body, type: TYPE })).code).toBe(code);
  });
});
