/** One turn of the event loop as a port of time: whoever fires timers itself waits here until all that is ready has run. */

/** Resolves once every promise that is settled now, and what those settle in turn, has been acted on. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
