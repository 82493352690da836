/** Decides queued commands against the state plus what this batch has done so far, into one entry. */
import {
  decideCommand,
  kinds,
  IllegalEventError,
  refuse,
  type Command,
  type Commit,
  type Decision,
  type Kind,
  type Outcome,
  type RefusedCommand,
  type Refusal,
} from '../../machines/index.ts';
import type { Identifiers } from '../foundation/identifiers.ts';
import { encodeEntry, ENTRY_VERSION, hashOf, type Entry, type EntryHead, type LineageStart } from '../log/entry.ts';
import { FOLD_VERSION, type CellState } from '../state/cell-state.ts';
import { ObjectTooLargeError, Overlay } from '../state/overlay.ts';
import type { RememberedOutcome } from '../state/outcomes.ts';
import { boundedRefusal } from './bounded-refusal.ts';
import type { WriterLimits } from './limits.ts';

/** Room left in an entry for its head and separators, bytes. */
const ENTRY_HEAD_BYTES = 4 * 1024;

/** What became of a command within a batch, to be answered once the entry is acknowledged. */
export type BatchResult = Outcome | 'full';

/** An entry ready to be appended, with the overlay it stands for. */
export interface PreparedEntry {
  readonly entry: Entry;
  readonly overlay: Overlay;
  readonly payload: Uint8Array;
  readonly hash: string;
}

export interface BatchOptions {
  readonly state: CellState;
  readonly identifiers: Identifiers;
  readonly limits: WriterLimits;
  /** Unix milliseconds: the entry's time. */
  readonly now: number;
  readonly writer: string;
  readonly lineage: string;
  /** First revision where it is not the next one (a new lineage). */
  readonly firstRevision?: number;
  readonly lineageStart?: LineageStart;
  /** Called when a decider raised. */
  onBug?(error: unknown, command: Command): void;
}

/** The first event of a new object carries its context. */
interface CreatedData {
  readonly object: { readonly metadata: { readonly uid: string } };
}

export class Batch {
  readonly #options: BatchOptions;
  readonly #overlay: Overlay;
  readonly #firstRevision: number;
  readonly #now: number;
  readonly #commits: Commit[] = [];
  readonly #commitTexts: string[] = [];
  readonly #refused: RefusedCommand[] = [];
  readonly #unchanged: { commandId: string; attempt: number }[] = [];
  /** Ids decided in this batch, so that a repeat within it gets the same answer. */
  readonly #decided = new Map<string, { readonly attempt: number; readonly outcome: Outcome }>();
  #bytes = ENTRY_HEAD_BYTES;

  constructor(options: BatchOptions) {
    this.#options = options;
    this.#firstRevision = options.firstRevision ?? options.state.revision + 1;
    this.#now = Math.max(options.now, options.state.time);
    this.#overlay = new Overlay(options.state, this.#firstRevision);
  }

  /** Decides one command; `full` leaves it for the next batch. */
  decide(command: Command): BatchResult {
    if (this.#commits.length >= this.#options.limits.entryMaxCommits) return 'full';
    const attempt = command.attempt ?? 1;
    const known = this.#knownOutcome(command, attempt);
    if (known) return known;
    if (isTooOld(command, this.#options.state)) {
      return { outcome: 'not-decided', why: 'TooOld', message: tooOld(command, this.#options.state.forgottenThrough) };
    }
    const result = this.#decideAnew(command, attempt);
    if (result !== 'full') this.#decided.set(command.id, { attempt, outcome: result });
    return result;
  }

  #knownOutcome(command: Command, attempt: number): Outcome | undefined {
    const here = this.#decided.get(command.id);
    if (here && (here.outcome.outcome !== 'refused' || here.attempt >= attempt)) return here.outcome;
    const known = this.#options.state.outcomeOf(command.id);
    if (known && (known.outcome !== 'refused' || known.attempt >= attempt)) return answerOf(known);
    return undefined;
  }

  #decideAnew(command: Command, attempt: number): BatchResult {
    const kind = kinds.get(command.kind);
    if (kind === undefined) {
      const refusal = refuse.badRequest(
        `there is no kind "${command.kind}": known are ${[...kinds.keys()].join(', ')}`,
      );
      return this.#refuse(command, attempt, refusal);
    }
    const decision = this.#ask(kind, command);
    if ('refusal' in decision) return this.#refuse(command, attempt, decision.refusal);
    if (decision.events.length === 0) {
      return this.#leaveUnchanged(command, attempt);
    }
    return this.#commit(kind, command, attempt, decision);
  }

  /** Asks the kind. A decider that raises has changed nothing yet: the command is refused, and the bug told to whoever runs the cell. */
  #ask(kind: Kind, command: Command): Decision {
    const { identifiers, onBug } = this.#options;
    try {
      return decideCommand(kind, command, this.#overlay, {
        now: this.#now,
        newUid: () => identifiers.uuid(),
        newSuffix: () => identifiers.suffix(),
      });
    } catch (error) {
      onBug?.(error, command);
      const message = `Internal error occurred: ${kind.kind} ${command.verb} could not be decided; see the control plane's log`;
      return { refusal: { reason: 'InternalError', message } };
    }
  }

