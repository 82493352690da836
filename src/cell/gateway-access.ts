/** How a program on this machine reaches the cell's Kubernetes API: its files under the data directory. */
import { readEndpoint, readPair } from '../gateway/identity/gateway-files.ts';
import { kubeconfig } from '../gateway/identity/kubeconfig.ts';
import { identityOf, type DataDirectory } from './data-directory.ts';
import { CellNotRunningError, requireRunning } from './operator-connection.ts';

export { readEndpoint };

/** A kubeconfig for the administrator. Raises CellNotRunningError. */
export function gatewayAccess(directory: DataDirectory): string {
  requireRunning(directory.root);
  const endpoint = readEndpoint(directory.gateway);
  const authority = readPair(directory.gateway, 'ca');
  const admin = readPair(directory.gateway, 'admin');
  if (endpoint === undefined || authority === undefined || admin === undefined) {
    const message = `the Kubernetes API of ${directory.root} has not started yet: see ${directory.logs}/gateway.log`;
    throw new CellNotRunningError(message);
  }
  const { cell } = identityOf(directory);
  return kubeconfig({ cell, url: endpoint.url, authority: authority.certificate, admin });
}
