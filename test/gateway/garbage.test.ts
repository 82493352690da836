// Garbage of every sort: whatever is asked, the answer is a sentence, never a failure inside.
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { at, GatewayCell } from '../support/gateway-cell.ts';

let cell: GatewayCell;
beforeAll(async () => {
  cell = await GatewayCell.start();
  await cell.configMap('there', { a: '1' });
});
afterAll(() => cell.dispose());

/** Each opens a connection of its own. */
const RUNS = 400;

const segment = fc.oneof(
  fc.constantFrom(
    'api',
    'apis',
    'v1',
    'namespaces',
    'default',
    'configmaps',
    'pods',
    'nodes',
    'there',
    'status',
    'scale',
  ),
  fc.constantFrom(
    'periplus.dev',
    'cellconfigurations',
    'cell',
    'replicationcontrollers',
    'log',
    'binding',
    'openapi',
    'v3',
  ),
  fc.constantFrom('__proto__', 'constructor', '..', '%00', '%', '%2F', 'toString', ''),
  fc.string({ maxLength: 8 }).map(encodeURIComponent),
);
const resource = fc.constantFrom('configmaps', 'pods', 'replicationcontrollers', 'namespaces', 'nodes');
const path = fc.oneof(
  fc.array(segment, { maxLength: 8 }).map((parts) => `/${parts.join('/')}`),
  fc.tuple(resource, segment).map(([plural, name]) => `/api/v1/namespaces/default/${plural}/${name}`),
  resource.map((plural) => `/api/v1/namespaces/default/${plural}`),
);
const parameter = fc.constantFrom(
  'limit',
  'continue',
  'labelSelector',
  'fieldSelector',
  'resourceVersion',
  'resourceVersionMatch',
  'dryRun',
  'fieldValidation',
  'includeObject',
  'propagationPolicy',
  'gracePeriodSeconds',
  'tailLines',
);
const query = fc
  .array(
    fc.tuple(parameter, fc.oneof(fc.string({ maxLength: 6 }), fc.constantFrom('1', 'All', 'Exact', 'a=b', '-1'))),
    {
      maxLength: 3,
    },
  )
  .map((pairs) => new URLSearchParams(pairs).toString());
const field = fc.constantFrom(
  'metadata',
  'name',
  'namespace',
  'spec',
  'containers',
  'data',
  'kind',
  'apiVersion',
  '$patch',
  '__proto__',
  'replicas',
  'target',
);
const value = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, 1, -1, 1e300, '', 'there', 'ConfigMap', 'v1', 'delete'),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(field, tie('value'), { maxKeys: 4 }),
  ),
})).value;
const body = fc.oneof(
  value.map((one) => JSON.stringify(one)),
  fc.string(),
  fc.uint8Array({ maxLength: 64 }),
);
const type = fc.constantFrom(
  'application/json',
  'application/yaml',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/json-patch+json',
  'application/vnd.kubernetes.protobuf',
  'x',
);
const accept = fc.constantFrom(
  '*/*',
  'application/json',
  'application/yaml',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
  ';;;,q=x',
);
const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS');

test('anything at all is answered, and a no is a Status with its reason', { timeout: 120_000 }, async () => {
  await fc.assert(
    fc.asyncProperty(method, path, query, type, accept, body, async (how, where, asked, as, wanted, sent) => {
      const answer = await cell.ask(`${where}?${asked}`, {
        method: how,
        type: as,
        headers: { Accept: wanted },
        ...(how === 'GET' ? {} : { body: sent }),
      });
      expect([500, 0], answer.text).not.toContain(answer.code);
      if (answer.code >= 400 && answer.json !== undefined)
        expect(answer.json).toMatchObject({ kind: 'Status', status: 'Failure', code: answer.code });
    }),
    { numRuns: RUNS },
  );
  expect(at((await cell.ask('/version')).json, 'major')).toBe('1');
});
