/** A pod that names its node goes there or nowhere. */
import type { Filter } from './index.ts';

export const nodeName: Filter = ({ spec }, { name }) =>
  spec.nodeName === undefined || spec.nodeName === name
    ? []
    : [
        {
          reason: "node(s) didn't match the requested node name",
          brief: 'is not the node it names',
          detail: () => `the pod names node ${spec.nodeName}`,
        },
      ];
