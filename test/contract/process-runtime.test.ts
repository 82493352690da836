/** The process runtime keeps the contract of the runtime port, with namespaces and without. */
import { mkdtempSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';
import { createProcessRuntime } from '../../src/agent/runtimes/process/index.ts';
import type { Isolation } from '../../src/agent/runtimes/process/index.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { describeContainerRuntime } from './container-runtime.ts';

const dataDirectory = mkdtempSync(join(tmpdir(), 'periplus-process-'));
afterAll(() => rm(dataDirectory, { recursive: true, force: true }));

const isRoot = process.geteuid?.() === 0;
const isolations: readonly Isolation[] = isRoot ? ['namespaces', 'none'] : ['none'];

for (const isolation of isolations) {
  const isolated = isolation === 'namespaces';
  describeContainerRuntime(
    `process, isolation ${isolation}`,
    async (identity) =>
      createProcessRuntime({ ...identity, dataDirectory, isolation, clock: systemClock, logger: silentLogger }),
    {
      image: 'periplus/demo:1',
      absentImage: 'periplus/nowhere:1',
      programs: true,
      mounts: isolated,
      terminal: true,
      adoption: true,
      sharedNamespaces: isolated ? ['net', 'ipc'] : [],
      hostname: isolated,
    },
  );
}
