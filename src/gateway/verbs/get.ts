/** GET of one object, of now or of any revision. */
import { refuse, type Kind, type ObjectRecord } from '../../../machines/index.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Negotiated } from '../http/negotiation.ts';
import { refusedError } from '../http/status.ts';
import { includeObjectOf, tableOf } from '../resources/table.ts';
import type { Target } from '../resources/target.ts';
import { kindOfRecord, manifestOf, manifestText, metadataOf } from '../state/render.ts';
import type { Services } from './services.ts';
import { askedVersion, reach } from './versions.ts';

/** A target that names one object of a kind we serve. */
export type ObjectTarget = Target & { readonly kind: Kind; readonly name: string };

export async function get(exchange: Exchange, target: ObjectTarget, services: Services): Promise<void> {
  const form = exchange.negotiate();
  const record = await readObject(exchange.query, target, services);
  sendObject(exchange, 200, record, { form, now: services.clock.now() });
}

/** The object that a query asks for. Raises NotFound. */
export async function readObject(
  query: URLSearchParams,
  target: ObjectTarget,
  { follower, past }: Pick<Services, 'follower' | 'past'>,
): Promise<ObjectRecord> {
  const asked = askedVersion(query);
  const { kind, namespace = '', name } = target;
  if (asked.of === 'exactly' && asked.revision !== follower.revision) {
    const all = await past.list({ kind: kind.kind, ...(kind.namespaced ? { namespace } : {}) }, asked.revision);
    return found(
      all.find((record) => record.name === name),
      target,
    );
  }
  if (asked.of !== 'exactly') await reach(follower, asked);
  return found(follower.state.get(kind.kind, namespace, name), target);
}

/** Raises NotFound. */
export function found(record: ObjectRecord | undefined, { kind, name }: ObjectTarget): ObjectRecord {
  if (record !== undefined) return record;
  throw refusedError(refuse.notFound(kind, name), { ...kind, name });
}

/** Answers with an object in the form that was asked for. */
export function sendObject(
  exchange: Exchange,
  code: number,
  record: ObjectRecord,
  { form, now }: { readonly form: Negotiated; readonly now: number },
): void {
  const { shape, encoding } = form;
  if (shape.as === 'table') {
    const options = { version: shape.version, include: includeObjectOf(exchange.query), now };
    const metadata = { resourceVersion: String(record.revision) };
    return exchange.send(code, tableOf(kindOfRecord(record), [record], metadata, options), form);
  }
  if (shape.as === 'metadata') return exchange.send(code, metadataOf(record, shape.version), form);
  if (encoding === 'yaml') return exchange.send(code, manifestOf(record), form);
  exchange.sendText(code, manifestText(record), 'application/json');
}
