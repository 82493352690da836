/** A namespace's life: active; terminating until its content is gone and its finalizers are off; removed. */
import { assign, setup } from 'xstate';
import type { EventDefinition } from '../kind.ts';
import type { MachineEvent } from '../message.ts';
import {
  absentContext,
  changed,
  created,
  deletionRequested,
  lifecycleEvents,
  type LifecycleEvent,
} from '../object-lifecycle.ts';
import { strictObject } from '../schema.ts';
import type { ObjectContext } from '../view.ts';

export interface NamespaceContext extends ObjectContext {
  readonly spec: { readonly finalizers?: readonly string[] };
  readonly status: { readonly phase: 'Active' | 'Terminating' };
}

type NamespaceEvent =
  | LifecycleEvent<'Namespace', NamespaceContext>
  | MachineEvent<'NamespaceFinalized', Readonly<Record<string, never>>>;

export const namespaceEvents: Readonly<Record<string, EventDefinition>> = {
  ...lifecycleEvents('Namespace'),
  /** Nothing is left in it; finalizers in its metadata may still hold it. */
  NamespaceFinalized: { version: 1, schema: strictObject({}), sentence: () => 'emptied' },
};

export const namespaceMachine = setup({
  types: { context: {} as NamespaceContext, events: {} as NamespaceEvent },
}).createMachine({
  id: 'namespace',
  context: absentContext<NamespaceContext>({ spec: {}, status: { phase: 'Active' } }),
  initial: 'absent',
  states: {
    absent: { on: { NamespaceCreated: { target: 'active', actions: assign(({ event }) => created(event)) } } },
    active: {
      on: {
        NamespaceChanged: { actions: assign(({ context, event }) => changed(context, event)) },
        NamespaceDeletionRequested: {
          target: 'terminating',
          actions: assign(({ context, event }) => ({
            ...deletionRequested(context, event),
            status: { phase: 'Terminating' as const },
          })),
        },
      },
    },
    terminating: {
      on: {
        NamespaceChanged: { actions: assign(({ context, event }) => changed(context, event)) },
        NamespaceDeletionRequested: { actions: assign(({ context, event }) => deletionRequested(context, event)) },
        NamespaceFinalized: { target: 'emptied', actions: assign(() => ({ spec: {} })) },
      },
    },
    emptied: {
      on: {
        NamespaceChanged: { actions: assign(({ context, event }) => changed(context, event)) },
        NamespaceDeletionRequested: { actions: assign(({ context, event }) => deletionRequested(context, event)) },
        NamespaceRemoved: 'removed',
      },
    },
    removed: { type: 'final' },
  },
});
