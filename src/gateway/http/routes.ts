/** Which path is answered by what. */
import findMyWay from 'find-my-way';
import { health } from '../discovery/health.ts';
import * as discovery from '../discovery/resources.ts';
import { versionInfo } from '../discovery/version.ts';
import type { TokenAuthenticator } from '../identity/authentication.ts';
import type { Authorizer } from '../identity/authorization.ts';
import { BINARY_TYPE, BINARY_WANTED } from '../openapi/binary.ts';
import { openapiV2, openapiV2Binary, openapiV3, openapiV3Index } from '../openapi/documents.ts';
import { answerReview, reviewOf } from '../reviews/reviews.ts';
import { authorize, handleResource, unknownPath } from '../resources/handle.ts';
import { targetOf } from '../resources/target.ts';
import type { Services } from '../verbs/services.ts';
import type { Exchange } from './exchange.ts';
import { parseAccept } from './negotiation.ts';
import { StatusError } from './status.ts';

export interface RoutesOptions {
  readonly services: Services;
  readonly authorizer: Authorizer;
  readonly tokens: TokenAuthenticator;
  /** Periplus's own version. */
  readonly version: string;
  /** `127.0.0.1:6443`. */
  address(): string;
}

/** Answers a request. Rejects with StatusError, or with whatever broke. */
export type Answer = (exchange: Exchange) => Promise<void> | void;

type Parameters = Readonly<Record<string, string | undefined>>;
type Route = (exchange: Exchange, parameters: Parameters) => Promise<void> | void;

const SEGMENT_MAX_LENGTH = 512;

export function routes(options: RoutesOptions): Answer {
  const router = findMyWay<findMyWay.HTTPVersion.V1>({
    ignoreDuplicateSlashes: true,
    maxParamLength: SEGMENT_MAX_LENGTH,
  });
  const found = new Map<object, Route>();
  const add = (path: string, route: Route) => {
    const store = {};
    found.set(store, route);
    router.on(METHOD, path, () => undefined, store);
  };
  for (const [path, route] of Object.entries(documentRoutes(options))) add(path, route);
  const resource =
    (of: (parameters: Parameters) => readonly [group: string, version: string]): Route =>
    async (exchange, parameters) => {
      const rest = parameters['*'] ?? '';
      const review = reviewOf(...of(parameters), rest);
      if (review !== undefined) return answerReview(exchange, review, options);
      const target = targetOf(...of(parameters), rest);
      if (target === undefined) throw unknownPath();
      await handleResource(exchange, target, options);
    };
  add(
    '/api/:version/*',
    resource(({ version = '' }) => ['', version]),
  );
  add(
    '/apis/:group/:version/*',
    resource(({ group = '', version = '' }) => [group, version]),
  );
  return async (exchange) => {
    const match = router.find(METHOD, exchange.path);
    const route = match === null ? undefined : found.get(match.store as object);
    if (match === null || route === undefined) {
      authorizePath(exchange, options.authorizer);
      throw unknownPath();
    }
    await route(exchange, match.params);
  };
}

/** Paths mean the same whatever the method; each route looks at that itself. */
const METHOD = 'GET';

function documentRoutes({ services, authorizer, version, address }: RoutesOptions): Readonly<Record<string, Route>> {
  const document =
    (make: (parameters: Parameters, exchange: Exchange) => object | undefined): Route =>
    (exchange, parameters) => {
      authorizePath(exchange, authorizer);
      const answer = make(parameters, exchange);
      if (answer === undefined) throw unknownPath();
      exchange.send(200, answer, exchange.negotiate());
    };
  const grouped =
    (which: 'core' | 'groups', plain: () => object): Route =>
    (exchange) => {
      authorizePath(exchange, authorizer);
      const aggregated = discovery.aggregatedVersion(exchange.request.headers.accept);
      if (aggregated === undefined) return exchange.send(200, plain(), exchange.negotiate());
      const text = JSON.stringify(discovery.aggregated(which, aggregated));
      exchange.sendText(200, text, discovery.aggregatedType(aggregated));
    };
  const healthy: Route = (exchange) => health(exchange, services.follower);
  return {
    '/version': document(() => versionInfo(version)),
    '/api': grouped('core', () => discovery.coreVersions(address())),
    '/apis': grouped('groups', discovery.groupList),
    '/api/:version': document(({ version: of = '' }) => discovery.resourceList('', of)),
    '/apis/:group': document(({ group = '' }) => discovery.group(group)),
    '/apis/:group/:version': document(({ group = '', version: of = '' }) => discovery.resourceList(group, of)),
    '/openapi/v2': (exchange) => {
      authorizePath(exchange, authorizer);
      if (wantsBinary(exchange)) return exchange.sendBytes(200, openapiV2Binary(), BINARY_TYPE);
      requireJson(exchange);
      exchange.sendText(200, openapiV2(), 'application/json');
    },
    '/openapi/v3': document(openapiV3Index),
    '/openapi/v3/*': (exchange, parameters) => {
      authorizePath(exchange, authorizer);
      const text = openapiV3(parameters['*'] ?? '');
      if (text === undefined) throw unknownPath();
      exchange.sendText(200, text, 'application/json');
    },
    ...Object.fromEntries(
      ['healthz', 'livez', 'readyz'].flatMap((name) => [`/${name}`, `/${name}/:check`]).map((path) => [path, healthy]),
    ),
  };
}

/** Documents are only read. Raises MethodNotAllowed, Forbidden. */
function authorizePath(exchange: Exchange, authorizer: Authorizer): void {
  const { method, path } = exchange;
  authorize(exchange, authorizer, { verb: method.toLowerCase(), path });
  if (method !== 'GET' && method !== 'HEAD')
    throw new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
}

function wantsBinary({ request }: Exchange): boolean {
  return parseAccept(request.headers.accept)[0]?.type === BINARY_WANTED;
}

function requireJson({ request }: Exchange): void {
  const accepted = ['application/json', 'application/*', '*/*'];
  if (!parseAccept(request.headers.accept).some(({ type }) => accepted.includes(type)))
    throw new StatusError('NotAcceptable', 'only the following media types are accepted: application/json');
}
