/** Hands what a runtime saw to everybody who listens, each with a bounded queue: who falls behind is told to list again. */
import type { RuntimeEvent } from './container-runtime.ts';

/** More than one node's containers change in a burst; whoever is further behind is quicker by listing than by reading on. */
export const WAITING_EVENTS_MAX = 1024;

interface Listener {
  push(event: RuntimeEvent): void;
}

export interface EventHub {
  publish(event: RuntimeEvent): void;
  /** Ends quietly when the signal is aborted or the hub is closed; `resync` comes first once the hub is live. */
  listen(signal: AbortSignal): AsyncIterable<RuntimeEvent>;
  /** Whether nothing that happens from now on is missed; going live sends `resync` to all. */
  setLive(live: boolean): void;
  /** Ends all listening. */
  close(): void;
}

export function createEventHub(options: { readonly live: boolean }): EventHub {
  const listeners = new Set<Listener>();
  const closed = new AbortController();
  let live = options.live;

  function publish(event: RuntimeEvent): void {
    for (const listener of listeners) listener.push(event);
  }

  async function* listen(signal: AbortSignal): AsyncGenerator<RuntimeEvent> {
    const ended = AbortSignal.any([signal, closed.signal]);
    let waiting: RuntimeEvent[] = live ? [{ type: 'resync' }] : [];
    let wake: (() => void) | undefined;
    const listener: Listener = {
      push(event) {
        waiting.push(event);
        if (waiting.length > WAITING_EVENTS_MAX) waiting = [{ type: 'resync' }];
        wake?.();
      },
    };
    const onEnd = () => wake?.();
    ended.addEventListener('abort', onEnd);
    listeners.add(listener);
    try {
      while (!ended.aborted) {
        const event = waiting.shift();
        if (event !== undefined) yield event;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    } finally {
      listeners.delete(listener);
      ended.removeEventListener('abort', onEnd);
    }
  }

  return {
    publish,
    listen,
    setLive(next) {
      live = next;
      if (next) publish({ type: 'resync' });
    },
    close: () => closed.abort(),
  };
}
