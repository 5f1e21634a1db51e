import { resolve } from 'node:path';
import { expect } from 'chai';
import { type Ended, run } from '../run.js';
import { type TemporaryFolder, temporaryFolder } from '../sqlite.js';

describe('A suite whose server cannot be had', () => {
  let nothing: TemporaryFolder;

  before(async () => {
    nothing = await temporaryFolder();
  });

  after(() => nothing.remove());

  /** Runs suites where there is neither MongoDB, nor Go, nor anything in the cache. */
  function runSuites(environment: NodeJS.ProcessEnv): Promise<Ended> {
    const args = ['--no-config', '--reporter=spec', 'build/spec/support/children/suites-with-servers.js'];
    return run(process.execPath, [resolve('node_modules/mocha/bin/mocha.js'), ...args], undefined, {
      PATH: nothing.path,
      XDG_CACHE_HOME: nothing.path,
      MONGODB_URL: '',
      REQUIRE_SERVERS: '',
      ...environment,
    });
  }

  it('is pending, and says why', async () => {
    const { code, stdout } = await runSuites({});
    expect(code).to.equal(0);
    expect(stdout).to.include('0 passing').and.include('3 pending').and.not.include('failing');
    expect(stdout).to.include('MongoDB is missing: no MONGODB_URL, no mongod on the path, and no FerretDB');
    expect(stdout.split('Its specs are pending.')).to.have.length(3);
  });

  it('is pending also when the server that a variable names does not answer', async () => {
    const { code, stdout } = await runSuites({
      MONGODB_URL: 'mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=50',
    });
    expect(code).to.equal(0);
    expect(stdout)
      .to.include('3 pending')
      .and.include('MongoDB is missing: that of MONGODB_URL does not answer.');
  });

  it('fails with REQUIRE_SERVERS=1, unless it wants MongoDB itself', async () => {
    const { code, stdout } = await runSuites({ REQUIRE_SERVERS: '1' });
    expect(code).to.equal(2);
    expect(stdout).to.include('2 failing').and.include('1 pending');
    expect(stdout).to.include('MongoDB is missing: no MONGODB_URL');
  });
});
