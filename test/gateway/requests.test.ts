// Requests as such: who asks, in which form, and what the gateway does not take.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { BODY_MAX_BYTES } from '../../src/gateway/http/body.ts';
import { makeAuthority, makeClientCertificate } from '../../src/gateway/identity/certificates.ts';
import { at, GatewayCell } from '../support/gateway-cell.ts';

const CONFIG_MAPS = '/api/v1/namespaces/default/configmaps';

let cell: GatewayCell;
let serial = 0;
const issuance = { now: systemClock.now(), serialNumber: () => `0${++serial}` };
beforeAll(async () => {
  cell = await GatewayCell.start();
});
afterAll(() => cell.dispose());

describe('whoever', () => {
  test('shows no certificate is nobody', async () => {
    const { code, json } = await cell.ask('/api/v1/pods', { client: null });
    expect([code, at(json, 'message')]).toEqual([401, 'Unauthorized']);
  });

  test('shows a token that nobody vouches for is nobody', async () => {
    const headers = { Authorization: 'Bearer something' };
    expect((await cell.ask('/api/v1/pods', { client: null, headers })).code).toBe(401);
  });

  test('shows a certificate of another authority is nobody', async () => {
    const other = await makeAuthority('periplus', issuance);
    const client = await makeClientCertificate(other, { name: 'eve', groups: ['system:masters'] }, issuance);
    expect((await cell.ask('/api/v1/pods', { client })).code).toBe(401);
  });

  test('is known and no admin may do nothing, and is told what', async () => {
    const client = await makeClientCertificate(cell.authority, { name: 'bob', groups: ['staff'] }, issuance);
    const { code, json } = await cell.ask(`${CONFIG_MAPS}/x`, { client });
    expect([code, at(json, 'reason')]).toEqual([403, 'Forbidden']);
    expect(at(json, 'message')).toBe(
      'configmaps "x" is forbidden: User "bob" cannot get resource "configmaps" in API group "" in the namespace "default"',
    );
    expect((await cell.ask('/version', { client })).code).toBe(403);
  });
});

describe('an answer', () => {
  test('comes as YAML where that is wanted', async () => {
    await cell.configMap('yaml', { a: 'b' });
    const { headers, text } = await cell.ask(`${CONFIG_MAPS}/yaml`, { headers: { Accept: 'application/yaml' } });
    expect(headers['content-type']).toBe('application/yaml');
    expect(text).toContain('kind: ConfigMap\n');
  });

  test('comes as a table of the kind’s columns', async () => {
    const Accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';
    const { json } = await cell.ask(CONFIG_MAPS, { headers: { Accept } });
    expect(json).toMatchObject({
      kind: 'Table',
      apiVersion: 'meta.k8s.io/v1',
      columnDefinitions: [{ name: 'Name', format: 'name' }, { name: 'Data', type: 'integer' }, { name: 'Age' }],
    });
    expect(at(json, 'rows.0.object.kind')).toBe('PartialObjectMetadata');
    expect(at(json, 'rows.0.cells.1')).toBe(1);
  });

  test('is JSON for clients that would rather have protobuf, and none for those that want nothing else', async () => {
    const protobuf = 'application/vnd.kubernetes.protobuf';
    const either = await cell.ask(CONFIG_MAPS, { headers: { Accept: `${protobuf},application/json` } });
    expect(either.headers['content-type']).toBe('application/json');
    expect((await cell.ask(CONFIG_MAPS, { headers: { Accept: protobuf } })).code).toBe(406);
  });
});

describe('a path', () => {
  test.each([
    '/nothing',
    '/api/v2',
    '/api/v1/nothing',
    '/apis/no.group/v1',
    '/api/v1/namespaces/x/nodes',
    '/api/v1/%zz',
  ])('%s that means nothing is not found', async (path) => {
    const { code, json } = await cell.ask(path);
    expect(code).toBe(404);
    expect(at(json, 'message')).toBe('the server could not find the requested resource');
  });

  test('that is served takes no other method', async () => {
    expect((await cell.ask('/version', { method: 'POST', body: {} })).code).toBe(405);
    expect((await cell.ask(CONFIG_MAPS, { method: 'PUT', body: {} })).code).toBe(405);
  });
});

const post = (body: unknown, type?: string) =>
  cell.ask(CONFIG_MAPS, { method: 'POST', body, ...(type === undefined ? {} : { type }) });

