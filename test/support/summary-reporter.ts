// Says at the end of a run which tests were skipped, and leaves the counts for scripts/test.
import { writeFileSync } from 'node:fs';
import type { Reporter, TestModule } from 'vitest/node';

type Counts = { passed: number; failed: number; skipped: number };

/**
 * A skipped test must not pass unseen, so each is printed with its reason. Where PERIPLUS_TEST_COUNTS names a file, the
 * line `PASSED FAILED SKIPPED` is written to it; files that could not be loaded and errors outside tests count as failed.
 */
export default class SummaryReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts: Counts = { passed: 0, failed: unhandledErrors.length, skipped: 0 };
    const skipped = modules.flatMap((module) => countModule(module, counts));
    if (skipped.length > 0) console.log(`\nSkipped, so not proven by this run:\n${skipped.join('\n')}`);
    const path = process.env['PERIPLUS_TEST_COUNTS'];
    if (path !== undefined) writeFileSync(path, `${counts.passed} ${counts.failed} ${counts.skipped}\n`);
  }
}

function countModule(module: TestModule, counts: Counts): string[] {
  const skipped: string[] = [];
  // Errors of the module itself or of its suites' hooks belong to no test, and would be lost in a count of tests.
  counts.failed += module.errors().length;
  for (const suite of module.children.allSuites()) counts.failed += suite.errors().length;
  for (const test of module.children.allTests()) {
    const result = test.result();
    if (result.state === 'passed') counts.passed += 1;
    else if (result.state === 'failed') counts.failed += 1;
    else {
      counts.skipped += 1;
      const reason = result.state === 'skipped' && result.note ? ` (${result.note})` : '';
      skipped.push(`  - ${module.relativeModuleId} > ${test.fullName}${reason}`);
    }
  }
  return skipped;
}
