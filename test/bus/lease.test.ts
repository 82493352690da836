// The writer's lease on a real nats-server: one holder at a time, taken over only when it was not renewed for its life.
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openLease } from '../../src/bus/lease.ts';
import { LEASE_MS, LEASE_STEP_MS, type Lease } from '../../src/writer/lease.ts';
import { keepCopy } from '../support/damage.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { TestNatsServer } from '../support/nats-server.ts';

let nats: TestNatsServer;
/** Of the observers: how long a lease stood is told by their own clock, not the server's. */
let clock: ManualClock;

beforeEach(async () => {
  nats = await TestNatsServer.start();
  clock = new ManualClock();
});
afterEach(() => nats.dispose());

async function lease(holder: string): Promise<Lease> {
  return openLease({ connection: await nats.connect(), cell: 'test', holder, clock });
}

/** As a follower does, a step at a time; how long it took. */
async function untilAcquired(by: Lease): Promise<number> {
  const begun = clock.monotonic();
  while (!(await by.tryAcquire())) {
    await clock.advance(LEASE_STEP_MS);
    expect(clock.monotonic() - begun).toBeLessThan(10 * LEASE_MS);
  }
  return clock.monotonic() - begun;
}

describe('a lease', () => {
  test('is had by the first who asks, and refused to the second', async () => {
    const [first, second] = [await lease('first'), await lease('second')];
    expect(await first.tryAcquire()).toBe(true);
    expect(await second.tryAcquire()).toBe(false);
    expect(await second.renew()).toBe(false);
    expect(await first.renew()).toBe(true);
  });

  test('is had by one of two who ask at once', async () => {
    const rivals = [await lease('first'), await lease('second')];
    const had = await Promise.all(rivals.map((rival) => rival.tryAcquire()));
    expect(had.filter(Boolean)).toHaveLength(1);
  });

  test('that is renewed is never taken over', async () => {
    const [first, second] = [await lease('first'), await lease('second')];
    await first.tryAcquire();
    for (let step = 0; step < 12; step++) {
      expect(await first.renew()).toBe(true);
      expect(await second.tryAcquire()).toBe(false);
      await clock.advance(LEASE_STEP_MS);
    }
  });

  test('that nobody renews is taken over after its life, and not before', async () => {
    const [first, second] = [await lease('first'), await lease('second')];
    await first.tryAcquire();
    const took = await untilAcquired(second);
    expect(took).toBeGreaterThan(LEASE_MS);
    expect(took).toBeLessThanOrEqual(LEASE_MS + 2 * LEASE_STEP_MS);
  });

  test('that was taken over is not renewed by who had it: a stale update is refused', async () => {
    const [first, second] = [await lease('first'), await lease('second')];
    await first.tryAcquire();
    await untilAcquired(second);
    expect(await first.renew()).toBe(false);
    expect(await second.renew()).toBe(true);
  });

  test('that was let go is had at once', async () => {
    const [first, second] = [await lease('first'), await lease('second')];
    await first.tryAcquire();
    expect(await second.tryAcquire()).toBe(false);
    await first.release();
    expect(await second.tryAcquire()).toBe(true);
    expect(await first.renew()).toBe(false);
  });

  test('that another has by now is not let go for it', async () => {
    const [first, second, third] = [await lease('first'), await lease('second'), await lease('third')];
    await first.tryAcquire();
    await untilAcquired(second);
    await first.release();
    expect(await third.tryAcquire()).toBe(false);
    expect(await second.renew()).toBe(true);
  });

  test('that nobody took is let go without harm', async () => {
    const [first, second] = [await lease('first'), await lease('second')];
    await second.tryAcquire();
    await first.release();
    expect(await second.renew()).toBe(true);
  });

  test('is had again at once by the same holder, who may not know that its last word was stored', async () => {
    const first = await lease('first');
    await first.tryAcquire();
    expect(await (await lease('first')).tryAcquire()).toBe(true);
  });

  test('of one cell is not that of another', async () => {
    const first = await lease('first');
    const connection = await nats.connect();
    const elsewhere = await openLease({ connection, cell: 'other', holder: 'second', clock });
    expect(await first.tryAcquire()).toBe(true);
    expect(await elsewhere.tryAcquire()).toBe(true);
  });

  test('whose store was put back to an older copy is lost to who had it, and had anew by one of those who ask', async () => {
    const [first, second] = [await lease('first'), await lease('second')];
    await first.tryAcquire();
    await nats.stop();
    const putBack = await keepCopy(`${nats.dataDirectory}/nats/store`);
    await nats.restart();
    const reconnected = await lease('first');
    expect(await reconnected.tryAcquire()).toBe(true);
    for (let renewal = 0; renewal < 3; renewal++) expect(await reconnected.renew()).toBe(true);
    await nats.stop();
    await putBack();
    await nats.restart();
    const [holder, other] = [await lease('first'), await lease('second')];
    expect(await holder.tryAcquire()).toBe(true);
    expect(await other.tryAcquire()).toBe(false);
    expect(await untilAcquired(other)).toBeGreaterThan(LEASE_MS);
    // The numbers went back, but nobody renews with a number of before.
    await expect(renewalOf(second)).resolves.toBe(false);
    await expect(renewalOf(reconnected)).resolves.toBe(false);
  });

  test('is rejected, not had, while the bus does not answer', async () => {
    const first = await lease('first');
    nats.freeze();
    await expect(first.tryAcquire()).rejects.toThrow();
    nats.thaw();
    await expect.poll(() => first.tryAcquire().catch(() => false), { timeout: 10_000 }).toBe(true);
  });
});

/** The connection may still be on its way back. */
async function renewalOf(of: Lease): Promise<boolean> {
  for (;;) {
    try {
      return await of.renew();
    } catch {
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
