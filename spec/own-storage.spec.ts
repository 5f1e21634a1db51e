import { expect } from 'chai';
import { run } from './support/run.js';

describe('The example of a storage of one’s own', function () {
  this.timeout(60_000);

  it('passes the contract, with a test runner and an import of its own', async () => {
    const test = 'examples/own-storage/dist/file-storage.test.js';
    const { code, stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', test]);
    expect(code, stdout).to.equal(0);
    expect(stdout).to.match(/ok \d+ - writing counts every record of a batch as stored/);
    expect(stdout).to.match(/# fail 0\b/);
    expect(Number(/# pass (\d+)/.exec(stdout)?.[1])).to.be.greaterThan(100);
  });
});
