/** The container runtimes by the names people give them, and which one this machine has. */
import { systemClock } from '../foundation/clock.ts';
import { silentLogger } from '../foundation/logger.ts';

const RUNTIMES = ['docker', 'process', 'hollow'] as const;

export type RuntimeName = (typeof RUNTIMES)[number];

export function isRuntimeName(text: string): text is RuntimeName {
  return (RUNTIMES as readonly string[]).includes(text);
}

/** How long an engine may take to say that it is there. */
const ENGINE_ANSWER_MS = 5_000;

/** `auto`: Docker when its engine answers, else plain processes. */
export async function detectRuntime(): Promise<RuntimeName> {
  // Loaded only here: who merely knows the names should not carry a Docker client.
  const { createDockerRuntime } = await import('../agent/runtimes/docker/index.ts');
  const runtime = createDockerRuntime({ cell: 'none', node: 'none', clock: systemClock, logger: silentLogger });
  const patience = new AbortController();
  try {
    const late = systemClock.sleep(ENGINE_ANSWER_MS, patience.signal).then(() => false);
    const answers = runtime.info().then(
      () => true,
      () => false,
    );
    return (await Promise.race([answers, late])) ? 'docker' : 'process';
  } finally {
    patience.abort();
    await runtime.close();
  }
}
