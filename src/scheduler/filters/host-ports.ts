/** A port of the node can be given once per protocol and address. */
import { hostPortsConflict } from '../../../machines/pod/index.ts';
import type { Filter } from './index.ts';

export const hostPorts: Filter = (demand, candidate) =>
  hostPortsConflict(demand.hostPorts, candidate.hostPorts)
    ? ["node(s) didn't have free ports for the requested pod ports"]
    : [];
