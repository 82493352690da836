/** The scenario that recorded histories are made of: every event of every kind happens, and every state is reached. */
import type { Cell } from '../../support/cell.ts';
import { nodes } from './nodes.ts';
import { namespaces, plainObjects, queued } from './plain.ts';
import { barePods } from './pods.ts';
import { replicas } from './replicas.ts';
import { Story } from './story.ts';

/** Plays it from the beginning with a fixed clock and fixed ids: the same code always gives the same entries. */
export function playScenario(): Cell {
  const story = new Story();
  for (const act of [plainObjects, namespaces, nodes, barePods, replicas, queued]) {
    story.wait(60);
    act(story);
  }
  return story.cell;
}
