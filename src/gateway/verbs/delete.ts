/** DELETE and DELETECOLLECTION: grace, propagation and preconditions from the body or the query. */
import type { Kind, ObjectRecord, Preconditions } from '../../../machines/index.ts';
import { decodeObject, type Fields } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { StatusError, success } from '../http/status.ts';
import { isDryRun } from '../resources/manifest-body.ts';
import { selectionOf } from '../resources/selection.ts';
import type { Target } from '../resources/target.ts';
import { manifestOf, removedAt } from '../state/render.ts';
import type { Wanted } from '../state/writes.ts';
import { sendObject, type ObjectTarget } from './get.ts';
import { selectLatest } from './list.ts';
import type { Services } from './services.ts';
import { flagOf, invalidOption, numberOf, revisionOf } from './versions.ts';

interface DeleteOptions {
  readonly arguments: { readonly gracePeriodSeconds?: number; readonly propagationPolicy?: string };
  readonly preconditions?: Preconditions;
  readonly dryRun: boolean;
}

const KIND = 'DeleteOptions';
const POLICIES: readonly string[] = ['Background', 'Foreground', 'Orphan'];

export async function remove(exchange: Exchange, target: ObjectTarget, services: Services): Promise<void> {
  const { kind, namespace = '', name } = target;
  const form = exchange.negotiate();
  const options = await deleteOptions(exchange);
  const wanted: Wanted = { user: exchange.user, kind, namespace, name, verb: 'delete', ...options };
  const { before, after } = await services.writes.write(wanted);
  if (after !== undefined) return sendObject(exchange, 200, after, { form, now: services.clock.now() });
  const group = kind.group === '' ? {} : { group: kind.group };
  const uid = before === undefined ? {} : { uid: before.uid };
  exchange.send(200, success({ name, ...group, kind: kind.plural, ...uid }), form);
}

/** Each object is decided by itself, as it stands when its turn comes. */
export async function removeAll(
  exchange: Exchange,
  target: Target & { readonly kind: Kind },
  services: Services,
): Promise<void> {
  const { kind } = target;
  const form = exchange.negotiate();
  const { preconditions: _, ...options } = await deleteOptions(exchange);
  const records = await selectLatest(selectionOf(kind.kind, target, exchange.query), services);
  const wanted = records.map(({ namespace, name, uid }): Wanted => ({
    user: exchange.user,
    kind,
    namespace,
    name,
    verb: 'delete',
    // Not another one that took its name meanwhile.
    preconditions: { uid },
    ...options,
  }));
  const written = await services.writes.writeAll(wanted);
  const revision = services.follower.revision;
  const gone = written.map(({ before, after }) => after ?? (before && removedAt(before, revision)));
  const items = gone.filter((record): record is ObjectRecord => record !== undefined).map(manifestOf);
  const metadata = { resourceVersion: String(revision) };
  exchange.send(200, { kind: `${kind.kind}List`, apiVersion: kind.apiVersion, metadata, items }, form);
}

async function deleteOptions(exchange: Exchange): Promise<DeleteOptions> {
  const body = await exchange.body();
  const given = body.bytes.byteLength === 0 ? {} : decodeObject(body);
  const { query } = exchange;
  const grace = given['gracePeriodSeconds'] ?? numberOf(query, 'gracePeriodSeconds');
  const dryRun = Array.isArray(given['dryRun']) ? given['dryRun'].map(String) : query.getAll('dryRun');
  const policy = policyOf(given, query);
  return {
    arguments: {
      ...(grace === undefined || grace === null ? {} : { gracePeriodSeconds: graceOf(grace) }),
      ...(policy === undefined ? {} : { propagationPolicy: policy }),
    },
    ...preconditionsOf(given),
    dryRun: isDryRun(dryRun, KIND),
  };
}

function graceOf(grace: unknown): number {
  if (typeof grace === 'number' && Number.isInteger(grace)) return Math.max(grace, 0);
  throw new StatusError('BadRequest', 'gracePeriodSeconds: must be a whole number');
}

/** `orphanDependents` is what the policy was called before it had a name. */
function policyOf(given: Fields, query: URLSearchParams): string | undefined {
  const orphan = given['orphanDependents'] ?? flagOf(query, 'orphanDependents');
  const policy = given['propagationPolicy'] ?? query.get('propagationPolicy') ?? undefined;
  if (orphan !== undefined && policy !== undefined) {
    const why = 'Invalid value: orphanDependents and deletionPropagation cannot be both set';
    throw invalidOption('propagationPolicy', 'FieldValueInvalid', why, KIND);
  }
  if (policy === undefined) return orphan === undefined ? undefined : orphan === true ? 'Orphan' : 'Background';
  if (typeof policy === 'string' && POLICIES.includes(policy)) return policy;
  const why = `Unsupported value: ${JSON.stringify(policy)}: supported values: "Background", "Foreground", "Orphan", "nil"`;
  throw invalidOption('propagationPolicy', 'FieldValueNotSupported', why, KIND);
}

function preconditionsOf(given: Fields): { readonly preconditions?: Preconditions } {
  const { uid, resourceVersion } = (given['preconditions'] ?? {}) as Fields;
  if (uid === undefined && resourceVersion === undefined) return {};
  return {
    preconditions: {
      ...(typeof uid === 'string' ? { uid } : {}),
      ...(typeof resourceVersion === 'string' ? { revision: revisionOf(resourceVersion) } : {}),
    },
  };
}
