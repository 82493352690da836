// The premise of deleting a surplus pod: it is one of its owner's, and there are too many of those.
import { expect, test } from 'vitest';
import { Cell } from '../support/cell.ts';

const template = {
  metadata: { labels: { app: 'web' } },
  spec: { containers: [{ name: 'web', image: 'periplus/demo:1' }] },
};

test('a pod its owner has released is never deleted as its surplus', () => {
  const cell = Cell.begin();
  const owner = cell.create('ReplicationController', { metadata: { name: 'web' }, spec: { replicas: 0, template } });
  const reference = { apiVersion: 'v1', kind: 'ReplicationController', name: 'web', uid: owner.uid, controller: true };
  const pod = (name: string, ownerReferences: readonly object[]) =>
    cell.create('Pod', { metadata: { name, ownerReferences }, spec: template.spec });
  pod('released', []);
  pod('owned', [reference]);
  const surplus = (name: string) => ({ kind: 'Pod', name, verb: 'delete', arguments: { surplusOf: owner.uid } });
  expect(cell.refusal(surplus('released'))).toMatchObject({ reason: 'Conflict' });
  cell.accept(surplus('owned'));
  expect(cell.state.get('Pod', 'default', 'owned')).toBeUndefined();
});
