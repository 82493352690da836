/** Events as today's machines know them: older versions are brought up step by step, unknown ones stop the fold. */
import type { Event, Kind } from '../../machines/index.ts';

/** An event type or version that this program does not know: the log is from a newer program, or damaged. */
export class UnknownEventError extends Error {
  override readonly name = 'UnknownEventError';
}

/** Brings an event up to its kind's current version. Raises UnknownEventError where it cannot. */
export function currentEvent(kind: Kind, event: Event): Event {
  const definition = Object.hasOwn(kind.events, event.type) ? kind.events[event.type] : undefined;
  if (definition === undefined) throw new UnknownEventError(`${kind.kind} has no event ${event.type}`);
  if (event.version === definition.version) return event;
  let { version, data } = event;
  while (version < definition.version) {
    const step = definition.upcast?.[version];
    if (step === undefined) break;
    data = step(data);
    version++;
  }
  if (version !== definition.version) {
    throw new UnknownEventError(`${kind.kind} has no version ${event.version} of event ${event.type}`);
  }
  return { type: event.type, version, data };
}
