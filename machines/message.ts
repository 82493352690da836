/** What travels: commands in, events out. The words are design vocabulary; see ARCHITECTURE.md. */
import type { ObjectKey } from './identity.ts';
import type { Refusal } from './refusal.ts';

/** A condition on the object a command is for; the command is refused with Conflict when it does not hold. */
export interface Preconditions {
  readonly uid?: string;
  /** The object's revision (Kubernetes' resourceVersion) the sender saw. */
  readonly revision?: number;
}

/** A request to change one object. May be refused. */
export interface Command extends ObjectKey {
  /** Idempotency id: the same id is decided once, however often it is sent. At most 128 characters. */
  readonly id: string;
  /** A refusal stands for its attempt and lower ones; a higher attempt is decided anew. 1 when absent. */
  readonly attempt?: number;
  /** Highest revision its sender had seen; a retry repeats it unchanged. Without it, repeats are recognised only within the horizon. */
  readonly seen?: number;
  readonly verb: string;
  readonly arguments: unknown;
  /** Who: `admin`, `system:controller:replication`, `system:node:n1`. Taken from the bus subject, never from the payload. */
  readonly actor: string;
  /** The revision that led to this command. */
  readonly cause?: number;
  /** The first cause: the revision at the head of the chain. */
  readonly correlation?: number;
  /** Why, in a few words for people. */
  readonly reason?: string;
  readonly preconditions?: Preconditions;
}

/** A fact about one object, past tense, versioned, stored for ever. */
export interface Event<Type extends string = string, Data = unknown> {
  readonly type: Type;
  /** Version of this event type's shape; older ones are upcast when read. */
  readonly version: number;
  readonly data: Data;
}

/** What a machine receives: the event plus its commit's time, Unix milliseconds. */
export interface MachineEvent<Type extends string = string, Data = unknown> {
  readonly type: Type;
  readonly data: Data;
  readonly time: number;
}

/** 1..n events of one object from one command, atomic, with its own revision. */
export interface Commit extends ObjectKey {
  readonly revision: number;
  readonly uid: string;
  readonly commandId: string;
  readonly attempt: number;
  readonly verb: string;
  readonly actor: string;
  readonly cause?: number;
  readonly correlation: number;
  readonly reason?: string;
  readonly events: readonly Event[];
}

/** A decision that said no, kept in the log beside the commits of its entry. */
export interface RefusedCommand extends ObjectKey {
  readonly commandId: string;
  readonly attempt: number;
  readonly verb: string;
  readonly actor: string;
  readonly cause?: number;
  readonly reason?: string;
  readonly refusal: Refusal;
}

/** A command that changed nothing because all was so already. */
export interface UnchangedCommand {
  readonly commandId: string;
  readonly attempt: number;
}

/** Why a command was not decided. Says nothing about whether another copy of it was applied. */
export type NotDecidedReason =
  | 'Malformed'
  | 'TooLarge'
  | 'QueueFull'
  | 'NotTheWriter'
  /** Its sender had seen a revision below the horizon: look the outcome up by id. */
  | 'TooOld'
  /** It waited in the queue longer than the limit. */
  | 'Expired';

/** What became of a command. */
export type Outcome =
  | {
      readonly outcome: 'accepted';
      readonly revision: number;
      readonly uid: string;
      readonly name: string;
    }
  | { readonly outcome: 'unchanged'; readonly revision: number; readonly uid?: string }
  | { readonly outcome: 'refused'; readonly revision: number; readonly refusal: Refusal }
  | { readonly outcome: 'not-decided'; readonly why: NotDecidedReason; readonly message: string };
