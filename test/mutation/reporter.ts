/** Leaves what the tests of the mutation run said of edges in a file, for the test that started the run. */
import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';
import { REPORT_VARIABLE, type MutationMeta, type MutationReport } from './mutation-state.ts';

export default class MutationReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly { readonly message: string }[]): void {
    const tests: MutationMeta[] = [];
    const failures = unhandledErrors.map(({ message }) => message);
    for (const module of modules) {
      failures.push(...module.errors().map(({ message }) => `${module.relativeModuleId}: ${message}`));
      for (const test of module.children.allTests()) {
        const { mutation } = test.meta() as { readonly mutation?: MutationMeta };
        if (mutation !== undefined) tests.push(mutation);
        const { state, errors } = test.result();
        if (state !== 'failed') continue;
        failures.push(
          `${module.relativeModuleId} > ${test.fullName}: ${errors.map(({ message }) => message).join('; ')}`,
        );
      }
    }
    const path = process.env[REPORT_VARIABLE];
    if (path === undefined) throw new Error(`${REPORT_VARIABLE} must name the file to write`);
    writeFileSync(path, JSON.stringify({ tests, failures } satisfies MutationReport));
  }
}
