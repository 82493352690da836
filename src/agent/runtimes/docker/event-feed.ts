/** Follows the engine's events of one owner for as long as the runtime lives, reconnecting by itself. */
import type { Readable } from 'node:stream';
import type { Clock } from '../../../foundation/clock.ts';
import type { Logger } from '../../../foundation/logger.ts';
import type { RuntimeEvent } from '../container-runtime.ts';
import type { EventHub } from '../event-hub.ts';
import type { Engine } from './engine.ts';
import { readJsonLines } from './lines.ts';
import { identityOf, ownerFilters } from './names.ts';
import type { Labels, Owner } from './names.ts';
import type { OutOfMemoryJudge } from './out-of-memory.ts';

/** A restarted engine is back within a second or three; one that stays away is not to be hammered. */
const RECONNECT_DELAY_MIN_MS = 100;
const RECONNECT_DELAY_MAX_MS = 2000;

/** An engine remembers its last 256 events, so a replay after a reconnect holds no more that were seen before. */
const REMEMBERED_EVENTS_MAX = 256;

/** Events may overtake each other by little; the replay begins this much before the last one seen. */
const REPLAY_OVERLAP_SECONDS = 1;

const EVENT_TYPES: Readonly<Record<string, Exclude<RuntimeEvent['type'], 'resync'>>> = {
  start: 'started',
  die: 'exited',
  destroy: 'removed',
};
const FOLLOWED_ACTIONS = [...Object.keys(EVENT_TYPES), 'oom'];

/** What the feed reads of an engine's event. */
interface EngineEvent {
  readonly Action: string;
  readonly Actor: { readonly ID: string; readonly Attributes: Labels };
  readonly timeNano: number;
}

export interface EventFeedOptions {
  readonly engine: Engine;
  readonly owner: Owner;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly hub: EventHub;
  readonly outOfMemory: OutOfMemoryJudge;
  onRemoved(id: string): void;
}

/** Runs until the signal is aborted. */
export async function followEvents(options: EventFeedOptions, signal: AbortSignal): Promise<void> {
  const { engine, owner, clock, logger, hub } = options;
  const filters = { type: ['container'], event: FOLLOWED_ACTIONS, label: ownerFilters(owner) };
  const seen = createSeenEvents();
  let delayMs = RECONNECT_DELAY_MIN_MS;
  let lost = false;
  while (!signal.aborted) {
    try {
      const since = seen.replayFrom();
      const stream = await engine.events({ filters, ...(since !== undefined && { since }) }, signal);
      if (lost) logger.info('follows the events of the Docker engine again');
      lost = false;
      delayMs = RECONNECT_DELAY_MIN_MS;
      hub.setLive(true);
      await readEvents(stream, signal, (event) => {
        if (seen.isNew(event)) handle(options, event);
      });
    } catch (error) {
      if (!signal.aborted && !lost) logger.warn('lost the events of the Docker engine, tries again', { error });
      lost = true;
    }
    hub.setLive(false);
    await clock.sleep(delayMs, signal).catch(() => {});
    delayMs = Math.min(delayMs * 2, RECONNECT_DELAY_MAX_MS);
  }
}

async function readEvents(stream: Readable, signal: AbortSignal, onEvent: (event: EngineEvent) => void): Promise<void> {
  const stop = () => stream.destroy();
  signal.addEventListener('abort', stop);
  try {
    if (signal.aborted) return;
    for await (const line of readJsonLines(stream)) onEvent(line as EngineEvent);
  } finally {
    signal.removeEventListener('abort', stop);
    stream.destroy();
  }
}

function handle({ owner, hub, outOfMemory, onRemoved }: EventFeedOptions, event: EngineEvent): void {
  const { ID: id, Attributes: labels } = event.Actor;
  const identity = identityOf(owner, labels);
  if (identity === undefined) return;
  const atMs = event.timeNano / 1e6;
  if (event.Action === 'oom') outOfMemory.noteOutOfMemory(id, atMs);
  if (event.Action === 'die') outOfMemory.noteExit(id, atMs);
  if (event.Action === 'destroy') {
    outOfMemory.forget(id);
    onRemoved(id);
  }
  const type = EVENT_TYPES[event.Action];
  if (type !== undefined) hub.publish({ type, id, pod: identity.pod });
}

/** Knows the last events, so that a replay gives each only once. */
function createSeenEvents() {
  const keys = new Set<string>();
  let latestNano = 0;
  return {
    isNew(event: EngineEvent): boolean {
      const key = `${event.timeNano} ${event.Action} ${event.Actor.ID}`;
      if (keys.has(key)) return false;
      keys.add(key);
      const [oldest] = keys;
      if (keys.size > REMEMBERED_EVENTS_MAX && oldest !== undefined) keys.delete(oldest);
      latestNano = Math.max(latestNano, event.timeNano);
      return true;
    },
    /** Unix seconds; undefined before the first event. */
    replayFrom: (): string | undefined =>
      latestNano === 0 ? undefined : (latestNano / 1e9 - REPLAY_OVERLAP_SECONDS).toFixed(9),
  };
}
