/** The credentials of a cell's own processes: made at the first start, kept, handed to the nats-server and to whoever runs. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Credentials } from '../bus/credentials.ts';
import { actorOf, permissionsOf, type BusRole } from '../bus/permissions.ts';
import type { NatsUser } from '../bus/server-users.ts';
import { systemIdentifiers } from '../foundation/identifiers.ts';
import { readJson, writeJson, type DataDirectory } from './data-directory.ts';

/** The operator of this machine: the actor of commands from its command line. */
export const OPERATOR = 'admin';
/** The gateway's own name on the bus; commands it sends carry its users' names. */
export const GATEWAY = 'system:gateway';

/** File of a role's credentials. */
export function credentialsFile(directory: DataDirectory, role: BusRole): string {
  const name = role.role === 'node' ? `node-${role.node}` : role.role;
  return join(directory.credentials, `${name}.json`);
}

/** Who may connect: control plane, operator, gateway, and each node. Passwords are made once and kept. */
export function busUsers(directory: DataDirectory, cell: string, nodes: readonly string[]): readonly NatsUser[] {
  return rolesOf(nodes).map((role) => {
    const { publish, subscribe } = permissionsOf(cell, role);
    const user: NatsUser = {
      name: actorOf(role),
      password: passwordOf(directory, role),
      publish: { allow: publish },
      subscribe: { allow: subscribe },
      mayRespond: role.role === 'node',
    };
    return user;
  });
}

function rolesOf(nodes: readonly string[]): readonly BusRole[] {
  return [
    { role: 'control-plane' },
    { role: 'operator', actor: OPERATOR },
    { role: 'gateway', actor: GATEWAY },
    ...nodes.map((node): BusRole => ({ role: 'node', node })),
  ];
}

function passwordOf(directory: DataDirectory, role: BusRole): string {
  return readJson<Credentials>(credentialsFile(directory, role))?.password ?? systemIdentifiers.uuid();
}

/** Writes everybody's credentials with where the bus is now. */
export function writeCredentials(
  directory: DataDirectory,
  cell: string,
  nodes: readonly string[],
  bus: { readonly url: string; readonly users: readonly NatsUser[] },
): void {
  mkdirSync(directory.credentials, { recursive: true, mode: 0o700 });
  for (const role of rolesOf(nodes)) {
    const actor = actorOf(role);
    const password = bus.users.find(({ name }) => name === actor)?.password ?? '';
    const credentials: Credentials = { cell, actor, url: bus.url, user: actor, password };
    writeJson(credentialsFile(directory, role), credentials);
  }
}
