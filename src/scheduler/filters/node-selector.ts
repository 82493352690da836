/** The node must carry every label the pod's nodeSelector names. */
import { matchesLabels } from '../../../machines/index.ts';
import type { Filter } from './index.ts';

export const nodeSelector: Filter = ({ spec }, { node }) =>
  matchesLabels(node.context.metadata.labels, spec.nodeSelector ?? {})
    ? []
    : ["node(s) didn't match Pod's node affinity/selector"];