  #leaveUnchanged(command: Command, attempt: number): BatchResult {
    const text = JSON.stringify({ commandId: command.id, attempt });
    if (!this.#fits(Buffer.byteLength(text))) return 'full';
    this.#unchanged.push({ commandId: command.id, attempt });
    this.#overlay.stageUnchanged({ commandId: command.id, attempt });
    const uid = this.#overlay.get(command.kind, command.namespace, command.name)?.uid;
    return { outcome: 'unchanged', revision: this.#overlay.revision, ...(uid === undefined ? {} : { uid }) };
  }

  #commit(
    kind: Kind,
    command: Command,
    attempt: number,
    decision: { readonly events: Commit['events']; readonly name?: string },
  ): BatchResult {
    const name = decision.name ?? command.name;
    const current = this.#overlay.get(kind.kind, command.namespace, name);
    const revision = this.#overlay.revision + 1;
    const first = decision.events[0]?.data as CreatedData | undefined;
    const commit: Commit = {
      revision,
      kind: kind.kind,
      namespace: command.namespace,
      name,
      uid: current?.uid ?? first?.object.metadata.uid ?? '',
      commandId: command.id,
      attempt,
      verb: command.verb,
      actor: command.actor,
      ...(command.cause === undefined ? {} : { cause: command.cause }),
      correlation: command.correlation ?? command.cause ?? revision,
      ...(command.reason === undefined ? {} : { reason: command.reason }),
      events: decision.events,
    };
    const text = JSON.stringify(commit);
    const bytes = Buffer.byteLength(text);
    if (bytes > this.#options.limits.objectMaxBytes) return this.#refuseTooLarge(command, attempt, bytes);
    if (!this.#fits(bytes)) return 'full';
    try {
      this.#overlay.stage(commit, this.#now, this.#options.limits);
    } catch (error) {
      this.#bytes -= bytes + 1;
      if (error instanceof ObjectTooLargeError) return this.#refuseTooLarge(command, attempt, error.bytes);
      if (!(error instanceof IllegalEventError)) throw error;
      return this.#refuse(command, attempt, refuse.conflict(kind, name, `${error.message} now`));
    }
    this.#commits.push(commit);
    this.#commitTexts.push(text);
    return { outcome: 'accepted', revision, uid: commit.uid, name };
  }

  #refuse(command: Command, attempt: number, why: Refusal): BatchResult {
    const refusal = boundedRefusal(why);
    const refused: RefusedCommand = {
      commandId: command.id,
      attempt,
      kind: command.kind,
      namespace: command.namespace,
      name: command.name,
      verb: command.verb,
      actor: command.actor,
      ...(command.cause === undefined ? {} : { cause: command.cause }),
      ...(command.reason === undefined ? {} : { reason: command.reason }),
      refusal,
    };
    if (!this.#fits(Buffer.byteLength(JSON.stringify(refused)))) return 'full';
    this.#refused.push(refused);
    this.#overlay.stageRefused(refused);
    return { outcome: 'refused', revision: this.#overlay.revision, refusal };
  }

  #refuseTooLarge(command: Command, attempt: number, bytes: number): BatchResult {
    const limit = this.#options.limits.objectMaxBytes;
    const message = `the object or its change would be ${bytes} bytes, more than the limit of ${limit}: keep large data outside the object`;
    return this.#refuse(command, attempt, { reason: 'RequestEntityTooLarge', message });
  }

  /** Counts bytes in, when there is room; an empty batch takes anything that passed the object's limit. */
  #fits(bytes: number): boolean {
    const empty = this.#bytes === ENTRY_HEAD_BYTES;
    if (!empty && this.#bytes + bytes > this.#options.limits.entryMaxBytes) return false;
    this.#bytes += bytes + 1;
    return true;
  }

  /** Closes the batch into an entry that continues the state's position. */
  prepare(): PreparedEntry {
    const { state, writer, lineage, lineageStart } = this.#options;
    const head: EntryHead = {
      version: ENTRY_VERSION,
      number: state.position.entry + 1,
      lineage,
      firstRevision: this.#firstRevision,
      writer,
      time: this.#now,
      previous: state.position.hash,
      state: this.#overlay.seal(),
      fold: FOLD_VERSION,
      ...(lineageStart ? { lineageStart } : {}),
    };
    const payload = encodeEntry(head, {
      commits: this.#commitTexts,
      refused: this.#refused.map((refused) => JSON.stringify(refused)),
      unchanged: this.#unchanged.map((unchanged) => JSON.stringify(unchanged)),
    });
    const entry: Entry = { ...head, commits: this.#commits, refused: this.#refused, unchanged: this.#unchanged };
    return { entry, overlay: this.#overlay, payload, hash: hashOf(payload) };
  }
}

/** Bytes a command takes in the queue, for the queue's limit. */
export function sizeOf(command: Command): number {
  return Buffer.byteLength(JSON.stringify(command.arguments ?? null));
}

function answerOf(known: RememberedOutcome): Outcome {
  switch (known.outcome) {
    case 'accepted':
      return { outcome: 'accepted', revision: known.revision, uid: known.uid ?? '', name: known.name ?? '' };
    case 'unchanged':
      return { outcome: 'unchanged', revision: known.revision };
    case 'refused':
      return { outcome: 'refused', revision: known.revision, refusal: known.refusal ?? refuse.badRequest('refused') };
    default:
      return known.outcome satisfies never;
  }
}

/**
 * Whether what became of an earlier copy may have been forgotten. That copy was decided later than its sender had seen, or,
 * where it made no commit, at that very revision. A sender who has seen all there is cannot be too old, or a cell whose
 * refusals overran their bound would take nothing any more.
 */
function isTooOld({ seen }: Command, { forgottenThrough, revision }: CellState): boolean {
  return seen !== undefined && forgottenThrough > 0 && seen <= forgottenThrough && seen < revision;
}

function tooOld(command: Command, forgottenThrough: number): string {
  return (
    `command ${command.id} was made at revision ${command.seen}, but outcomes up to revision ${forgottenThrough} are forgotten, ` +
    'so it is not known whether it was applied: look for its id in the history, and send it under a new id if it is not there'
  );
}
