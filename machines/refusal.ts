/** Why a decision said no: a closed union with a sentence for people, in Kubernetes' words. */

/** Kubernetes' cause reasons (metav1.CauseType), plus FieldValueUnknown for strict decoding. */
export type FieldErrorType =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueNotFound'
  | 'FieldValueNotSupported'
  | 'FieldValueDuplicate'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueUnknown';

/** What is wrong with one field. `message` does not repeat the field. */
export interface FieldError {
  readonly type: FieldErrorType;
  readonly field: string;
  readonly message: string;
}

/** Why a decision said no. `message` is a whole sentence for people; `reason` is Kubernetes' StatusReason where it has one. */
export type Refusal =
  | { readonly reason: 'NotFound'; readonly message: string }
  | { readonly reason: 'AlreadyExists'; readonly message: string }
  /** The object is not what the sender saw: a precondition, or the premise of a controller's command, does not hold. */
  | { readonly reason: 'Conflict'; readonly message: string }
  | { readonly reason: 'Invalid'; readonly message: string; readonly causes: readonly FieldError[] }
  | { readonly reason: 'BadRequest'; readonly message: string }
  | { readonly reason: 'Forbidden'; readonly message: string }
  | { readonly reason: 'MethodNotAllowed'; readonly message: string }
  | { readonly reason: 'RequestEntityTooLarge'; readonly message: string }
  /** A decider raised, which is our own bug: one command of one sender must not stop everybody's cell. */
  | { readonly reason: 'InternalError'; readonly message: string };

export type RefusalReason = Refusal['reason'];

/** Names a kind in sentences: `pods` in NotFound, `Pod` in Invalid. */
export interface KindName {
  readonly kind: string;
  readonly plural: string;
  readonly group: string;
}

function resource(kind: KindName): string {
  return kind.group === '' ? kind.plural : `${kind.plural}.${kind.group}`;
}

export const refuse = {
  notFound: (kind: KindName, name: string): Refusal => ({
    reason: 'NotFound',
    message: `${resource(kind)} "${name}" not found`,
  }),
  alreadyExists: (kind: KindName, name: string): Refusal => ({
    reason: 'AlreadyExists',
    message: `${resource(kind)} "${name}" already exists`,
  }),
  conflict: (kind: KindName, name: string, why: string): Refusal => ({
    reason: 'Conflict',
    message: `Operation cannot be fulfilled on ${resource(kind)} "${name}": ${why}`,
  }),
  invalid: (kind: KindName, name: string, causes: readonly FieldError[]): Refusal => ({
    reason: 'Invalid',
    message: `${kind.group === '' ? kind.kind : `${kind.kind}.${kind.group}`} "${name}" is invalid: ${sentence(causes)}`,
    causes,
  }),
  badRequest: (message: string): Refusal => ({ reason: 'BadRequest', message }),
  forbidden: (kind: KindName, name: string, why: string): Refusal => ({
    reason: 'Forbidden',
    message: `${resource(kind)} "${name}" is forbidden: ${why}`,
  }),
  methodNotAllowed: (kind: KindName, verb: string): Refusal => ({
    reason: 'MethodNotAllowed',
    message: `${kind.kind} has no verb "${verb}"`,
  }),
} as const;

/** Kubernetes prints one error bare and several in brackets. */
function sentence(causes: readonly FieldError[]): string {
  const lines = causes.map((cause) => `${cause.field}: ${cause.message}`);
  return lines.length === 1 ? (lines[0] ?? '') : `[${lines.join(', ')}]`;
}

/** What strict decoding says of fields that do not exist: Kubernetes answers BadRequest naming each of them. */
export function refuseUnknownFields(
  { kind, apiVersion }: { readonly kind: string; readonly apiVersion: string },
  causes: readonly FieldError[],
): Refusal {
  const fields = causes.map((cause) => cause.message).join(', ');
  const what = `${kind} in version "${apiVersion}" cannot be handled as a ${kind}`;
  return refuse.badRequest(`${what}: strict decoding error: ${fields}`);
}
