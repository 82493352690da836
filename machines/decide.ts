/** The one door to all deciders: finds the verb, checks arguments and preconditions, asks the kind. Pure. */
import type { DecideInput, Decision, Kind } from './kind.ts';
import type { Command } from './message.ts';
import { refuse, refuseUnknownFields, type FieldError, type Refusal } from './refusal.ts';
import type { ObjectContext, ObjectRecord, View } from './view.ts';

/** What a decision needs beside the command and the view. */
export interface DecisionFacts {
  readonly now: number;
  newUid(): string;
  newSuffix(): string;
}

/** Decides one command against a view. Never raises for bad input: that is a refusal. */
export function decideCommand(kind: Kind, command: Command, view: View, facts: DecisionFacts): Decision {
  const verb = Object.hasOwn(kind.verbs, command.verb) ? kind.verbs[command.verb] : undefined;
  if (verb === undefined) return { refusal: refuse.methodNotAllowed(kind, command.verb) };
  const current = command.name === '' ? undefined : view.get(command.kind, command.namespace, command.name);
  if (current === undefined && !verb.creates) return { refusal: refuse.notFound(kind, command.name) };
  const failed = failedPrecondition(kind, command, current);
  if (failed) return { refusal: failed };
  if (!verb.validator.check(command.arguments)) {
    return { refusal: refuseArguments(kind, command.name, verb.validator.errors(command.arguments)) };
  }
  const input: DecideInput<ObjectContext, unknown> = {
    kind,
    command,
    arguments: command.arguments,
    current,
    view,
    now: facts.now,
    newUid: () => facts.newUid(),
    newSuffix: () => facts.newSuffix(),
  };
  return verb.decide(input);
}

/** A precondition on an object that is gone fails as Kubernetes says it, with an empty uid; revision 0 asks that there be none. */
function failedPrecondition(kind: Kind, command: Command, current: ObjectRecord | undefined): Refusal | undefined {
  const { uid, revision } = command.preconditions ?? {};
  if (uid !== undefined && uid !== current?.uid) {
    return refuse.conflict(
      kind,
      command.name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${current?.uid ?? ''}`,
    );
  }
  if (revision !== undefined && revision !== (current?.revision ?? 0)) {
    return refuse.conflict(kind, command.name, OBJECT_MODIFIED);
  }
  return undefined;
}

/** Kubernetes' sentence for a stale resourceVersion. */
export const OBJECT_MODIFIED =
  'the object has been modified; please apply your changes to the latest version and try again';

/** Unknown fields alone are a decoding error (BadRequest) in Kubernetes; everything else is Invalid. */
export function refuseArguments(kind: Kind, name: string, errors: readonly FieldError[]): Refusal {
  const causes = errors.map((error) => ({
    ...error,
    field: error.field.replace(/^manifest\./, ''),
    message: error.message.replace('unknown field "manifest.', 'unknown field "'),
  }));
  const unknown = causes.filter((cause) => cause.type === 'FieldValueUnknown');
  return unknown.length > 0 ? refuseUnknownFields(kind, unknown) : refuse.invalid(kind, name, causes);
}
