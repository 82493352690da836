/** pods/binding: a scheduler of the user's own says where a pod goes; decided as our scheduler's choice is. */
import { decodeObject, type Fields } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { StatusError, type Status } from '../http/status.ts';
import { isDryRun } from '../resources/manifest-body.ts';
import type { ObjectTarget } from './get.ts';
import type { Services } from './services.ts';

const CREATED: Status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 };

export async function bind(exchange: Exchange, target: ObjectTarget, services: Services): Promise<void> {
  const form = exchange.negotiate();
  const { kind, namespace = '', name } = target;
  const body = decodeObject(await exchange.body());
  const to = (body['target'] ?? {}) as Fields;
  const { uid } = (body['metadata'] ?? {}) as Fields;
  if ((to['kind'] ?? 'Node') !== 'Node' || typeof to['name'] !== 'string' || to['name'] === '') {
    throw new StatusError('Invalid', `Binding "${name}" is invalid: target.name: Required value: the name of a Node`);
  }
  await services.writes.write({
    user: exchange.user,
    kind,
    namespace,
    name,
    verb: 'bind',
    arguments: { node: to['name'] },
    ...(typeof uid === 'string' && uid !== '' ? { preconditions: { uid } } : {}),
    dryRun: isDryRun(exchange.query.getAll('dryRun'), 'CreateOptions'),
  });
  exchange.send(201, CREATED, form);
}
