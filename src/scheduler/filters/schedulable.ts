/** The node must be heard of, not cordoned and not on its way out. */
import { unschedulability } from '../../../machines/node/index.ts';
import type { Filter } from './index.ts';

export const schedulable: Filter = (_demand, { node }) => {
  const found = unschedulability(node);
  return found === undefined ? [] : [{ ...found, detail: () => `it ${found.brief}` }];
};
