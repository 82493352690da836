/** A ReplicationController's verbs: the common ones under its rules, `scale`, and the controller's `reportStatus`. */
import { verb, type DecideInput, type Decision, type Verb } from '../kind.ts';
import { equalJson } from '../merge-patch.ts';
import type { Event } from '../message.ts';
import { isBeingDeleted } from '../metadata.ts';
import { decideChange } from '../object-change.ts';
import { objectVerbs } from '../object-commands.ts';
import { currentOf, eventVersion, type AnyManifest, type ObjectRules } from '../object-rules.ts';
import { INT32_MAX, strictObject, Type, type Static } from '../schema.ts';
import {
  completeMetadata,
  prepareSpec,
  ReplicationControllerManifest,
  ReplicationControllerStatus,
  type ReplicationControllerContext,
} from './manifest.ts';

type Input<Arguments = unknown> = DecideInput<ReplicationControllerContext, Arguments>;

const rules: ObjectRules<ReplicationControllerContext> = {
  prefix: 'ReplicationController',
  manifest: ReplicationControllerManifest,
  desired: ['spec'],
  observed: ['status'],
  complete: completeMetadata,
  prepare: (manifest) => {
    const prepared = prepareSpec((manifest as unknown as Static<typeof ReplicationControllerManifest>).spec);
    return 'errors' in prepared ? prepared : { parts: { spec: prepared.spec, status: { replicas: 0 } } };
  },
};

/** A change of the wanted number is an event of its own: the machine and people care about it. */
function tellScaling(input: Input, decision: Decision): Decision {
  if ('refusal' in decision) return decision;
  return { ...decision, events: decision.events.map((event) => scaled(input, event)) };
}

function scaled(input: Input, event: Event): Event {
  const { patch } = event.data as { readonly patch?: { readonly spec?: { readonly replicas?: number } } };
  const to = patch?.spec?.replicas;
  if (to === undefined) return event;
  const type = 'ReplicationControllerScaled';
  const data = { from: currentOf(input).context.spec.replicas, to, patch };
  return { type, version: eventVersion(input.kind, type), data };
}

/** `scale`: the wanted number alone, as Kubernetes' scale subresource. */
export const ScaleArguments = strictObject({ replicas: Type.Integer({ minimum: 0, maximum: INT32_MAX }) });

function decideScale(input: Input<Static<typeof ScaleArguments>>): Decision {
  const { metadata, spec } = currentOf(input).context;
  const manifest = { metadata, spec: { ...spec, replicas: input.arguments.replicas } } as unknown as AnyManifest;
  return tellScaling(input, decideChange(rules, input, manifest));
}

function decideStatus(input: Input<ReplicationControllerStatus>): Decision {
  const { context } = currentOf(input);
  const status = input.arguments;
  if (equalJson(status, context.status)) return { events: [] };
  const type = `ReplicationController${isBeingDeleted(context.metadata) ? 'Progressed' : judge(context, status)}`;
  return { events: [{ type, version: eventVersion(input.kind, type), data: { status } }] };
}

function judge({ spec }: ReplicationControllerContext, status: ReplicationControllerStatus): string {
  if (status.replicas !== spec.replicas) return 'Progressed';
  return (status.availableReplicas ?? 0) === spec.replicas ? 'Settled' : 'Degraded';
}

const common = objectVerbs(rules);

/** A verb of the common ones whose change may be a scaling. */
function scaling(given: Verb): Verb {
  return { ...given, decide: (input) => tellScaling(input as Input, given.decide(input)) };
}

export const replicationControllerVerbs: Readonly<Record<string, Verb>> = {
  ...common,
  replace: scaling(common.replace),
  patch: scaling(common.patch),
  scale: verb(ScaleArguments, decideScale),
  reportStatus: verb(ReplicationControllerStatus, decideStatus),
};
