/** A ReplicationController's life: scaling while the number is wrong, degraded while pods are not available, else steady. */
import { assign, setup } from 'xstate';
import { absentContext, changed, created, deletionRequested } from '../object-lifecycle.ts';
import type { PodTemplate } from '../pod/index.ts';
import type { ReplicationControllerEvent } from './events.ts';
import type { ReplicationControllerContext } from './manifest.ts';

/** Stands in the context of a controller that does not exist yet. */
const NO_TEMPLATE: PodTemplate = {
  metadata: {},
  spec: {
    containers: [],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 0,
    dnsPolicy: 'ClusterFirst',
    schedulerName: 'default-scheduler',
  },
};

export const replicationControllerMachine = setup({
  types: { context: {} as ReplicationControllerContext, events: {} as ReplicationControllerEvent },
}).createMachine({
  id: 'replication controller',
  context: absentContext<ReplicationControllerContext>({
    spec: { replicas: 0, selector: {}, template: NO_TEMPLATE },
    status: { replicas: 0 },
  }),
  initial: 'absent',
  states: {
    absent: {
      on: { ReplicationControllerCreated: { target: 'scaling', actions: assign(({ event }) => created(event)) } },
    },
    scaling: {
      on: {
        ReplicationControllerChanged: { actions: assign(({ context, event }) => changed(context, event)) },
        ReplicationControllerScaled: { actions: assign(({ context, event }) => changed(context, event)) },
        ReplicationControllerProgressed: { actions: assign(({ event }) => event.data) },
        ReplicationControllerDegraded: { target: 'degraded', actions: assign(({ event }) => event.data) },
        ReplicationControllerSettled: { target: 'steady', actions: assign(({ event }) => event.data) },
        ReplicationControllerDeletionRequested: {
          target: 'deleting',
          actions: assign(({ context, event }) => deletionRequested(context, event)),
        },
        ReplicationControllerRemoved: 'removed',
      },
    },
    degraded: {
      on: {
        ReplicationControllerChanged: { actions: assign(({ context, event }) => changed(context, event)) },
        ReplicationControllerScaled: {
          target: 'scaling',
          actions: assign(({ context, event }) => changed(context, event)),
        },
        ReplicationControllerProgressed: { target: 'scaling', actions: assign(({ event }) => event.data) },
        ReplicationControllerDegraded: { actions: assign(({ event }) => event.data) },
        ReplicationControllerSettled: { target: 'steady', actions: assign(({ event }) => event.data) },
        ReplicationControllerDeletionRequested: {
          target: 'deleting',
          actions: assign(({ context, event }) => deletionRequested(context, event)),
        },
        ReplicationControllerRemoved: 'removed',
      },
    },
    steady: {
      on: {
        ReplicationControllerChanged: { actions: assign(({ context, event }) => changed(context, event)) },
        ReplicationControllerScaled: {
          target: 'scaling',
          actions: assign(({ context, event }) => changed(context, event)),
        },
        ReplicationControllerProgressed: { target: 'scaling', actions: assign(({ event }) => event.data) },
        ReplicationControllerDegraded: { target: 'degraded', actions: assign(({ event }) => event.data) },
        ReplicationControllerSettled: { actions: assign(({ event }) => event.data) },
        ReplicationControllerDeletionRequested: {
          target: 'deleting',
          actions: assign(({ context, event }) => deletionRequested(context, event)),
        },
        ReplicationControllerRemoved: 'removed',
      },
    },
    deleting: {
      on: {
        ReplicationControllerChanged: { actions: assign(({ context, event }) => changed(context, event)) },
        ReplicationControllerScaled: { actions: assign(({ context, event }) => changed(context, event)) },
        ReplicationControllerProgressed: { actions: assign(({ event }) => event.data) },
        ReplicationControllerDeletionRequested: {
          actions: assign(({ context, event }) => deletionRequested(context, event)),
        },
        ReplicationControllerRemoved: 'removed',
      },
    },
    removed: { type: 'final' },
  },
});
