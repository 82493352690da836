/** Which events end an object, by kind: what history must know of machines to record who lived when. */
import { endingEvents, kinds } from '../../machines/index.ts';

export function endingEventsByKind(): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries([...kinds.values()].map(({ kind, machine }) => [kind, [...endingEvents(machine)]]));
}
