/** From a request for a resource to the verb that answers it. */
import type { Exchange } from '../http/exchange.ts';
import { StatusError, UNKNOWN_PATH } from '../http/status.ts';
import { forbiddenSentence, type Access, type Authorizer } from '../identity/authorization.ts';
import { create, update } from '../verbs/create.ts';
import { remove, removeAll } from '../verbs/delete.ts';
import { get } from '../verbs/get.ts';
import { list } from '../verbs/list.ts';
import { patch } from '../verbs/patch.ts';
import type { Services } from '../verbs/services.ts';
import { flagOf } from '../verbs/versions.ts';
import { watch } from '../verbs/watch.ts';
import { subresourceHandler } from './subresources.ts';
import type { Target } from './target.ts';

const OBJECT_VERBS: Readonly<Record<string, string>> = {
  GET: 'get',
  HEAD: 'get',
  POST: 'create',
  PUT: 'update',
  PATCH: 'patch',
  DELETE: 'delete',
};
const COLLECTION_VERBS: Readonly<Record<string, string>> = {
  GET: 'list',
  HEAD: 'list',
  POST: 'create',
  DELETE: 'deletecollection',
};

const ON_OBJECTS = { get, update, patch, delete: remove } as const;
const ON_COLLECTIONS = { list, watch, create, deletecollection: removeAll } as const;

/** Verbs of every resource, as discovery lists them. */
export const RESOURCE_VERBS: readonly string[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

/** Answers a request for a resource. Rejects with StatusError. */
export async function handleResource(
  exchange: Exchange,
  target: Target,
  { services, authorizer }: { readonly services: Services; readonly authorizer: Authorizer },
): Promise<void> {
  const verb = verbOf(exchange, target);
  authorize(exchange, authorizer, accessOf(verb ?? exchange.method.toLowerCase(), target));
  const { kind, name, namespace } = target;
  if (kind === undefined || (namespace !== undefined && !kind.namespaced)) throw unknownPath();
  if (name === undefined) {
    if (!isKey(ON_COLLECTIONS, verb)) throw notAllowed();
    return ON_COLLECTIONS[verb](exchange, { ...target, kind }, services);
  }
  // An object of a kind with namespaces is always in one.
  if (kind.namespaced && namespace === undefined) throw unknownPath();
  const object = { ...target, kind, name };
  if (target.subresource !== undefined) return subresourceHandler(object, verb ?? '')(exchange, object, services);
  if (!isKey(ON_OBJECTS, verb)) throw notAllowed();
  return ON_OBJECTS[verb](exchange, object, services);
}

/** Raises Forbidden. */
export function authorize({ user }: Pick<Exchange, 'user'>, authorizer: Authorizer, access: Access): void {
  const decision = authorizer.authorize(user, access);
  if (decision.allowed) return;
  const { name, group, resource } = access;
  throw new StatusError('Forbidden', forbiddenSentence(user, access, decision.why), {
    ...(name === undefined ? {} : { name }),
    ...(group ? { group } : {}),
    ...(resource === undefined ? {} : { kind: resource }),
  });
}

export function unknownPath(): StatusError {
  return new StatusError('NotFound', UNKNOWN_PATH);
}

function notAllowed(): StatusError {
  return new StatusError('MethodNotAllowed', 'the server does not allow this method on the requested resource');
}

function verbOf({ method, query }: Exchange, { name }: Target): string | undefined {
  const verbs = name === undefined ? COLLECTION_VERBS : OBJECT_VERBS;
  const verb = Object.hasOwn(verbs, method) ? verbs[method] : undefined;
  return verb === 'list' && flagOf(query, 'watch') === true ? 'watch' : verb;
}

function accessOf(verb: string, { group, resource, subresource, namespace, name }: Target): Access {
  return {
    verb,
    group,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(namespace === undefined ? {} : { namespace }),
    ...(name === undefined ? {} : { name }),
  };
}

function isKey<Table extends object>(table: Table, key: string | undefined): key is keyof Table & string {
  return key !== undefined && Object.hasOwn(table, key);
}