describe('a body', () => {
  test('larger than the limit is too large', async () => {
    const { code, json } = await post(Buffer.alloc(BODY_MAX_BYTES + 1, 0x20));
    expect([code, at(json, 'reason')]).toEqual([413, 'RequestEntityTooLarge']);
  });

  test.each([
    ['that is no JSON', '{"metadata":', undefined, 400],
    ['that is no object', '[]', undefined, 400],
    ['nested beyond reason', `{"a":${'['.repeat(100_000)}`, undefined, 400],
    ['that is no UTF-8', Buffer.from([0x7b, 0xff, 0x7d]), undefined, 400],
    ['of another version', '{"apiVersion":"v2"}', undefined, 400],
    ['of another kind', '{"kind":"Pod"}', undefined, 400],
    ['of an unknown type', '{}', 'text/plain', 415],
    ['of YAML that is none', 'a: [', 'application/yaml', 400],
    ['of YAML nested beyond reason', `a: ${'- '.repeat(5_000)}x`, 'application/yaml', 400],
    ['of YAML that unfolds into everything', bomb(), 'application/yaml', 400],
  ])('%s is refused', async (_what, body, type, code) => {
    const answer = await post(body, type);
    expect([answer.code, at(answer.json, 'kind')]).toEqual([code, 'Status']);
  });

  test('of YAML is as good as JSON', async () => {
    expect((await post('metadata: {name: from-yaml}\ndata: {a: b}\n', 'application/yaml')).code).toBe(201);
  });
});

/** Nine lists, each of nine times the one before. */
function bomb(): string {
  const lines = ['a0: &a0 [x]'];
  for (let level = 1; level <= 9; level++)
    lines.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join(',')}]`);
  return lines.join('\n');
}

describe('discovery', () => {
  test('names what is served, group by group and all at once', async () => {
    expect((await cell.ask('/api')).json).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    expect(at((await cell.ask('/apis')).json, 'groups.0.name')).toBe('periplus.dev');
    const { json } = await cell.ask('/api/v1');
    const names = (at(json, 'resources') as readonly { readonly name: string }[]).map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['pods', 'pods/log', 'replicationcontrollers/scale', 'nodes']));
    const Accept = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json';
    const all = await cell.ask('/apis', { headers: { Accept } });
    expect(all.headers['content-type']).toContain('as=APIGroupDiscoveryList');
    expect(at(all.json, 'items.0.versions.0.resources.0.resource')).toBe('cellconfigurations');
  });

  test('has schemas with the parameters and merge keys that clients look for', async () => {
    const index = await cell.ask('/openapi/v3');
    const url = at(index.json, 'paths') as Readonly<Record<string, { readonly serverRelativeURL: string }>>;
    const { json } = await cell.ask(url['api/v1']?.serverRelativeURL ?? '');
    const schemas = at(json, 'components.schemas') as Readonly<Record<string, unknown>>;
    const containers = at(schemas['io.k8s.api.core.v1.Pod'], 'properties.spec.properties.containers');
    expect(containers).toMatchObject({ 'x-kubernetes-patch-merge-key': 'name' });
    const paths = at(json, 'paths') as Readonly<Record<string, unknown>>;
    const parameters = at(paths['/api/v1/namespaces/{namespace}/pods/{name}'], 'patch.parameters');
    expect(parameters).toContainEqual(expect.objectContaining({ name: 'fieldValidation', in: 'query' }));
    expect((await cell.ask('/openapi/v2')).json).toMatchObject({ swagger: '2.0' });
  });

  test('has its older document in binary for clients that want nothing else', async () => {
    const Accept = 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf';
    const { code, headers, text } = await cell.ask('/openapi/v2', { headers: { Accept } });
    expect([code, headers['content-type']]).toEqual([200, Accept.replace('@', '.')]);
    expect(text).toContain('fieldValidation');
    expect((await cell.ask('/openapi/v2', { headers: { Accept: 'text/html' } })).code).toBe(406);
  });

  test('says that it is well', async () => {
    expect((await cell.ask('/livez')).text).toBe('ok');
    expect((await cell.ask('/readyz?verbose')).text).toBe('[+]ping ok\n[+]log ok\nreadyz check passed\n');
    expect(at((await cell.ask('/version')).json, 'gitVersion')).toMatch(/^v1\.32\.\d+\+periplus\.test$/);
  });
});

describe('a review', () => {
  const AUTHORIZATION = '/apis/authorization.k8s.io/v1';

  test('says who asks', async () => {
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const { code, json } = await cell.ask(path, { method: 'POST', body: {} });
    expect(code).toBe(201);
    expect(at(json, 'status.userInfo')).toEqual({
      username: 'kubernetes-admin',
      groups: ['system:masters', 'system:authenticated'],
    });
    const client = await makeClientCertificate(cell.authority, { name: 'bob', groups: [] }, issuance);
    const other = await cell.ask(path, { method: 'POST', body: {}, client });
    expect(at(other.json, 'status.userInfo.username')).toBe('bob');
  });

  test('says who may do what', async () => {
    const resourceAttributes = { verb: 'get', resource: 'pods' };
    const ask = (path: string, spec: object) =>
      cell.ask(`${AUTHORIZATION}/${path}`, { method: 'POST', body: { spec: { resourceAttributes, ...spec } } });
    expect(at((await ask('selfsubjectaccessreviews', {})).json, 'status')).toEqual({ allowed: true });
    expect(at((await ask('subjectaccessreviews', { user: 'bob' })).json, 'status')).toEqual({ allowed: false });
    expect((await ask('subjectaccessreviews', {})).code).toBe(422);
    expect((await ask('namespaces/x/localsubjectaccessreviews', { user: 'bob' })).code).toBe(201);
    expect((await cell.ask(`${AUTHORIZATION}/selfsubjectaccessreviews`)).code).toBe(405);
  });
});
