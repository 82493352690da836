/** What every no of the gateway looks like: Kubernetes' Status object, and the error that carries one out of wherever it was found. */
import type { FieldError, Refusal } from '../../../machines/index.ts';

/** Kubernetes' reasons that the gateway gives, with their codes. */
const CODES = {
  BadRequest: 400,
  Unauthorized: 401,
  Forbidden: 403,
  NotFound: 404,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  AlreadyExists: 409,
  Conflict: 409,
  Expired: 410,
  RequestEntityTooLarge: 413,
  UnsupportedMediaType: 415,
  Invalid: 422,
  TooManyRequests: 429,
  InternalError: 500,
  NotImplemented: 501,
  ServiceUnavailable: 503,
  Timeout: 504,
} as const;

export type StatusReason = keyof typeof CODES;

/** One of several things that are wrong. */
export interface StatusCause {
  readonly reason: string;
  readonly message: string;
  readonly field?: string;
}

export interface StatusDetails {
  readonly name?: string;
  readonly group?: string;
  readonly kind?: string;
  readonly uid?: string;
  readonly causes?: readonly StatusCause[];
  readonly retryAfterSeconds?: number;
}

/** metav1.Status. */
export interface Status {
  readonly kind: 'Status';
  readonly apiVersion: 'v1';
  readonly metadata: object;
  readonly status: 'Failure' | 'Success';
  readonly message?: string;
  readonly reason?: StatusReason;
  readonly details?: StatusDetails;
  readonly code: number;
}

export function failure(reason: StatusReason, message: string, details?: StatusDetails): Status {
  const told = details === undefined ? {} : { details };
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    ...told,
    code: CODES[reason],
  };
}

export function success(details: StatusDetails): Status {
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details, code: 200 };
}

/** A no, raised wherever it is found; the server answers with its Status. */
export class StatusError extends Error {
  override readonly name = 'StatusError';
  readonly status: Status;

  constructor(reason: StatusReason, message: string, details?: StatusDetails) {
    super(message);
    this.status = failure(reason, message, details);
  }
}

/** What a Status calls the thing it is about: the resource's plural for what is missing, the kind for what is wrong with it. */
export interface StatusSubject {
  readonly kind: string;
  readonly plural: string;
  readonly group: string;
  readonly name: string;
}

/** A decision's no as Kubernetes says it. */
export function refusedError(refusal: Refusal, { kind, plural, group, name }: StatusSubject): StatusError {
  const details: StatusDetails = {
    ...(name === '' ? {} : { name }),
    ...(group === '' ? {} : { group }),
    kind: refusal.reason === 'Invalid' ? kind : plural,
    ...(refusal.reason === 'Invalid' ? { causes: refusal.causes.map(causeOf) } : {}),
  };
  // Kubernetes' decoder has no object to name.
  return refusal.reason === 'BadRequest'
    ? new StatusError(refusal.reason, refusal.message)
    : new StatusError(refusal.reason, refusal.message, details);
}

function causeOf({ type, field, message }: FieldError): StatusCause {
  return { reason: type, message, field };
}

/** Kubernetes' words for a path that means nothing. */
export const UNKNOWN_PATH = 'the server could not find the requested resource';
