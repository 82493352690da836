/** CREATE and UPDATE: a manifest becomes an object, or an object what the manifest says. */
import type { Kind } from '../../../machines/index.ts';
import type { Exchange } from '../http/exchange.ts';
import { StatusError } from '../http/status.ts';
import { isDryRun, readManifest, type GivenObject } from '../resources/manifest-body.ts';
import type { Target } from '../resources/target.ts';
import type { Written } from '../state/writes.ts';
import { sendObject, type ObjectTarget } from './get.ts';
import type { Services } from './services.ts';

export async function create(
  exchange: Exchange,
  target: Target & { readonly kind: Kind },
  services: Services,
): Promise<void> {
  const { kind, namespace } = target;
  const form = exchange.negotiate();
  const dryRun = isDryRun(exchange.query.getAll('dryRun'), 'CreateOptions');
  const manifest = await readManifest(exchange, kind);
  const given = namespaceOf(manifest, kind);
  if (given !== undefined && namespace !== undefined && given !== namespace) {
    const message = `the namespace of the provided object does not match the namespace sent on the request`;
    throw new StatusError('BadRequest', message);
  }
  const { name } = manifest.metadata;
  const { after } = await services.writes.write({
    user: exchange.user,
    kind,
    namespace: namespace ?? given ?? '',
    name: typeof name === 'string' ? name : '',
    verb: 'create',
    arguments: { manifest },
    dryRun,
  });
  sendObject(exchange, 201, stillThere({ before: undefined, after }), { form, now: services.clock.now() });
}

function namespaceOf({ metadata }: GivenObject, { namespaced }: Kind): string | undefined {
  return namespaced && typeof metadata['namespace'] === 'string' && metadata['namespace'] !== ''
    ? metadata['namespace']
    : undefined;
}

export async function update(exchange: Exchange, target: ObjectTarget, services: Services): Promise<void> {
  const { kind, namespace = '', name } = target;
  const form = exchange.negotiate();
  const dryRun = isDryRun(exchange.query.getAll('dryRun'), 'UpdateOptions');
  const manifest = await readManifest(exchange, kind);
  requireSameName(manifest, target);
  const written = await services.writes.write({
    user: exchange.user,
    kind,
    namespace,
    name,
    verb: 'replace',
    arguments: { manifest },
    dryRun,
  });
  sendObject(exchange, 200, stillThere(written), { form, now: services.clock.now() });
}

/** Raises BadRequest where a manifest is another object's than the path's. */
export function requireSameName({ metadata }: GivenObject, { name, namespace, kind }: ObjectTarget): void {
  const { name: given = '', namespace: where } = metadata;
  if (given !== name) {
    const message = `the name of the object (${String(given)}) does not match the name on the URL (${name})`;
    throw new StatusError('BadRequest', message);
  }
  if (kind.namespaced && where !== undefined && where !== namespace) {
    const message = `the namespace of the object (${String(where)}) does not match the namespace on the URL (${namespace})`;
    throw new StatusError('BadRequest', message);
  }
}

/** The object after a change; a change that ended it (its last finalizer went) shows it as it last was. */
export function stillThere({ before, after }: Written) {
  const record = after ?? before;
  if (record === undefined) throw new StatusError('Timeout', 'Timeout: it was done, and the object is gone since');
  return record;
}
