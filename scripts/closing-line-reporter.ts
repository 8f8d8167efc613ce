import type { Reporter, TestCase, TestModule } from 'vitest/node';

/** Names every skipped test and closes the run with one line that people and machines read alike. */
export default class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const count = { passed: 0, failed: unhandledErrors.length, skipped: 0, pending: 0 };
    for (const module of modules) {
      if (failedOutsideTests(module)) count.failed++;
      for (const test of module.children.allTests()) {
        count[test.result().state]++;
        printIfSkipped(test);
      }
    }
    console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  }
}

function printIfSkipped(test: TestCase): void {
  const result = test.result();
  if (result.state !== 'skipped') return;
  const reason = result.note ? ` (${result.note})` : '';
  console.log(`skipped: ${test.module.relativeModuleId} > ${test.fullName}${reason}`);
}

/** A file that does not load, or whose hooks throw, fails although none of its tests may have. */
function failedOutsideTests(module: TestModule): boolean {
  return (
    module.errors().length > 0 || [...module.children.allSuites()].some((suite) => suite.errors().length > 0)
  );
}
