// The log on a real nats-server keeps the port's rules.
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { openLog } from '../../src/log/jetstream-log.ts';
import { TestNatsServer } from '../support/nats-server.ts';
import { eventLogContract } from './event-log.ts';

const APPEND_TIMEOUT_MS = 500;

eventLogContract('JetStream log', async () => {
  const nats = await TestNatsServer.start();
  return {
    open: async () =>
      openLog({
        connection: await nats.connect(),
        cell: 'test',
        clock: systemClock,
        logger: silentLogger,
        appendTimeoutMs: APPEND_TIMEOUT_MS,
      }),
    crashAndRestart: async () => {
      await nats.kill();
      await nats.restart();
    },
    freeze: () => nats.freeze(),
    thaw: () => nats.thaw(),
    dispose: () => nats.dispose(),
  };
});
