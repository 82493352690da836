/** A pod's life: pending until it is bound, bound until its containers run, running until they have ended; terminating; removed. */
import { assign, setup } from 'xstate';
import { absentContext } from '../object-lifecycle.ts';
import type { PodEvent } from './events.ts';
import { fold } from './folds.ts';
import type { PodSpec } from './manifest.ts';
import type { PodContext } from './status.ts';

const NO_SPEC: PodSpec = {
  containers: [],
  restartPolicy: 'Always',
  terminationGracePeriodSeconds: 0,
  dnsPolicy: 'ClusterFirst',
  schedulerName: 'default-scheduler',
};

/** The event counts and leaves the pod in its state. */
const stays = { actions: 'fold' } as const;

/** As long as the object is there. */
const asObject = {
  PodChanged: stays,
  PodDeletionRequested: { target: 'terminating', actions: 'fold' },
  PodRemoved: 'removed',
} as const;

/** As long as its agent has something to do for it. */
const fromItsNode = {
  PodSandboxStarted: stays,
  PodNoticed: stays,
  ContainerWaiting: stays,
  ContainerStarted: stays,
  ContainerBecameReady: stays,
  ContainerBecameUnready: stays,
  ContainerExited: stays,
  ContainerConfirmed: stays,
  PodNodeLost: stays,
  PodNodeReturned: stays,
} as const;

export const podMachine = setup({
  types: { context: {} as PodContext, events: {} as PodEvent },
  actions: { fold: assign(({ context, event }) => fold(context, event)) },
}).createMachine({
  id: 'pod',
  context: absentContext<PodContext>({ spec: NO_SPEC, status: { phase: 'Pending', qosClass: 'BestEffort' } }),
  initial: 'absent',
  states: {
    absent: { on: { PodCreated: { target: 'pending', actions: 'fold' } } },
    pending: {
      on: {
        ...asObject,
        PodUnschedulable: stays,
        PodScheduled: { target: 'bound', actions: 'fold' },
      },
    },
    bound: {
      on: {
        ...asObject,
        ...fromItsNode,
        PodEvicted: stays,
        PodBecameRunning: { target: 'running', actions: 'fold' },
        PodSucceeded: { target: 'succeeded', actions: 'fold' },
        PodFailed: { target: 'failed', actions: 'fold' },
      },
    },
    running: {
      on: {
        ...asObject,
        ...fromItsNode,
        PodEvicted: stays,
        PodSucceeded: { target: 'succeeded', actions: 'fold' },
        PodFailed: { target: 'failed', actions: 'fold' },
      },
    },
    succeeded: {
      on: {
        ...asObject,
        PodNoticed: stays,
      },
    },
    /** Given up while containers were running: what its agent stops is still told. */
    failed: {
      on: {
        ...asObject,
        PodNoticed: stays,
        ContainerExited: stays,
      },
    },
    terminating: {
      on: {
        ...asObject,
        ...fromItsNode,
        PodDeletionRequested: stays,
        PodCleanedUp: stays,
      },
    },
    removed: { type: 'final' },
  },
});
