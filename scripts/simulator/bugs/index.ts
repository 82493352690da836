/** The table of all planted bugs. */
import type { PlantedBug } from '../planted-bug.ts';
import { CONTROLLER_BUGS } from './controllers.ts';
import { FOLD_BUGS } from './fold.ts';
import { NODE_BUGS } from './nodes.ts';
import { WRITER_BUGS } from './writer.ts';

export const PLANTED_BUGS: readonly PlantedBug[] = [...WRITER_BUGS, ...FOLD_BUGS, ...CONTROLLER_BUGS, ...NODE_BUGS];
