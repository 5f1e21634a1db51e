import { open, readdir, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { FsyncMode } from '../../../src/pipeline/spool/segment-writer.js';
import { Spool } from '../../../src/pipeline/spool/spool.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { makeRecord } from '../../support/records.js';
import { type TemporaryFolder, temporaryFolder } from '../../support/sqlite.js';
import { until } from '../../support/until.js';

const NOBODY = { returned() {}, lost() {}, adopted() {}, ready() {} };

describe('Spool, at its intervals', () => {
  let folder: TemporaryFolder;
  let clock: ManualClock;
  let spool: Spool | undefined;
  /** What all file handles have in common, and how they are forced to the disk. */
  let handles: { datasync: () => Promise<void> };
  let datasync: () => Promise<void>;
  let syncs: number;

  before(async () => {
    const handle = await open('package.json');
    handles = Object.getPrototypeOf(handle) as typeof handles;
    await handle.close();
  });

  beforeEach(async () => {
    folder = await temporaryFolder();
    clock = new ManualClock();
    syncs = 0;
    ({ datasync } = handles);
    const original = datasync;
    handles.datasync = function count() {
      syncs += 1;
      return original.call(this);
    };
  });

  afterEach(async () => {
    await spool?.close();
    handles.datasync = datasync;
    await folder.remove();
  });

  function start(fsync: FsyncMode): Spool {
    const settings = { dir: folder.path, maxBytes: 1_000_000, maxPendingBytes: 1_000_000, fsync };
    return (spool = new Spool(settings, clock, NOBODY));
  }

  async function append(): Promise<void> {
    spool?.append(makeRecord(), 800);
    await spool?.written();
  }

  it("forces to the disk every half a second what was written, with fsync: 'interval'", async () => {
    start('interval');
    for (let round = 0; round < 3; round += 1) {
      await append();
      await clock.advance(499);
      expect(syncs).to.equal(round);
      await clock.advance(1);
      expect(syncs).to.equal(round + 1);
    }
    await clock.advance(5000);
    expect(syncs).to.equal(3);
  });

  it("forces to the disk at every write, with fsync: 'always'", async () => {
    start('always');
    await append();
    await append();
    expect(syncs).to.equal(2);
  });

  it("leaves to the system when it writes, with fsync: 'never'", async () => {
    start('never');
    await append();
    await clock.advance(600_000);
    await spool?.close();
    expect(syncs).to.equal(0);
  });

  it('shows every half a minute that its process lives', async () => {
    await start('never').written();
    const [name = ''] = await readdir(folder.path);
    const owner = join(folder.path, name, 'owner.json');
    const seenMs = async (): Promise<number> => (await stat(owner)).mtimeMs;
    for (let round = 0; round < 3; round += 1) {
      await utimes(owner, new Date(0), new Date(0));
      await clock.advance(29_999);
      expect(await seenMs()).to.equal(0);
      await clock.advance(1);
      await until(async () => (await seenMs()) > 0, 'it has shown life');
    }
  });
});
