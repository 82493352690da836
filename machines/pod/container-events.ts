/** Events of one container of a pod: what its agent's levels mean, compared with the level before. */
import type { EventDefinition } from '../kind.ts';
import type { MachineEvent } from '../message.ts';
import { strictObject, Type, type Static } from '../schema.ts';
import { TerminatedReport } from './commands.ts';

const identity = {
  container: Type.String(),
  /** Number of the report that told it. */
  number: Type.Integer({ minimum: 0 }),
};

const ContainerWaiting = strictObject({
  ...identity,
  reason: Type.String(),
  message: Type.Optional(Type.String()),
});
const ContainerStarted = strictObject({
  ...identity,
  /** Runs before this one. */
  attempt: Type.Integer({ minimum: 0 }),
  /** Unix milliseconds. */
  startedAt: Type.Number(),
  ready: Type.Boolean(),
  /** Where it is not what was known. */
  image: Type.Optional(Type.String()),
  imageId: Type.Optional(Type.String()),
  containerId: Type.Optional(Type.String()),
});
const ContainerExited = strictObject({
  ...identity,
  attempt: Type.Integer({ minimum: 0 }),
  ...TerminatedReport.properties,
  image: Type.Optional(Type.String()),
  imageId: Type.Optional(Type.String()),
});
const ContainerMarked = strictObject(identity);

export type ContainerEvent =
  /** It does not run, and why. */
  | MachineEvent<'ContainerWaiting', Static<typeof ContainerWaiting>>
  | MachineEvent<'ContainerStarted', Static<typeof ContainerStarted>>
  | MachineEvent<'ContainerBecameReady', Static<typeof ContainerMarked>>
  | MachineEvent<'ContainerBecameUnready', Static<typeof ContainerMarked>>
  | MachineEvent<'ContainerExited', Static<typeof ContainerExited>>
  /** A report with a gap before its number said what was known: later arrivals with lower numbers must not count. */
  | MachineEvent<'ContainerConfirmed', Static<typeof ContainerMarked>>;

export const containerEvents: Readonly<Record<ContainerEvent['type'], EventDefinition>> = {
  ContainerWaiting: {
    version: 1,
    schema: ContainerWaiting,
    sentence: tellWaiting,
    isMinor: ({ reason }: Waiting) => reason === 'ContainerCreating' || reason === 'PodInitializing',
  },
  ContainerStarted: {
    version: 1,
    schema: ContainerStarted,
    sentence: ({ container, attempt }: Static<typeof ContainerStarted>) =>
      attempt === 0 ? `container ${container} started` : `container ${container} restarted (restart ${attempt})`,
  },
  ContainerBecameReady: {
    version: 1,
    schema: ContainerMarked,
    sentence: ({ container }: Marked) => `container ${container} became ready`,
  },
  ContainerBecameUnready: {
    version: 1,
    schema: ContainerMarked,
    sentence: ({ container }: Marked) => `container ${container} became unready`,
  },
  ContainerExited: { version: 1, schema: ContainerExited, sentence: tellExit },
  ContainerConfirmed: {
    version: 1,
    schema: ContainerMarked,
    sentence: ({ container }: Marked) => `container ${container} as known`,
    isMinor: () => true,
  },
};

type Waiting = Static<typeof ContainerWaiting>;
type Marked = Static<typeof ContainerMarked>;

/** Kubernetes' message of a back-off says nothing more, at length. */
const SAYS_ALL: ReadonlySet<string> = new Set(['CrashLoopBackOff', 'ImagePullBackOff']);

function tellWaiting({ container, reason, message }: Waiting): string {
  if (SAYS_ALL.has(reason)) return `container ${container} waits: ${reason}`;
  return `container ${container} waits: ${reason}${message === undefined || message === '' ? '' : `: ${message}`}`;
}

/** Where a shell or an engine tells of a signal by the exit code alone: 128 and the signal's number. */
const SIGNAL_EXIT_BASE = 128;
const SIGNALS: Readonly<Record<number, string>> = {
  2: 'SIGINT',
  6: 'SIGABRT',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
};
const LAST_LINE_MAX_LENGTH = 100;

/** How it ended, and the last thing it said unless all went well. */
function tellExit({ container, exitCode, signal, reason, message, lastLines }: Static<typeof ContainerExited>): string {
  if (exitCode === 0) return `container ${container} completed`;
  const number = signal || (exitCode > SIGNAL_EXIT_BASE ? exitCode - SIGNAL_EXIT_BASE : 0);
  const killed = number === 0 ? [] : [`killed by ${SIGNALS[number] ?? `signal ${number}`}`];
  const details = [...killed, ...(reason === '' || reason === 'Error' ? [] : [reason]), ...(message ? [message] : [])];
  const how = details.length === 0 ? '' : ` (${details.join(', ')})`;
  const last = lastLines?.trimEnd().split('\n').at(-1)?.trim().slice(0, LAST_LINE_MAX_LENGTH);
  return `container ${container} exited with code ${exitCode}${how}${last ? `, last saying "${last}"` : ''}`;
}
