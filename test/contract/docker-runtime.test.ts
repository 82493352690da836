/** The Docker runtime keeps the contract of the runtime port, on a real engine. */
import { createDockerRuntime } from '../../src/agent/runtimes/docker/index.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { describeContainerRuntime } from './container-runtime.ts';

describeContainerRuntime(
  'docker',
  async (identity) => createDockerRuntime({ ...identity, clock: systemClock, logger: silentLogger }),
  {
    image: 'busybox:local',
    absentImage: 'periplus/nowhere:1',
    programs: true,
    mounts: true,
    terminal: true,
    adoption: true,
    sharedNamespaces: ['net', 'ipc'],
    hostname: true,
  },
);
