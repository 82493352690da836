/** The hollow runtime keeps the contract as far as something that runs nothing can. */
import { createHollowRuntime } from '../../src/agent/runtimes/hollow/runtime.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { describeContainerRuntime } from './container-runtime.ts';

describeContainerRuntime('hollow', async ({ node }) => createHollowRuntime({ node, clock: systemClock }), {
  image: 'hollow/anything:1',
  programs: false,
  mounts: false,
  terminal: false,
  adoption: false,
  sharedNamespaces: [],
  hostname: false,
});
