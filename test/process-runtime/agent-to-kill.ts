/** An agent in a process of its own, made to be killed: starts a container that lives and one that will end, and says so. */
import { createProcessRuntime } from '../../src/agent/runtimes/process/index.ts';
import { systemClock } from '../../src/foundation/clock.ts';
import { silentLogger } from '../../src/foundation/logger.ts';
import { containerOf, createPod, run } from './pods.ts';

const [cell = '', node = '', dataDirectory = '', isolation] = process.argv.slice(2);
const runtime = createProcessRuntime({
  cell,
  node,
  dataDirectory,
  ...((isolation === 'namespaces' || isolation === 'none') && { isolation }),
  clock: systemClock,
  logger: silentLogger,
});
const pod = await createPod(runtime);
const living = await run(runtime, containerOf(pod, "trap 'exit 5' TERM; while :; do echo tick; sleep 0.1; done"));
const ending = await run(runtime, containerOf(pod, 'sleep 1; echo last words; exit 7'));
const { unenforceable } = await runtime.info();
console.log(JSON.stringify({ pod, living, ending, unenforceable }));
// Stays, as agents do.
await systemClock.sleep(60_000);
