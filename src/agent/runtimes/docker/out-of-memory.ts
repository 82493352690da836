/** Tells a container that ended for want of memory from one that merely had such a child once: the engine's flag cannot. */

/**
 * The kernel's kill and the end of the container come about 90 ms apart on a busy machine. A program that outlives its killed
 * child by a second has gone on, and what ends it later is something else.
 */
export const OUT_OF_MEMORY_WINDOW_MS = 1000;

export interface OutOfMemoryJudge {
  /** @param atMs the engine's time of the event, Unix milliseconds */
  noteOutOfMemory(id: string, atMs: number): void;
  noteExit(id: string, atMs: number): void;
  /** Whether this exit was seen to be one; undefined when it was not seen at all, as after an agent's restart. */
  verdict(id: string): boolean | undefined;
  forget(id: string): void;
  /** Forgets all others, whose removal may have been missed. */
  retain(ids: ReadonlySet<string>): void;
}

export function createOutOfMemoryJudge(): OutOfMemoryJudge {
  const lastOutOfMemory = new Map<string, number>();
  const verdicts = new Map<string, boolean>();

  function forget(id: string): void {
    lastOutOfMemory.delete(id);
    verdicts.delete(id);
  }

  return {
    noteOutOfMemory(id, atMs) {
      lastOutOfMemory.set(id, atMs);
    },
    noteExit(id, atMs) {
      const killedAtMs = lastOutOfMemory.get(id);
      verdicts.set(id, killedAtMs !== undefined && atMs - killedAtMs <= OUT_OF_MEMORY_WINDOW_MS);
    },
    verdict: (id) => verdicts.get(id),
    forget,
    retain(ids) {
      for (const id of [...lastOutOfMemory.keys(), ...verdicts.keys()]) if (!ids.has(id)) forget(id);
    },
  };
}
