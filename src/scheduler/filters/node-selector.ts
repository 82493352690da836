/** The node must carry every label the pod's nodeSelector names. */
import { matchesLabels } from '../../../machines/index.ts';
import type { Filter } from './index.ts';

export const nodeSelector: Filter = ({ spec }, { node }) => {
  const wanted = spec.nodeSelector ?? {};
  const { labels } = node.context.metadata;
  if (matchesLabels(labels, wanted)) return [];
  const detail = () =>
    Object.entries(wanted)
      .filter(([key, value]) => labels?.[key] !== value)
      .map(([key, value]) => `wants ${key}=${value}, has ${labels?.[key] === undefined ? 'none' : labels[key]}`)
      .join('; ');
  return [{ reason: "node(s) didn't match Pod's node affinity/selector", brief: 'lacks the labels', detail }];
};
