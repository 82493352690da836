/** The Kubernetes API of a cell: follows the log, answers over HTTPS, and hands commands to the writer. */
import { hostname } from 'node:os';
import type { CellClient } from '../bus/cell-client.ts';
import type { Clock, Timer } from '../foundation/clock.ts';
import type { Identifiers } from '../foundation/identifiers.ts';
import type { Logger } from '../foundation/logger.ts';
import type { EventLog } from '../log/event-log.ts';
import type { CellState } from '../state/cell-state.ts';
import { HttpsServer } from './http/server.ts';
import { routes } from './http/routes.ts';
import { adminsOnly } from './identity/authorization.ts';
import { noTokens } from './identity/authentication.ts';
import { keptIdentity, readEndpoint, writeEndpoint, type Endpoint } from './identity/gateway-files.ts';
import { Follower } from './state/follower.ts';
import { PastReader } from './state/past-reader.ts';
import type { Submitter } from './state/gathered-commands.ts';
import { Writes } from './state/writes.ts';
import { KeptPages } from './verbs/kept-pages.ts';

/** Kubernetes' own. */
export const DEFAULT_PORT = 6_443;
const ADDRESS = '127.0.0.1';
/** Names under which clients in and outside of pods know Kubernetes' API; the address is the first of the usual service range. */
const SERVER_NAMES: readonly string[] = [
  ADDRESS,
  '::1',
  'localhost',
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
  '10.96.0.1',
];
/** How often certificates are looked at for their end. */
const RENEWAL_CHECK_MS = 86_400_000;

export interface GatewayOptions {
  /** What its fold starts from. */
  readonly state: CellState;
  readonly log: EventLog;
  readonly client: CellClient;
  /** Sends commands under users' names. */
  readonly submitter: Submitter;
  /** Where certificates and the port are kept. */
  readonly directory: string;
  /** The port wanted; the last one, or Kubernetes' own, where absent. Where it is taken, another is. */
  readonly port?: number;
  /** Periplus's own version. */
  readonly version: string;
  readonly clock: Clock;
  readonly identifiers: Identifiers;
  readonly logger: Logger;
}

export interface RunningGateway {
  readonly endpoint: Endpoint;
  /** Rejects with what broke the fold: LogDamageError, LogUnavailableError. Resolves once closed. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

/** Starts answering. Rejects where no port can be had. */
export async function startGateway(options: GatewayOptions): Promise<RunningGateway> {
  const { client, clock, identifiers, logger, log, state, directory, version, submitter } = options;
  const follower = new Follower({
    state,
    log,
    clock,
    latestRevision: async () => (await client.queries.ask('revision', {})).revision,
  });
  const services = {
    follower,
    past: new PastReader(client),
    writes: new Writes({ submitter, follower, clock, identifiers }),
    pages: new KeptPages(),
    sessions: client,
    clock,
    identifiers,
    logger,
  };
  let endpoint: Endpoint | undefined;
  const address = () => (endpoint === undefined ? ADDRESS : `${endpoint.address}:${endpoint.port}`);
  const identity = await identityOf(options);
  const server = new HttpsServer({
    certificate: identity.server,
    clientAuthority: identity.authority.certificate,
    tokens: noTokens,
    answer: routes({ services, authorizer: adminsOnly, tokens: noTokens, version, address }),
    logger,
  });
  const stop = new AbortController();
  const ended = follower.run(stop.signal);
  // Whoever started us hears of it through `ended`.
  ended.catch(() => undefined);
  endpoint = await listen(server, options);
  writeEndpoint(directory, endpoint);
  logger.info('the Kubernetes API answers', { url: endpoint.url, revision: follower.revision });
  const renewal = renew(server, options);
  return {
    endpoint,
    ended,
    close: async () => {
      renewal.cancel();
      stop.abort();
      await server.close();
    },
  };
}

function identityOf({ directory, clock, identifiers }: GatewayOptions) {
  const serialNumber = () => `01${identifiers.uuid().replaceAll('-', '')}`;
  return keptIdentity(directory, [...SERVER_NAMES, hostname()], { now: clock.now(), serialNumber });
}

/** On the port that is wanted, else on any that is free. */
async function listen(server: HttpsServer, { directory, port, logger }: GatewayOptions): Promise<Endpoint> {
  const wanted = port ?? readEndpoint(directory)?.port ?? DEFAULT_PORT;
  const actual = await server.listen(ADDRESS, wanted).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'EADDRINUSE' && error.code !== 'EACCES') throw error;
    logger.warn('the port of the Kubernetes API is taken: another one is used', { port: wanted });
    return server.listen(ADDRESS, 0);
  });
  return { url: `https://${ADDRESS}:${actual}`, address: ADDRESS, port: actual, process: process.pid };
}

function renew(server: HttpsServer, options: GatewayOptions): Timer {
  const { clock, logger } = options;
  let timer: Timer;
  const check = () => {
    identityOf(options)
      .then((identity) => server.useCertificate(identity.server))
      .catch((error: unknown) => logger.error('cannot renew certificates: trying again in a day', { error }));
    timer = clock.after(RENEWAL_CHECK_MS, check, { background: true });
  };
  timer = clock.after(RENEWAL_CHECK_MS, check, { background: true });
  return { cancel: () => timer.cancel() };
}
