/** A node's life: unregistered until its agent speaks, then ready or unreachable, as the health controller reports. */
import { assign, setup } from 'xstate';
import type { MachineEvent } from '../message.ts';
import { timestamp } from '../metadata.ts';
import { absentContext, changed, created, deletionRequested } from '../object-lifecycle.ts';
import type { NodeEvent } from './events.ts';
import type { NodeCondition, NodeContext, NodeDescription } from './manifest.ts';
import { withTaints } from './taints.ts';

export const nodeMachine = setup({
  types: { context: {} as NodeContext, events: {} as NodeEvent },
}).createMachine({
  id: 'node',
  context: absentContext<NodeContext>({ spec: {}, status: {}, evictionsSuspended: false }),
  initial: 'absent',
  states: {
    absent: { on: { NodeCreated: { target: 'unregistered', actions: assign(({ event }) => created(event)) } } },
    unregistered: {
      on: {
        NodeChanged: { actions: assign(({ context, event }) => changed(context, event)) },
        NodeRegistered: { target: 'ready', actions: assign(({ context, event }) => registered(context, event)) },
        NodeDeletionRequested: {
          target: 'deleting',
          actions: assign(({ context, event }) => deletionRequested(context, event)),
        },
        NodeRemoved: 'removed',
      },
    },
    ready: {
      on: {
        NodeChanged: { actions: assign(({ context, event }) => changed(context, event)) },
        NodeRegistered: { actions: assign(({ context, event }) => registered(context, event)) },
        NodeBecameUnreachable: {
          target: 'unreachable',
          actions: assign(({ context, event }) => becameUnreachable(context, event)),
        },
        NodeDeletionRequested: {
          target: 'deleting',
          actions: assign(({ context, event }) => deletionRequested(context, event)),
        },
        NodeRemoved: 'removed',
      },
    },
    unreachable: {
      on: {
        NodeChanged: { actions: assign(({ context, event }) => changed(context, event)) },
        NodeRegistered: { actions: assign(({ context, event }) => registered(context, event)) },
        NodeEvictionsResumed: { actions: assign(() => ({ evictionsSuspended: false })) },
        NodeBecameReachable: {
          target: 'ready',
          actions: assign(({ context, event }) => becameReachable(context, event)),
        },
        NodeDeletionRequested: {
          target: 'deleting',
          actions: assign(({ context, event }) => deletionRequested(context, event)),
        },
        NodeRemoved: 'removed',
      },
    },
    deleting: {
      on: {
        NodeChanged: { actions: assign(({ context, event }) => changed(context, event)) },
        NodeRegistered: { actions: assign(({ context, event }) => registered(context, event)) },
        NodeBecameUnreachable: { actions: assign(({ context, event }) => becameUnreachable(context, event)) },
        NodeEvictionsResumed: { actions: assign(() => ({ evictionsSuspended: false })) },
        NodeBecameReachable: { actions: assign(({ context, event }) => becameReachable(context, event)) },
        NodeDeletionRequested: { actions: assign(({ context, event }) => deletionRequested(context, event)) },
        NodeRemoved: 'removed',
      },
    },
    removed: { type: 'final' },
  },
});

function ready(timeMs: number): NodeCondition {
  return {
    type: 'Ready',
    status: 'True',
    reason: 'KubeletReady',
    message: 'agent is posting ready status',
    lastTransitionTime: timestamp(timeMs),
  };
}

/** A first registration makes the node ready; later ones leave its health to the health controller. */
function registered(context: NodeContext, event: MachineEvent<string, NodeDescription>): Partial<NodeContext> {
  const { labels, capacity, allocatable, addresses, nodeInfo } = event.data;
  const conditions = context.status.conditions ?? [ready(event.time)];
  return {
    metadata: { ...context.metadata, labels: { ...context.metadata.labels, ...labels } },
    status: { capacity, allocatable, conditions, addresses, nodeInfo },
  };
}

type BecameUnreachable = Extract<NodeEvent, { readonly type: 'NodeBecameUnreachable' }>;

function becameUnreachable(context: NodeContext, event: BecameUnreachable): Partial<NodeContext> {
  const { silentMs, evictionsSuspended } = event.data;
  const silence = `Agent stopped posting node status: nothing heard for ${Math.round(silentMs / 1000)} s.`;
  const condition: NodeCondition = {
    type: 'Ready',
    status: 'Unknown',
    reason: 'NodeStatusUnknown',
    message: evictionsSuspended ? `${silence} Too many nodes are silent: no pod is evicted.` : silence,
    lastTransitionTime: timestamp(event.time),
  };
  return {
    spec: withTaints(context.spec, { unreachable: true, before: context.spec.taints ?? [], now: event.time }),
    status: { ...context.status, conditions: [condition] },
    evictionsSuspended,
  };
}

function becameReachable(context: NodeContext, event: MachineEvent): Partial<NodeContext> {
  return {
    spec: withTaints(context.spec, { unreachable: false, before: context.spec.taints ?? [], now: event.time }),
    status: { ...context.status, conditions: [ready(event.time)] },
    evictionsSuspended: false,
  };
}
