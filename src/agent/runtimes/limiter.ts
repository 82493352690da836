/** Lets a bounded number of tasks run at once, the rest wait their turn; runtimes use it to spare their engine. */

export interface Limiter {
  /** Runs the task when a place is free; first come, first served, but `ahead` of all that did not ask for it. */
  run<T>(task: () => Promise<T>, options?: { readonly ahead: boolean }): Promise<T>;
}

export function createLimiter(places: number): Limiter {
  let free = places;
  const ahead: (() => void)[] = [];
  const behind: (() => void)[] = [];

  async function enter(queue: (() => void)[]): Promise<void> {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => queue.push(resolve));
  }

  /** Hands the place on rather than freeing it, so that nobody slips in before who waited. */
  function leave(): void {
    const next = ahead.shift() ?? behind.shift();
    if (next === undefined) free += 1;
    else next();
  }

  return {
    async run(task, options) {
      await enter(options?.ahead ? ahead : behind);
      try {
        return await task();
      } finally {
        leave();
      }
    },
  };
}
