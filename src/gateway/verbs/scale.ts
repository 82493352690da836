/** The scale subresource: how many an object wants and has, for whoever scales without knowing what. */
import type { Kind, ObjectRecord } from '../../../machines/index.ts';
import { decodeObject, type Fields } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { StatusError } from '../http/status.ts';
import { readPatch } from '../patch/patch-body.ts';
import { isDryRun } from '../resources/manifest-body.ts';
import { stillThere } from './create.ts';
import { found, readObject, type ObjectTarget } from './get.ts';
import type { Services } from './services.ts';
import { revisionOf } from './versions.ts';

export const SCALE_API_VERSION = 'autoscaling/v1';

/** Whether a kind can be scaled. */
export function isScalable({ verbs }: Kind): boolean {
  return Object.hasOwn(verbs, 'scale');
}

export async function getScale(exchange: Exchange, target: ObjectTarget, services: Services): Promise<void> {
  const form = exchange.negotiate();
  exchange.send(200, scaleOf(await readObject(exchange.query, target, services)), form);
}

export async function updateScale(exchange: Exchange, target: ObjectTarget, services: Services): Promise<void> {
  const body = await exchange.body();
  await writeScale(exchange, target, decodeObject(body), services);
}

export async function patchScale(exchange: Exchange, target: ObjectTarget, services: Services): Promise<void> {
  // A Scale has no lists, so that all patches of it merge alike.
  const change = readPatch(await exchange.body(), { kind: 'Scale', group: '' });
  await services.follower.upToDate();
  const { kind, namespace = '', name } = target;
  const current = scaleOf(found(services.follower.state.get(kind.kind, namespace, name), target));
  const scale = change(current);
  const metadata = scale['metadata'] as Fields | undefined;
  const isOwn = metadata?.['resourceVersion'] === current.metadata['resourceVersion'];
  // The number alone counts: whoever changed something else meanwhile is no conflict.
  const { resourceVersion: _, ...rest } = metadata ?? {};
  await writeScale(exchange, target, isOwn ? { ...scale, metadata: rest } : scale, services);
}

async function writeScale(exchange: Exchange, target: ObjectTarget, scale: Fields, services: Services): Promise<void> {
  const form = exchange.negotiate();
  const { kind, namespace = '', name } = target;
  const { resourceVersion, uid, name: given = name } = (scale['metadata'] ?? {}) as Fields;
  const replicas = (scale['spec'] as Fields | undefined)?.['replicas'] ?? 0;
  if (given !== name) {
    const message = `the name of the object (${String(given)}) does not match the name on the URL (${name})`;
    throw new StatusError('BadRequest', message);
  }
  const written = await services.writes.write({
    user: exchange.user,
    kind,
    namespace,
    name,
    verb: 'scale',
    arguments: { replicas },
    preconditions: {
      ...(typeof uid === 'string' && uid !== '' ? { uid } : {}),
      ...(typeof resourceVersion === 'string' && resourceVersion !== ''
        ? { revision: revisionOf(resourceVersion) }
        : {}),
    },
    dryRun: isDryRun(exchange.query.getAll('dryRun'), 'UpdateOptions'),
  });
  exchange.send(200, scaleOf(stillThere(written)), form);
}

/** autoscaling/v1's Scale. */
function scaleOf(record: ObjectRecord): Fields & { readonly metadata: Fields } {
  const { metadata, spec, status } = record.context as unknown as {
    readonly metadata: Fields;
    readonly spec: { readonly replicas?: number; readonly selector?: Readonly<Record<string, string>> };
    readonly status?: { readonly replicas?: number };
  };
  const { name, namespace, uid, creationTimestamp } = metadata;
  const selector = Object.entries(spec.selector ?? {}).map(([key, value]) => `${key}=${value}`);
  return {
    kind: 'Scale',
    apiVersion: SCALE_API_VERSION,
    metadata: { name, namespace, uid, resourceVersion: String(record.revision), creationTimestamp },
    spec: { replicas: spec.replicas ?? 0 },
    status: { replicas: status?.replicas ?? 0, selector: selector.join(',') },
  };
}
