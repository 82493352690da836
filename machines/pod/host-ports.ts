/** Which ports of its node a pod asks for, and whether two pods ask for the same. */
import type { Container } from './container-manifest.ts';
import type { PodSpec } from './manifest.ts';

export interface HostPortClaim {
  readonly hostPort: number;
  readonly protocol: 'TCP' | 'UDP';
  /** Address of the node; all of them where absent. */
  readonly hostIP?: string;
}

const EVERY_ADDRESS: ReadonlySet<string | undefined> = new Set([undefined, '', '0.0.0.0', '::']);
const claims = new WeakMap<readonly Container[], readonly HostPortClaim[]>();

export function hostPortsOf({ containers }: Pick<PodSpec, 'containers'>): readonly HostPortClaim[] {
  let found = claims.get(containers);
  if (found === undefined) claims.set(containers, (found = claimsOf(containers)));
  return found;
}

function claimsOf(containers: readonly Container[]): readonly HostPortClaim[] {
  return containers.flatMap(({ ports = [] }) =>
    ports.flatMap(({ hostPort, protocol, hostIP }) =>
      hostPort ? [{ hostPort, protocol, ...(hostIP === undefined ? {} : { hostIP }) }] : [],
    ),
  );
}

/** Whether two sets of claims cannot be on one node: same port and protocol, and an address in common. */
export function hostPortsConflict(left: readonly HostPortClaim[], right: readonly HostPortClaim[]): boolean {
  return left.some((claim) => right.some((other) => clash(claim, other)));
}

function clash(left: HostPortClaim, right: HostPortClaim): boolean {
  if (left.hostPort !== right.hostPort || left.protocol !== right.protocol) return false;
  return left.hostIP === right.hostIP || EVERY_ADDRESS.has(left.hostIP) || EVERY_ADDRESS.has(right.hostIP);
}
