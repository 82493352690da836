/** The contract of the port between the agent and whatever runs containers: one suite that every implementation passes. */
import { afterAll, beforeAll, describe } from 'vitest';
import { describeEvents } from './container-runtime/events.ts';
import { describeExec } from './container-runtime/exec.ts';
import { Harness } from './container-runtime/harness.ts';
import type { MakeRuntime, RuntimeCapabilities } from './container-runtime/harness.ts';
import { describeIsolation } from './container-runtime/isolation.ts';
import { describeLifecycle } from './container-runtime/lifecycle.ts';
import { describeLogs } from './container-runtime/logs.ts';
import { describePrograms } from './container-runtime/programs.ts';
import { describeStop } from './container-runtime/stop.ts';

export type { MakeRuntime, RuntimeCapabilities } from './container-runtime/harness.ts';

/** A real engine on a loaded two-core machine needs seconds for a pod; a rule that takes this long is broken. */
const RULE_TIMEOUT_MS = 60_000;

/** Declares the rules; those a runtime cannot keep by its nature are left out by its capabilities. */
export function describeContainerRuntime(
  name: string,
  makeRuntime: MakeRuntime,
  capabilities: RuntimeCapabilities,
): void {
  describe(`container runtime: ${name}`, { timeout: RULE_TIMEOUT_MS }, () => {
    const harness = new Harness(makeRuntime, capabilities);
    beforeAll(() => harness.open(), RULE_TIMEOUT_MS);
    afterAll(() => harness.close(), RULE_TIMEOUT_MS);
    describe('life of a container', () => describeLifecycle(harness));
    describe('stopping', () => describeStop(harness));
    describe('whose containers', () => describeIsolation(harness));
    describe('events', () => describeEvents(harness));
    if (capabilities.programs) describe('programs', () => describePrograms(harness));
    if (capabilities.programs) describe('logs', () => describeLogs(harness));
    if (capabilities.programs) describe('exec', () => describeExec(harness));
  });
}
