/** How a pod `web` comes into each of its states. */
import type { Step } from './given.ts';
import { bound, created, givenUp, node, running, seen, terminated, TWO } from './pod.ts';

/** Ways into every state in which the object is there, with a finalizer or without. */
export const states: readonly (readonly [string, (metadata: object) => readonly Step[]])[] = [
  ['pending', (metadata) => [created({}, metadata)]],
  ['bound', (metadata) => [node(), created(TWO, metadata), bound, seen(running(1))]],
  ['running', (metadata) => [node(), created({}, metadata), bound, seen(running(1))]],
  ['succeeded', (metadata) => [node(), created({ restartPolicy: 'Never' }, metadata), bound, seen(terminated(1))]],
  ['failed', (metadata) => [node(), created({}, metadata), bound, seen(running(1)), givenUp]],
];
const entered = new Map(states);

/** The way into one of them. */
export function inState(state: string, metadata: object = {}): readonly Step[] {
  return entered.get(state)?.(metadata) ?? [];
}
