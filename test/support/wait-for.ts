/** Waits for a condition to hold, instead of sleeping. */
import { systemClock } from '../../src/foundation/clock.ts';

const POLL_MS = 100;

/** Checks until it neither raises nor rejects; fails with what it last said. */
export async function waitFor<Answer>(
  what: string,
  check: () => Answer | Promise<Answer>,
  { timeoutMs }: { readonly timeoutMs: number },
): Promise<Answer> {
  const began = systemClock.monotonic();
  for (;;) {
    try {
      return await check();
    } catch (cause) {
      if (systemClock.monotonic() - began > timeoutMs) {
        const last = cause instanceof Error ? cause.message : String(cause);
        throw new Error(`not within ${timeoutMs / 1000} s: ${what}; last: ${last}`, { cause });
      }
    }
    await systemClock.sleep(POLL_MS);
  }
}
