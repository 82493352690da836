/** Who a request is from: a client certificate of our authority, or a bearer token that somebody vouches for. Anybody else is nobody. */
import type { IncomingMessage } from 'node:http';
import type { TLSSocket } from 'node:tls';
import { AUTHENTICATED_GROUP, type User } from './user.ts';

/** Longest token that is looked at. */
const TOKEN_MAX_LENGTH = 8 * 1024;

/** Knows bearer tokens. */
export interface TokenAuthenticator {
  /** Whose token it is; undefined where it is nobody's. */
  userOf(token: string): Promise<User | undefined>;
}

/** For as long as nobody issues any. */
export const noTokens: TokenAuthenticator = { userOf: () => Promise.resolve(undefined) };

/** Certificates are read once a connection. */
const known = new WeakMap<TLSSocket, User>();

/** Who it is; undefined for nobody we know. */
export async function authenticate(request: IncomingMessage, tokens: TokenAuthenticator): Promise<User | undefined> {
  const socket = request.socket as TLSSocket;
  const user = known.get(socket) ?? userOfCertificate(socket);
  if (user !== undefined) {
    known.set(socket, user);
    return user;
  }
  const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (token === undefined || token.length > TOKEN_MAX_LENGTH) return undefined;
  const found = await tokens.userOf(token);
  return found && withAuthenticated(found);
}

/** CN is the name and each O a group, as Kubernetes reads them. Certificates of another authority say nothing. */
function userOfCertificate(socket: TLSSocket): User | undefined {
  if (!socket.authorized) return undefined;
  const subject = socket.getPeerCertificate().subject as
    | { readonly CN?: string | string[]; readonly O?: string | string[] }
    | undefined;
  const [name] = listOf(subject?.CN);
  if (subject === undefined || name === undefined || name === '') return undefined;
  return withAuthenticated({ name, groups: listOf(subject.O) });
}

function listOf(value: string | string[] | undefined): readonly string[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

function withAuthenticated({ name, groups }: User): User {
  return { name, groups: [...new Set([...groups, AUTHENTICATED_GROUP])] };
}
