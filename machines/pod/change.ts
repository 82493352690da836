/** What of a running pod may be changed: its images, more tolerations, and nothing else. */
import { equalJson } from '../merge-patch.ts';
import type { FieldError } from '../refusal.ts';
import { forbidden } from './field-error.ts';
import type { PodSpec } from './manifest.ts';

const RULE =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';
const TOLERATIONS_RULE = 'existing toleration can not be modified except its tolerationSeconds';

/** What is wrong with a change of a pod's spec, in Kubernetes' words. */
export function specChangeErrors(before: PodSpec, after: PodSpec): readonly FieldError[] {
  if (before === after) return [];
  if (before.containers.length !== after.containers.length) {
    return [forbidden('spec.containers', 'pod updates may not add or remove containers')];
  }
  return [
    ...(keepsTolerations(before, after) ? [] : [forbidden('spec.tolerations', TOLERATIONS_RULE)]),
    ...(equalJson(withChangeable(before, after), before) ? [] : [forbidden('spec', RULE)]),
  ];
}

/** Every toleration stays, though for another time perhaps. */
function keepsTolerations(before: PodSpec, after: PodSpec): boolean {
  return (before.tolerations ?? []).every(({ tolerationSeconds: _before, ...old }) =>
    (after.tolerations ?? []).some(({ tolerationSeconds: _after, ...kept }) => equalJson(old, kept)),
  );
}

/** `after` with what may change set back; equal to `before` when nothing else differs. */
function withChangeable(before: PodSpec, after: PodSpec): PodSpec {
  const { tolerations: _changeable, ...rest } = after;
  const containers = after.containers.map((container, index) => ({
    ...container,
    image: before.containers[index]?.image ?? container.image,
  }));
  return { ...rest, containers, ...(before.tolerations ? { tolerations: before.tolerations } : {}) };
}
