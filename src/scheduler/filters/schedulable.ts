/** The node must be heard of, not cordoned and not on its way out. */
import { unschedulableReason } from '../../../machines/node/index.ts';
import type { Filter } from './index.ts';

export const schedulable: Filter = (_demand, { node }) => {
  const reason = unschedulableReason(node);
  return reason === undefined ? [] : [reason];
};
