/** What a hollow container pretends to be: read from environment variables, so that a test or bench can script it in a manifest. */

/** How long a program that was told nothing else takes to obey SIGTERM. */
const OBEYS_AT_ONCE_MS = 0;

export interface HollowProgram {
  /** Ends by itself after so many milliseconds; runs for ever when absent. */
  readonly runMs?: number;
  readonly exitCode: number;
  /** How long it takes to end once it was asked to, milliseconds. */
  readonly stopMs: number;
  /** What it prints as soon as it starts. */
  readonly output: string;
  /** Cannot be started at all, for this reason. */
  readonly startError?: string;
  readonly oomKilled: boolean;
}

/** `PERIPLUS_HOLLOW_RUN_MS`, `_EXIT_CODE`, `_STOP_MS`, `_OUTPUT`, `_START_ERROR`, `_OOM_KILLED`; whatever else there is has no meaning here. */
export function programOf(env: Readonly<Record<string, string>>): HollowProgram {
  const runMs = env['PERIPLUS_HOLLOW_RUN_MS'];
  const startError = env['PERIPLUS_HOLLOW_START_ERROR'];
  return {
    ...(runMs !== undefined && { runMs: Number(runMs) }),
    exitCode: Number(env['PERIPLUS_HOLLOW_EXIT_CODE'] ?? 0),
    stopMs: Number(env['PERIPLUS_HOLLOW_STOP_MS'] ?? OBEYS_AT_ONCE_MS),
    output: env['PERIPLUS_HOLLOW_OUTPUT'] ?? '',
    ...(startError !== undefined && { startError }),
    oomKilled: env['PERIPLUS_HOLLOW_OOM_KILLED'] === 'true',
  };
}
