/** A container's life inside its pod: waiting, running, terminated, and round again. Stepped by the pod's machine with `evolve()`. */
import { assign, setup } from 'xstate';
import { timestamp } from '../metadata.ts';
import type { ContainerEvent } from './container-events.ts';
import type { Container } from './container-manifest.ts';
import type { ContainerProgress, ContainerStatus, TerminatedState } from './status.ts';

export interface ContainerContext {
  readonly status: ContainerStatus;
  readonly number: number;
  readonly exitedAt?: number;
}

type Of<Type extends ContainerEvent['type']> = Extract<ContainerEvent, { readonly type: Type }>;

const ABSENT: ContainerStatus = {
  name: '',
  state: { waiting: { reason: 'ContainerCreating' } },
  lastState: {},
  ready: false,
  restartCount: 0,
  image: '',
  imageID: '',
  started: false,
};

export const containerMachine = setup({
  types: { context: {} as ContainerContext, events: {} as ContainerEvent },
}).createMachine({
  id: 'container',
  context: { status: ABSENT, number: -1 },
  initial: 'waiting',
  states: {
    waiting: {
      on: {
        ContainerWaiting: { actions: assign(({ context, event }) => waits(context, event)) },
        ContainerConfirmed: { actions: assign(({ event }) => ({ number: event.data.number })) },
        ContainerStarted: { target: 'running', actions: assign(({ context, event }) => started(context, event)) },
        ContainerExited: { target: 'terminated', actions: assign(({ context, event }) => exited(context, event)) },
      },
    },
    running: {
      on: {
        ContainerConfirmed: { actions: assign(({ event }) => ({ number: event.data.number })) },
        ContainerBecameReady: { actions: assign(({ context, event }) => marked(context, event, true)) },
        ContainerBecameUnready: { actions: assign(({ context, event }) => marked(context, event, false)) },
        ContainerExited: { target: 'terminated', actions: assign(({ context, event }) => exited(context, event)) },
      },
    },
    terminated: {
      on: {
        ContainerConfirmed: { actions: assign(({ event }) => ({ number: event.data.number })) },
        ContainerWaiting: { target: 'waiting', actions: assign(({ context, event }) => waits(context, event)) },
        ContainerStarted: { target: 'running', actions: assign(({ context, event }) => started(context, event)) },
        ContainerExited: { actions: assign(({ context, event }) => exited(context, event)) },
      },
    },
  },
});

/** A container that nothing is known of yet. */
export function newContainerStatus({ name, image }: Container): ContainerStatus {
  return { ...ABSENT, name, image };
}

export const NEW_CONTAINER: ContainerProgress = { value: 'waiting', number: -1 };

/** The end of the run before becomes the last state. */
function lastStateOf({ state, lastState }: ContainerStatus): ContainerStatus['lastState'] {
  return 'terminated' in state ? { terminated: state.terminated } : lastState;
}

function waits({ status }: ContainerContext, { data }: Of<'ContainerWaiting'>): Partial<ContainerContext> {
  const { number, reason, message } = data;
  const waiting = message === undefined ? { reason } : { reason, message };
  return {
    number,
    status: { ...status, state: { waiting }, lastState: lastStateOf(status), ready: false, started: false },
  };
}

function started({ status }: ContainerContext, { data }: Of<'ContainerStarted'>): Partial<ContainerContext> {
  const { number, attempt, startedAt, ready, image, imageId, containerId } = data;
  return {
    number,
    status: {
      name: status.name,
      state: { running: { startedAt: timestamp(startedAt) } },
      lastState: lastStateOf(status),
      ready,
      restartCount: attempt,
      image: image ?? status.image,
      imageID: imageId ?? status.imageID,
      ...(containerId === undefined ? {} : { containerID: containerId }),
      started: true,
    },
  };
}

function marked(
  { status }: ContainerContext,
  { data }: Of<'ContainerBecameReady' | 'ContainerBecameUnready'>,
  ready: boolean,
): Partial<ContainerContext> {
  return { number: data.number, status: { ...status, ready } };
}

function exited({ status }: ContainerContext, { data }: Of<'ContainerExited'>): Partial<ContainerContext> {
  const { number, attempt, image, imageId, containerId, finishedAt } = data;
  return {
    number,
    exitedAt: finishedAt,
    status: {
      name: status.name,
      state: { terminated: terminatedState(data) },
      lastState: lastStateOf(status),
      ready: false,
      restartCount: attempt,
      image: image ?? status.image,
      imageID: imageId ?? status.imageID,
      ...(containerId === undefined ? {} : { containerID: containerId }),
      started: false,
    },
  };
}

/** As Kubernetes writes it; the last lines stay in the event. */
function terminatedState(data: Of<'ContainerExited'>['data']): TerminatedState {
  const { exitCode, signal, reason, message, startedAt, finishedAt, containerId } = data;
  return {
    exitCode,
    ...(signal === undefined ? {} : { signal }),
    reason,
    ...(message === undefined ? {} : { message }),
    ...(startedAt === undefined ? {} : { startedAt: timestamp(startedAt) }),
    finishedAt: timestamp(finishedAt),
    ...(containerId === undefined ? {} : { containerID: containerId }),
  };
}
