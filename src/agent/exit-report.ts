/** Describes how a container ended, with the last lines it printed. */
import type { TerminatedReport } from '../../machines/pod/index.ts';
import { LAST_LINES_MAX_BYTES } from '../../machines/pod/index.ts';
import type { Clock } from '../foundation/clock.ts';
import type { ContainerExit, ContainerRuntime, RuntimeContainer } from './runtimes/container-runtime.ts';

/** More lines than fill the bytes kept are not worth reading; Kubernetes reads 80 as well. */
const LAST_LINES_MAX = 80;

/** An engine that cannot say what a dead container printed by then has other troubles; the exit is told without. */
const LAST_LINES_TIMEOUT_MS = 2_000;

/** Undefined for a container that has not ended. */
export async function describeExit(
  engine: { readonly runtime: ContainerRuntime; readonly clock: Clock },
  container: RuntimeContainer,
): Promise<TerminatedReport | undefined> {
  const { exit, startedAt, id } = container;
  if (container.state !== 'exited' || exit === undefined) return undefined;
  const lastLines = await readLastLines(engine, id);
  return {
    exitCode: exit.exitCode,
    ...(exit.signal !== undefined && { signal: exit.signal }),
    reason: reasonOf(exit),
    ...(startedAt !== undefined && { startedAt }),
    finishedAt: exit.finishedAt,
    ...(lastLines !== '' && { lastLines }),
    containerId: id,
  };
}

function reasonOf({ oomKilled, exitCode }: ContainerExit): string {
  if (oomKilled) return 'OOMKilled';
  return exitCode === 0 ? 'Completed' : 'Error';
}

/** At most LAST_LINES_MAX_BYTES; what could be read when the engine fails or takes too long. */
async function readLastLines(
  { runtime, clock }: { readonly runtime: ContainerRuntime; readonly clock: Clock },
  id: string,
): Promise<string> {
  const controller = new AbortController();
  let tail = Buffer.alloc(0);
  const reading = (async () => {
    const request = { follow: false, timestamps: false, tailLines: LAST_LINES_MAX };
    for await (const { data } of runtime.logs(id, request, controller.signal)) {
      tail = Buffer.concat([tail, data]).subarray(-LAST_LINES_MAX_BYTES);
    }
  })().catch(() => undefined); // The exit matters more than its last words.
  const tooLong = Promise.withResolvers<void>();
  const timer = clock.after(LAST_LINES_TIMEOUT_MS, tooLong.resolve);
  await Promise.race([reading, tooLong.promise]);
  timer.cancel();
  controller.abort();
  return wholeCharacters(tail);
}

const CONTINUATION_MASK = 0b1100_0000;
const CONTINUATION = 0b1000_0000;

/** Text of a tail that may begin within a character; never longer in bytes than the tail. */
function wholeCharacters(tail: Buffer): string {
  let start = 0;
  while (start < tail.length && ((tail[start] ?? 0) & CONTINUATION_MASK) === CONTINUATION) start++;
  const text = tail.subarray(start).toString();
  // Bytes that are no text become longer when read as such.
  return Buffer.byteLength(text) <= LAST_LINES_MAX_BYTES ? text : text.slice(-Math.floor(LAST_LINES_MAX_BYTES / 3));
}
