// Acknowledged means on disk: between an append and its acknowledgement the server syncs the log's file.
import { spawn, spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { openLog } from '../../src/log/jetstream-log.ts';
import { ChainMaker } from '../support/log-entries.ts';
import { TestNatsServer } from '../support/nats-server.ts';

const APPENDS = 20;
const hasStrace = spawnSync('strace', ['--version']).status === 0;

test.skipIf(!hasStrace)('every append is synced at least once before it is acknowledged (needs strace)', async () => {
  const nats = await TestNatsServer.start();
  const log = await openLog({
    connection: await nats.connect(),
    cell: 'test',
    clock: systemClock,
    logger: silentLogger,
  });
  const trace = join(nats.dataDirectory, 'trace');
  const pid = String(nats.server.pid);
  const tracer = spawn('strace', ['-f', '-y', '-e', 'trace=fsync,fdatasync', '-o', trace, '-p', pid], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  try {
    let said = '';
    tracer.stderr.on('data', (text: Buffer) => (said += text.toString()));
    await vi.waitFor(() => expect(said).toContain('attached'), { timeout: 10_000 });
    const chain = new ChainMaker();
    for (let count = 1; count <= APPENDS; count++) {
      const before = await syncsOf(trace);
      const { number, payload } = chain.next();
      expect(await log.append(number, payload)).toEqual({ outcome: 'appended' });
      expect(await syncsOf(trace)).toBeGreaterThan(before);
    }
  } finally {
    tracer.kill('SIGINT');
    await nats.dispose();
  }
});

/** Finished syncs of the log's message blocks. */
async function syncsOf(trace: string): Promise<number> {
  const lines = (await readFile(trace, 'utf8').catch(() => '')).split('\n');
  const blocks = new Set<string>();
  let syncs = 0;
  for (const line of lines) {
    const [thread = ''] = line.split(' ');
    if (/sync\(.*test-log-1\/msgs\/\d+\.blk/.test(line)) {
      if (line.endsWith('= 0')) syncs++;
      else blocks.add(thread);
    } else if (/<\.\.\. f(data)?sync resumed>.*= 0$/.test(line) && blocks.delete(thread)) syncs++;
  }
  return syncs;
}
