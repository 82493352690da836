/** Lets a bounded number of tasks run at once, the rest wait their turn; runtimes use it to spare their engine. */

export interface Limiter {
  /** Runs the task when a place is free; first come, first served. */
  run<T>(task: () => Promise<T>): Promise<T>;
}

export function createLimiter(places: number): Limiter {
  let free = places;
  const waiting: (() => void)[] = [];

  async function enter(): Promise<void> {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
  }

  /** Hands the place on rather than freeing it, so that nobody slips in before who waited. */
  function leave(): void {
    const next = waiting.shift();
    if (next === undefined) free += 1;
    else next();
  }

  return {
    async run(task) {
      await enter();
      try {
        return await task();
      } finally {
        leave();
      }
    },
  };
}
