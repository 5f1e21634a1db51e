import { resolve } from 'node:path';
import { expect } from 'chai';
import { type Ended, run } from './run.js';

const EXPECTED = 'has no body either, as it takes MongoDB itself';

describe('The reporter', () => {
  function runSuites(required: string, ...args: readonly string[]): Promise<Ended> {
    const reporter = '--reporter=build/spec/support/counting-reporter.js';
    const file = 'build/spec/support/children/suites-with-pending.js';
    const command = [resolve('node_modules/mocha/bin/mocha.js'), '--no-config', reporter, ...args, file];
    return run(process.execPath, command, undefined, { REQUIRE_SERVERS: required });
  }

  it('counts what is pending, and why', async () => {
    const { code, stdout } = await runSuites('');
    expect(code).to.equal(0);
    expect(stdout).to.include('There is no moon. Its specs are pending.\n');
    expect(stdout).to.match(/\n1 passed, 0 failed, 5 skipped\n$/);
  });

  for (const args of [[], ['--parallel']]) {
    it(`fails with REQUIRE_SERVERS=1 what may not be pending${args.map((arg) => `, with ${arg}`).join('')}`, async () => {
      const { code, stdout } = await runSuites('1', ...args);
      expect(code).to.equal(3);
      expect(stdout).to.include('Pending: has no body\nPending: says nothing\n').and.not.include(EXPECTED);
      expect(stdout).to.include('Error: There is no moon. With REQUIRE_SERVERS=1 this spec has to run.');
      expect(stdout).to.match(/\n1 passed, 3 failed, 2 skipped\n$/);
    });
  }
});
