/** A port of the node can be given once per protocol and address. */
import { hostPortsConflict } from '../../../machines/pod/index.ts';
import type { Filter } from './index.ts';

export const hostPorts: Filter = (demand, candidate) => {
  if (!hostPortsConflict(demand.hostPorts, candidate.hostPorts)) return [];
  const detail = () =>
    demand.hostPorts
      .filter((claim) => hostPortsConflict([claim], candidate.hostPorts))
      .map(({ hostPort, protocol }) => `port ${hostPort}/${protocol} is taken`)
      .join(', ');
  return [
    { reason: "node(s) didn't have free ports for the requested pod ports", brief: 'has the port taken', detail },
  ];
};
