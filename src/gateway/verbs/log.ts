/** pods/log: what a container printed, streamed from its node. */
import { NodeNotConnectedError, SessionRefusedError } from '../../bus/session-client.ts';
import { parseTime } from '../../foundation/clock.ts';
import type { Exchange } from '../http/exchange.ts';
import { StatusError } from '../http/status.ts';
import { found, type ObjectTarget } from './get.ts';
import type { Services } from './services.ts';
import { flagOf, numberOf } from './versions.ts';

/** A pod as far as its logs go. */
interface PodContext {
  readonly spec: { readonly nodeName?: string; readonly containers: readonly { readonly name: string }[] };
}

const SECOND_MS = 1_000;

export async function log(exchange: Exchange, target: ObjectTarget, services: Services): Promise<void> {
  const { query } = exchange;
  await services.follower.upToDate();
  const pod = found(services.follower.state.get('Pod', target.namespace ?? '', target.name), target);
  const { spec } = pod.context as unknown as PodContext;
  const container = containerOf(spec, query.get('container') ?? '', target.name);
  if (!spec.nodeName) throw new StatusError('BadRequest', `pod ${target.name} does not have a host assigned`);
  const of = { node: spec.nodeName, uid: pod.uid, container, previous: flagOf(query, 'previous') ?? false };
  const limit = numberOf(query, 'limitBytes') || Infinity;
  const gone = new AbortController();
  exchange.response.once('close', () => gone.abort());
  await stream(exchange, services.sessions.logs(of, requestOf(query, services.clock.now()), gone.signal), {
    limit,
    gone,
  });
}

function requestOf(query: URLSearchParams, now: number) {
  const tailLines = numberOf(query, 'tailLines');
  const seconds = numberOf(query, 'sinceSeconds');
  const sinceTime = query.get('sinceTime');
  if (seconds !== undefined && sinceTime !== null)
    throw new StatusError('BadRequest', 'at most one of `sinceTime` or `sinceSeconds` may be specified');
  const since = sinceTime === null ? seconds && now - seconds * SECOND_MS : parseTime(sinceTime);
  if (since !== undefined && Number.isNaN(since))
    throw new StatusError(
      'BadRequest',
      `sinceTime: Invalid value: ${JSON.stringify(sinceTime)}: must be an RFC 3339 time`,
    );
  return {
    follow: flagOf(query, 'follow') ?? false,
    timestamps: flagOf(query, 'timestamps') ?? false,
    ...(tailLines === undefined ? {} : { tailLines }),
    ...(since === undefined ? {} : { since }),
  };
}

function containerOf({ containers }: PodContext['spec'], wanted: string, pod: string): string {
  const names = containers.map(({ name }) => name);
  if (wanted === '') {
    const [only = ''] = names;
    if (names.length === 1) return only;
    const message = `a container name must be specified for pod ${pod}, choose one of: [${names.join(' ')}]`;
    throw new StatusError('BadRequest', message);
  }
  if (names.includes(wanted)) return wanted;
  throw new StatusError('BadRequest', `container ${wanted} is not valid for pod ${pod}`);
}

async function stream(
  exchange: Exchange,
  chunks: AsyncIterable<{ readonly data: Uint8Array }>,
  { limit, gone }: { readonly limit: number; readonly gone: AbortController },
): Promise<void> {
  const { response } = exchange;
  let left = limit;
  const begin = () => {
    if (!response.headersSent) exchange.begin(200, { 'Content-Type': 'text/plain' });
  };
  try {
    for await (const { data } of chunks) {
      begin();
      const taken = data.subarray(0, left);
      left -= taken.byteLength;
      // The node waits while the client has no room.
      if (!response.write(taken) && !response.destroyed) await drained(exchange);
      if (left <= 0 || response.destroyed) break;
    }
    begin();
    response.end();
  } catch (error) {
    if (!gone.signal.aborted) throw logError(error);
  } finally {
    gone.abort();
  }
}

/** A follower that reads nothing is not gone: a person may look at its last lines. */
function drained({ response }: Exchange): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      response.off('drain', done);
      response.off('close', done);
      resolve();
    };
    response.on('drain', done);
    response.on('close', done);
  });
}

function logError(error: unknown): unknown {
  if (error instanceof SessionRefusedError) return new StatusError('BadRequest', error.message);
  if (error instanceof NodeNotConnectedError) return new StatusError('ServiceUnavailable', error.message);
  return error;
}
