/** How the processes of a cell are kept small: V8 and malloc trade memory for speed by default, more than we need of it. */

/**
 * V8 gives memory back once a process has been at rest for so long (by default 8 s): 15 MB less after a burst, and nothing of it
 * during one.
 */
const REST_BEFORE_COLLECTION_MS = 300;

/**
 * For Node. Two numbers: the half-spaces of the nursery in MB (by default 16, of which three are held), and by how many percent
 * the heap may grow before it is collected again (by default it may become four times as large).
 */
const memoryFlags = (halfSpaceMb: number, growthPercent: number): readonly string[] => [
  `--max-semi-space-size=${halfSpaceMb}`,
  `--heap-growing-percent=${growthPercent}`,
  `--gc-memory-reducer-start-delay-ms=${REST_BEFORE_COLLECTION_MS}`,
];

/**
 * At 3,000 pods a third less memory than without, at no measurable cost in processor time. Half as much of both saves another
 * 25 MB, but a stream of 10,000 commands a second, whose objects all stay, then spends a quarter of its time collecting.
 */
export const CONTROL_PLANE_MEMORY_FLAGS = memoryFlags(8, 50);
/** An agent's objects come in small numbers: 135 MB for 50 nodes with 3,000 pods instead of 260, for a few percent more time. */
export const AGENT_MEMORY_FLAGS = memoryFlags(4, 30);
/** As an agent's: it holds the objects and answers with what is rendered already. */
export const GATEWAY_MEMORY_FLAGS = AGENT_MEMORY_FLAGS;

/** For glibc; set by the user it stays as it is. Elsewhere it means nothing. */
export function memoryEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return {
    // An arena for each of Node's threads is memory that is never given back.
    MALLOC_ARENA_MAX: '2',
    // Fixed, so that they do not grow with the largest message ever seen: what is large goes back to the system when freed.
    MALLOC_MMAP_THRESHOLD_: '131072',
    MALLOC_TRIM_THRESHOLD_: '131072',
    ...environment,
  };
}
