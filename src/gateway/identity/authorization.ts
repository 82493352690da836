/** Who may do what: a port, and what stands there until roles exist. */
import { ADMIN_GROUP, type User } from './user.ts';

/** What somebody wants to do. */
export interface Access {
  /** Kubernetes' verbs: `get`, `list`, `watch`, `create`, `update`, `patch`, `delete`, `deletecollection`. */
  readonly verb: string;
  /** For paths that are no resources. */
  readonly path?: string;
  readonly group?: string;
  readonly resource?: string;
  readonly subresource?: string;
  readonly namespace?: string;
  readonly name?: string;
}

export interface Authorizer {
  /** Whether the user may; where not, why in a few words, which may be empty. */
  authorize(user: User, access: Access): { readonly allowed: true } | { readonly allowed: false; readonly why: string };
}

/** Admins may do anything, others nothing. */
export const adminsOnly: Authorizer = {
  authorize: ({ groups }) => (groups.includes(ADMIN_GROUP) ? { allowed: true } : { allowed: false, why: '' }),
};

/** Kubernetes' sentence for a no. */
export function forbiddenSentence(user: User, access: Access, why: string): string {
  const because = why === '' ? '' : `: ${why}`;
  const { verb, path, group = '', resource = '', subresource, namespace, name } = access;
  const who = `User ${JSON.stringify(user.name)} cannot ${verb}`;
  if (path !== undefined) return `forbidden: ${who} path ${JSON.stringify(path)}${because}`;
  const what = subresource === undefined ? resource : `${resource}/${subresource}`;
  const where = namespace ? `in the namespace ${JSON.stringify(namespace)}` : 'at the cluster scope';
  const named = name === undefined ? '' : ` ${JSON.stringify(name)}`;
  const qualified = group === '' ? resource : `${resource}.${group}`;
  return `${qualified}${named} is forbidden: ${who} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}${because}`;
}
