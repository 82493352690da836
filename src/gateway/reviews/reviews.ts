/** Reviews: questions in the form of objects, answered at once and kept nowhere: who am I, may I, whose token is this. */
import { decodeObject, type Fields } from '../http/body.ts';
import type { Exchange } from '../http/exchange.ts';
import { StatusError } from '../http/status.ts';
import type { TokenAuthenticator } from '../identity/authentication.ts';
import type { Access, Authorizer } from '../identity/authorization.ts';
import type { User } from '../identity/user.ts';

const AUTHENTICATION = 'authentication.k8s.io';
const AUTHORIZATION = 'authorization.k8s.io';
/** The version of both groups. */
export const REVIEW_VERSION = 'v1';

/** Who knows the answers. */
export interface ReviewSources {
  readonly authorizer: Authorizer;
  readonly tokens: TokenAuthenticator;
}

/** A kind of question. */
export interface Review {
  readonly group: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  /** The `status` of the answer. Raises StatusError for a question that makes no sense. */
  answer(spec: Fields, user: User, sources: ReviewSources): Promise<object> | object;
}

function review(group: string, kind: string, answer: Review['answer'], namespaced = false): Review {
  const singular = kind.toLowerCase();
  return { group, kind, singular, plural: `${singular}s`, namespaced, answer };
}

export const REVIEWS: readonly Review[] = [
  review(AUTHENTICATION, 'SelfSubjectReview', (_spec, user) => ({ userInfo: userInfo(user) })),
  review(AUTHENTICATION, 'TokenReview', async ({ token }, _user, { tokens }) => {
    const user = typeof token === 'string' ? await tokens.userOf(token) : undefined;
    return user === undefined ? { authenticated: false } : { authenticated: true, user: userInfo(user) };
  }),
  review(AUTHORIZATION, 'SelfSubjectAccessReview', (spec, user, { authorizer }) => decide(spec, user, authorizer)),
  review(AUTHORIZATION, 'SubjectAccessReview', aboutSomebody),
  review(AUTHORIZATION, 'LocalSubjectAccessReview', aboutSomebody, true),
];

/** Groups that have reviews. */
export const REVIEW_GROUPS: readonly string[] = [AUTHENTICATION, AUTHORIZATION];

/** The review of a path behind its group and version; undefined where it is none. */
export function reviewOf(group: string, version: string, rest: string): Review | undefined {
  if (version !== REVIEW_VERSION) return undefined;
  const plural = rest.replace(/^namespaces\/[^/]+\//, '');
  const found = REVIEWS.find((one) => one.group === group && one.plural === plural);
  return found?.namespaced === (plural !== rest) ? found : undefined;
}

/** Answers it. */
export async function answerReview(exchange: Exchange, asked: Review, sources: ReviewSources): Promise<void> {
  const form = exchange.negotiate();
  if (exchange.method !== 'POST')
    throw new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
  const { metadata = {}, spec = {} } = decodeObject(await exchange.body());
  const status = await asked.answer((spec ?? {}) as Fields, exchange.user, sources);
  const apiVersion = `${asked.group}/${REVIEW_VERSION}`;
  exchange.send(201, { kind: asked.kind, apiVersion, metadata, spec, status }, form);
}

function userInfo({ name, groups }: User): object {
  return { username: name, groups };
}

function aboutSomebody(spec: Fields, _user: User, { authorizer }: ReviewSources): object {
  const { user = '', groups = [] } = spec;
  const who = { name: String(user), groups: Array.isArray(groups) ? groups.map(String) : [] };
  if (who.name === '' && who.groups.length === 0)
    throw new StatusError(
      'Invalid',
      'SubjectAccessReview is invalid: spec.user: Invalid value: "": at least one of user or group must be specified',
    );
  return decide(spec, who, authorizer);
}

function decide(spec: Fields, user: User, authorizer: Authorizer): object {
  const decision = authorizer.authorize(user, accessOf(spec));
  return decision.allowed
    ? { allowed: true }
    : { allowed: false, ...(decision.why === '' ? {} : { reason: decision.why }) };
}

function accessOf({ resourceAttributes, nonResourceAttributes }: Fields): Access {
  const attributes = (resourceAttributes ?? nonResourceAttributes) as Fields | undefined;
  if (attributes === undefined || (resourceAttributes && nonResourceAttributes)) {
    const message =
      'spec.resourceAttributes: Invalid value: exactly one of nonResourceAttributes or resourceAttributes must be specified';
    throw new StatusError('Invalid', message);
  }
  const fields = ['verb', 'path', 'group', 'resource', 'subresource', 'namespace', 'name'];
  const given = fields.filter((field) => typeof attributes[field] === 'string' && attributes[field] !== '');
  return { verb: '', ...Object.fromEntries(given.map((field) => [field, attributes[field]])) };
}
