/** A node's verbs: the common ones under its rules, and what its agent and the health controller may say. */
import { verb, type DecideInput, type Decision, type Verb } from '../kind.ts';
import { equalJson } from '../merge-patch.ts';
import type { Event } from '../message.ts';
import { objectVerbs } from '../object-commands.ts';
import { decideCreate } from '../object-create.ts';
import { currentOf, eventVersion, type AnyManifest, type ObjectRules } from '../object-rules.ts';
import { canonicalQuantity, quantityError } from '../quantity.ts';
import { refuse, type FieldError } from '../refusal.ts';
import { MarkReachableArguments, MarkUnreachableArguments, RegisterArguments, DEFAULT_MAX_PODS } from './commands.ts';
import { NodeManifest, type NodeContext, type NodeDescription, type NodeResources, type NodeSpec } from './manifest.ts';
import { isReachable, isRegistered } from './facts.ts';
import { hasUnreachableTaint, withTaints } from './taints.ts';

const rules: ObjectRules<NodeContext> = {
  prefix: 'Node',
  manifest: NodeManifest,
  desired: [],
  observed: ['status'],
  prepare: (manifest, input) => {
    const spec = (manifest['spec'] ?? {}) as NodeSpec;
    const before = input.current?.context.spec ?? {};
    const errors = foreignTaints(spec, before);
    if (errors.length > 0) return { errors };
    const unreachable = hasUnreachableTaint(before);
    const { unschedulable, ...rest } = spec;
    const cordoned = unschedulable === true ? { ...rest, unschedulable } : rest;
    const tainted = withTaints(cordoned, { unreachable, before: before.taints ?? [], now: input.now });
    return { parts: { spec: tainted, status: {}, evictionsSuspended: false } };
  },
};

/** Taints follow from the node's state here; one that somebody adds would be ignored, so it is refused. */
function foreignTaints(spec: NodeSpec, before: NodeSpec): FieldError[] {
  const known = (key: string) => (before.taints ?? []).some((taint) => taint.key === key);
  return [...(spec.taints ?? []).entries()]
    .filter(([, taint]) => !known(taint.key))
    .map(([index]) => ({
      type: 'FieldValueForbidden',
      field: `spec.taints[${index}]`,
      message: 'Forbidden: taints are not acted on by this version of Periplus; cordon the node instead',
    }));
}

const NODE_ACTOR = 'system:node:';

function decideRegister(input: DecideInput<NodeContext, RegisterArguments>): Decision {
  const { kind, command, current } = input;
  if (command.actor.startsWith(NODE_ACTOR) && command.actor !== NODE_ACTOR + command.name) {
    const own = JSON.stringify(command.actor.slice(NODE_ACTOR.length));
    const why = `node ${own} is not allowed to modify node ${JSON.stringify(command.name)}`;
    return { refusal: refuse.forbidden(kind, command.name, why) };
  }
  const errors = quantityErrors(input.arguments);
  if (errors.length > 0) return { refusal: refuse.invalid(kind, command.name, errors) };
  const data = describe(command.name, input.arguments);
  const registered = event(input, 'NodeRegistered', data);
  if (current !== undefined) return { events: isDescribed(current.context, data) ? [] : [registered] };
  const manifest: AnyManifest = { metadata: { name: command.name, labels: data.labels } };
  const creation = decideCreate(rules, input, manifest);
  return 'refusal' in creation ? creation : { ...creation, events: [...creation.events, registered] };
}

function quantityErrors({ capacity, allocatable }: RegisterArguments): FieldError[] {
  const errors: FieldError[] = [];
  for (const [part, resources] of Object.entries({ capacity, allocatable })) {
    for (const [resource, quantity] of Object.entries(resources ?? {})) {
      const message = quantityError(quantity);
      if (message) errors.push({ type: 'FieldValueInvalid', field: `${part}.${resource}`, message });
    }
  }
  return errors;
}

function describe(name: string, given: RegisterArguments): NodeDescription {
  const { capacity, nodeInfo, addresses } = given;
  const pods = capacity.pods ?? DEFAULT_MAX_PODS;
  return {
    labels: {
      'kubernetes.io/hostname': name,
      'kubernetes.io/os': nodeInfo.operatingSystem,
      'kubernetes.io/arch': nodeInfo.architecture,
      ...given.labels,
    },
    capacity: canonical({ ...capacity, pods }),
    allocatable: canonical({ pods, ...(given.allocatable ?? capacity) }),
    addresses,
    nodeInfo,
  };
}

function canonical({ cpu, memory, pods }: NodeResources): NodeResources {
  return { cpu: canonicalQuantity(cpu), memory: canonicalQuantity(memory), pods: canonicalQuantity(pods) };
}

/** Whether the node already is as its agent says. Labels that people added do not count against it. */
function isDescribed({ metadata, status }: NodeContext, data: NodeDescription): boolean {
  const { labels, ...reported } = data;
  const { conditions, ...known } = status;
  const labelled = Object.entries(labels).every(([key, value]) => metadata.labels?.[key] === value);
  return conditions !== undefined && labelled && equalJson(known, reported);
}

function decideUnreachable(input: DecideInput<NodeContext, MarkUnreachableArguments>): Decision {
  const { since, silentMs, evictionsSuspended = false } = input.arguments;
  const current = currentOf(input);
  if (isReachable(current)) {
    return { events: [event(input, 'NodeBecameUnreachable', { since, silentMs, evictionsSuspended })] };
  }
  const resumes = current.context.evictionsSuspended && !evictionsSuspended;
  return { events: resumes ? [event(input, 'NodeEvictionsResumed', {})] : [] };
}

function decideReachable(input: DecideInput<NodeContext, MarkReachableArguments>): Decision {
  const current = currentOf(input);
  if (!isRegistered(current)) {
    return { refusal: refuse.conflict(input.kind, current.name, 'its agent has not registered it yet') };
  }
  return { events: isReachable(current) ? [] : [event(input, 'NodeBecameReachable', {})] };
}

function event(input: { readonly kind: DecideInput<NodeContext, unknown>['kind'] }, type: string, data: object): Event {
  return { type, version: eventVersion(input.kind, type), data };
}

export const nodeVerbs: Readonly<Record<string, Verb>> = {
  ...objectVerbs(rules),
  register: verb(RegisterArguments, decideRegister, { creates: true }),
  markUnreachable: verb(MarkUnreachableArguments, decideUnreachable),
  markReachable: verb(MarkReachableArguments, decideReachable),
};
