import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, readdir } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { expect } from 'chai';
import { childEnvironment } from '../run.js';
import { isRequired, missing } from '../servers.js';
import { type TemporaryFolder, temporaryFolder } from '../sqlite.js';
import { until } from '../until.js';
import { freezeTree } from './process-tree.js';

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('The watchdog', () => {
  let folder: TemporaryFolder;

  before(async function () {
    folder = await temporaryFolder();
    // The server is another user where root runs the specs.
    await chmod(folder.path, 0o755);
    if (missing('postgresql', 'own') !== undefined && !isRequired('postgresql')) this.skip();
  });

  after(() => folder.remove());

  it('ends servers, frozen ones too, and deletes their data, when the specs are killed', async function () {
    this.timeout(60_000);
    const keeper = spawn(process.execPath, ['build/spec/support/children/server-keeper.js'], {
      env: childEnvironment({ TMPDIR: folder.path }),
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: keeper.stdout }), 'line')) as [string];
    const pids = [...freezeTree(Number(line))];
    expect(pids).to.have.length.above(1);
    expect(await readdir(folder.path)).to.have.length(1);

    keeper.kill('SIGKILL');
    await until(() => !pids.some(isAlive), 'the server has ended');
    await until(async () => (await readdir(folder.path)).length === 0, 'its data are deleted');
  });
});
