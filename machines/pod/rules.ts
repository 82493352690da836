/** What is particular to pods in the verbs that every kind has. */
import { controllerOf } from '../metadata.ts';
import type { ObjectRules } from '../object-rules.ts';
import { refuse, type Refusal } from '../refusal.ts';
import type { DecideInput } from '../kind.ts';
import { isBeingDeleted, type ObjectMeta } from '../metadata.ts';
import { specChangeErrors } from './change.ts';
import { isBound, isLive, isTerminal } from './facts.ts';
import { LIVE_OWNER_INDEX } from '../view.ts';
import { SLOT_INDEX, slotValue } from './indexes.ts';
import { PodManifest, type PodSpec, type PodSpecManifest } from './manifest.ts';
import { qualityOfService } from './resources.ts';
import type { PodContext, PodRecord } from './status.ts';
import { preparePodSpec } from './template.ts';

type Input = DecideInput<PodContext, unknown>;

export const podRules: ObjectRules<PodContext> = {
  prefix: 'Pod',
  manifest: PodManifest,
  desired: ['spec'],
  observed: ['status'],
  prepare(manifest, input) {
    const prepared = preparePodSpec(manifest['spec'] as PodSpecManifest);
    if ('errors' in prepared) return prepared;
    const slot = slotOf(input);
    const spec = input.current ? withNode(prepared.spec, input.current.context.spec) : prepared.spec;
    const status = { phase: 'Pending', qosClass: qualityOfService(spec) } as const;
    return { parts: { spec, status, ...(slot === undefined ? {} : { slot }) } };
  },
  validateChange: (current, { spec }) => specChangeErrors(current.spec, spec),
  admit: (_parts, metadata, input) => refusePremise(metadata, input),
  gracePeriodSeconds: (record, requested) =>
    isBound(record) && !isTerminal(record) ? (requested ?? record.context.spec.terminationGracePeriodSeconds) : 0,
  isDone,
  isLive,
};

/** A manifest that says nothing of the node leaves the pod where it is. */
function withNode(spec: PodSpec, before: PodSpec): PodSpec {
  return spec.nodeName === undefined && before.nodeName !== undefined ? { ...spec, nodeName: before.nodeName } : spec;
}

/** Whether a pod on its way out waits for nothing but its finalizers. */
function isDone(record: PodRecord): boolean {
  const { metadata, progress } = record.context;
  if (!isBound(record) || isTerminal(record)) return true;
  return metadata.deletionGracePeriodSeconds === 0 || progress?.cleanedUp === true;
}

function slotOf(input: Input): number | undefined {
  return (input.arguments as { readonly slot?: number }).slot;
}

/** A controller's premise, checked where it is decided: its slot is vacant, and it wants more pods than live. */
function refusePremise(metadata: ObjectMeta, input: Input): Refusal | undefined {
  const slot = slotOf(input);
  const owner = controllerOf(metadata);
  if (slot === undefined || owner === undefined) return undefined;
  const { kind, command, view } = input;
  const no = (why: string) => refuse.conflict(kind, command.name, why);
  const record = view.get(owner.kind, command.namespace, owner.name);
  if (record === undefined || record.uid !== owner.uid) return no(`its controller ${owner.kind} ${owner.name} is gone`);
  if (isBeingDeleted(record.context.metadata)) return no(`its controller ${owner.kind} ${owner.name} is being deleted`);
  for (const other of view.indexed('Pod', SLOT_INDEX, slotValue(owner.uid, slot))) {
    return no(`pod ${other.name} has slot ${slot} of ${owner.kind} ${owner.name}`);
  }
  const { spec } = record.context as { readonly spec?: { readonly replicas?: number } };
  const wanted = spec?.replicas ?? 0;
  const live = view.count('Pod', LIVE_OWNER_INDEX, owner.uid);
  return live < wanted ? undefined : no(`${owner.kind} ${owner.name} wants ${wanted} pods and has ${live}`);
}
