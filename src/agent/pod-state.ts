/** What the agent knows of one pod: what is wanted, what the engine has, and what was tried. The plan reads it, the worker keeps it. */
import type { TerminatedReport } from '../../machines/pod/index.ts';
import type { BackOff } from './back-off.ts';
import type { WorkPod } from './control-plane-link.ts';
import type { PodIdentity, RuntimeContainer, RuntimeSandbox } from './runtimes/container-runtime.ts';

/** Where the search for a container's image stands, for the run that is next. */
export type ImageState =
  | { readonly is: 'unchecked' }
  | { readonly is: 'pulling' }
  | { readonly is: 'present' }
  | {
      readonly is: 'failed';
      readonly reason: string;
      readonly message: string;
      /** Until then the failure itself is shown, afterwards the back-off; Unix milliseconds. */
      readonly shownUntil: number;
      readonly retryAt: number;
    };

/** A reason not to try again before a time, Unix milliseconds. */
export interface Hold {
  readonly reason: string;
  readonly message: string;
  readonly until: number;
}

export interface ContainerMemory {
  readonly name: string;
  /** The newest run, while the engine has it. */
  current: RuntimeContainer | undefined;
  /** The run before, kept for `logs --previous`. */
  previous: RuntimeContainer | undefined;
  /** Runs before that, to be removed. */
  readonly garbage: RuntimeContainer[];
  /** Highest attempt ever made; -1 before the first. */
  attempt: number;
  /** How the newest run ended, once it has. */
  exit: TerminatedReport | undefined;
  /** How the run before it ended. */
  lastExit: TerminatedReport | undefined;
  restart: BackOff | undefined;
  /** Its end was no failure of its own (its image changed, somebody removed it): started again at once. */
  restartAtOnce: boolean;
  image: ImageState;
  pull: BackOff | undefined;
  hold: Hold | undefined;
  /** Told once per exit that it is held back. */
  backOffTold: boolean;
}

/** `run`: keep it running; `end`: stop what runs, keep what ended; `remove`: leave nothing; `leave`: nobody has said yet, touch nothing. */
export type Want = 'run' | 'end' | 'remove' | 'leave';

export interface PodState {
  readonly identity: PodIdentity;
  /** Absent for a pod only the engine knows. */
  work: WorkPod | undefined;
  want: Want;
  /** For stopping its containers. */
  graceSeconds: number;
  /** The sandbox in use; may have died. */
  sandbox: RuntimeSandbox | undefined;
  readonly oldSandboxes: RuntimeSandbox[];
  nextSandboxAttempt: number;
  readonly containers: Map<string, ContainerMemory>;
  /** Containers of which something was heard: to be looked at. */
  readonly toInspect: Set<string>;
  /** Containers being stopped, and when they will be killed at the latest, Unix milliseconds. */
  readonly stops: Map<string, number>;
  volumes: 'unprepared' | 'prepared' | 'removed';
  /** The engine could not do what was asked: nothing is tried before, Unix milliseconds. */
  holdUntil: number;
}

export function newContainerMemory(name: string): ContainerMemory {
  return {
    name,
    current: undefined,
    previous: undefined,
    garbage: [],
    attempt: -1,
    exit: undefined,
    lastExit: undefined,
    restart: undefined,
    restartAtOnce: false,
    image: { is: 'unchecked' },
    pull: undefined,
    hold: undefined,
    backOffTold: false,
  };
}

export function newPodState(identity: PodIdentity): PodState {
  return {
    identity,
    work: undefined,
    want: 'leave',
    graceSeconds: 0,
    sandbox: undefined,
    oldSandboxes: [],
    nextSandboxAttempt: 0,
    containers: new Map(),
    toInspect: new Set(),
    stops: new Map(),
    volumes: 'unprepared',
    holdUntil: 0,
  };
}

/** The memory of a container, made when there is none. */
export function memoryOf(pod: PodState, name: string): ContainerMemory {
  let memory = pod.containers.get(name);
  if (memory === undefined) pod.containers.set(name, (memory = newContainerMemory(name)));
  return memory;
}

/** All of a container's runs the engine still has, newest first. */
export function runsOf(memory: ContainerMemory): RuntimeContainer[] {
  return [memory.current, memory.previous, ...memory.garbage].filter((run) => run !== undefined);
}

/** All of a pod's containers the engine still has. */
export function allRuns(pod: PodState): RuntimeContainer[] {
  return [...pod.containers.values()].flatMap(runsOf);
}
