/** What can go wrong with the embedded nats-server; messages say what to do next. */

/** The server cannot be found, is too old, refuses its configuration, does not start, or answers nonsense. */
export class NatsServerError extends Error {
  override readonly name = 'NatsServerError';
}

/** A server would acknowledge what is not on disk yet. */
export class NotDurableError extends Error {
  override readonly name = 'NotDurableError';
}
