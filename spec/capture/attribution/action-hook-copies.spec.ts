import { cp, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { Get, JsonController, KoaDriver } from 'routing-controllers';
import { Tracked, TrackedController, Untracked, trackUsage } from '../../../src/index.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { ask } from '../../support/ask.js';
import { type Served, serve } from '../../support/serve.js';

@JsonController('/own')
class OursController {
  @Tracked()
  @Get('/tracked')
  tracked() {
    return {};
  }

  @Get('/plain')
  plain() {
    return {};
  }
}

function driverMethods(): unknown[] {
  const { registerAction, handleError } = Object.getOwnPropertyDescriptors(KoaDriver.prototype);
  return [registerAction?.value, handleError?.value];
}

describe('a second installed copy of the package', () => {
  let folder: string;
  let copy: typeof import('../../../src/index.js');
  let served: Served | undefined;
  before(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'koa-track-usage-'));
    const build = path.join(import.meta.dirname, '../../..');
    await cp(path.join(build, 'src'), path.join(folder, 'copy/src'), { recursive: true });
    await symlink(path.resolve('node_modules'), path.join(folder, 'node_modules'), 'junction');
    // There only where the specs run with another generation of Koa.
    await symlink(path.join(build, 'node_modules'), path.join(folder, 'copy/node_modules'), 'junction');
    await writeFile(path.join(folder, 'package.json'), '{"type":"module"}');
    copy = (await import(pathToFileURL(path.join(folder, 'copy/src/index.js')).href)) as typeof copy;
  });
  afterEach(async () => {
    await served?.close();
    served = undefined;
  });
  after(() => rm(folder, { recursive: true, force: true }));

  it('is another copy', () => {
    expect(copy.trackUsage).not.to.equal(trackUsage);
  });

  it('does not wrap the driver again', async () => {
    const own = trackUsage({ storage: new MemoryStorage() });
    const wrapped = driverMethods();
    const usage = copy.trackUsage({ storage: new MemoryStorage() });
    expect(driverMethods()).to.deep.equal(wrapped);
    await usage.tracker.close();
    await own.tracker.close();
  });

  it('agrees on what is decorated, and its tracker on what runs', async () => {
    @copy.TrackedController()
    @JsonController('/theirs')
    class Theirs {
      @Get('/')
      list() {
        return [];
      }

      @Untracked()
      @Get('/ours')
      ours() {
        return [];
      }
    }
    const storage = new MemoryStorage();
    const usage = copy.trackUsage({ storage, serverName: 'copy' });
    served = await serve({
      controllers: [Theirs, OursController],
      tracker: { storage: new MemoryStorage() },
      before: [usage],
    });
    for (const url of ['/theirs', '/theirs/ours', '/own/tracked', '/own/plain']) await ask(served, url);
    await usage.tracker.flush();
    expect(storage.records.map(({ route }) => route)).to.deep.equal(['/theirs', '/own/tracked']);
    expect(served.memory.records).to.deep.equal([]);
    await usage.tracker.close();
  });

  it("refuses what contradicts the first copy's decorators", () => {
    expect(() => {
      @copy.UntrackedController()
      @TrackedController()
      class Torn {}
      return Torn;
    }).to.throw(/class Torn/);
  });
});
