/** Draws a machine as a Mermaid state diagram: read off the machine itself, so that the picture cannot say anything else. */
import type { AnyStateMachine } from 'xstate';

/** Names of states stand in the diagram as they are, which Mermaid allows for words. */
const WORD = /^\w+$/;

/** The diagram's text. Edges between the same two states are one arrow with all their events. */
export function stateDiagram(machine: AnyStateMachine): string {
  const arrows = new Map<string, string[]>();
  for (const [state, node] of Object.entries(machine.states)) {
    if (!WORD.test(state)) throw new Error(`machine ${machine.id}: the name of state "${state}" is not one word`);
    for (const [event, transitions] of node.transitions) {
      for (const { target } of transitions) {
        const arrow = `${state} --> ${target?.[0]?.key ?? state}`;
        arrows.set(arrow, [...(arrows.get(arrow) ?? []), event]);
      }
    }
  }
  const finals = Object.entries(machine.states).filter(([, { type }]) => type === 'final');
  return [
    'stateDiagram-v2',
    ...machine.root.initial.target.map(({ key }) => `  [*] --> ${key}`),
    ...[...arrows].map(([arrow, events]) => `  ${arrow}: ${[...new Set(events)].join(', ')}`),
    ...finals.map(([state]) => `  ${state} --> [*]`),
  ].join('\n');
}
