import { open } from 'node:fs/promises';
import { expect } from 'chai';
import { resolveTrackerOptions } from '../../src/options/tracker-options.js';
import { Pipeline } from '../../src/pipeline/pipeline.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { expectBalanced } from '../support/accounts.js';
import { FaultyStorage, type Mood } from '../support/faulty-storage.js';
import { KeepingLogger } from '../support/crash-watch.js';
import { laneTo } from '../support/pipelines.js';
import { makeRecords } from '../support/records.js';
import { type TemporaryFolder, temporaryFolder } from '../support/sqlite.js';

const TIMEOUT_MS = 1000;
/** How much longer closing may take, whatever happens; the guarantee has 50 ms more, for the machine. */
const GRACE_MS = 200;

/** What never answers, in whichever way it is asked. */
class StuckStorage extends FaultyStorage {
  override close(): Promise<void> {
    return new Promise(() => {});
  }

  deleteBefore(): Promise<number> {
    return new Promise(() => {});
  }
}

describe('Pipeline.abandon', () => {
  it('tells of every loss, also of those that would have been told of later', () => {
    const storage = new FaultyStorage('away');
    const { pipeline, lines } = laneTo(storage, { queue: { maxRecords: 2 } });
    for (const record of makeRecords(5)) pipeline.accept(record);
    const before = lines.length;
    pipeline.abandon();
    expect(lines.slice(0, before).join('\n'))
      .to.include('away queue-full 1')
      .and.not.include('shutdown-timeout');
    expect(lines.slice(before).join('\n')).to.include('queue-full 2').and.include('shutdown-timeout 2');
  });
});

describe('Pipeline.close', () => {
  let folder: TemporaryFolder;
  /** What all file handles have in common, and how they write. */
  let handles: { write: () => Promise<unknown> };
  let write: () => Promise<unknown>;

  before(async () => {
    const handle = await open('package.json');
    handles = Object.getPrototypeOf(handle) as typeof handles;
    await handle.close();
  });

  beforeEach(async () => {
    ({ write } = handles);
    folder = await temporaryFolder();
  });

  afterEach(async () => {
    handles.write = write;
    await folder.remove();
  });

  for (const mode of [null, 'wal', 'overflow'] as const) {
    for (const mood of ['hang', 'reject'] as Mood[]) {
      const what = mode === null ? 'no spool' : `a disk that does not answer (${mode})`;

      it(`ends ${GRACE_MS} ms after its time at the latest, with a stuck storage that would ${mood} and ${what}`, async () => {
        handles.write = () => new Promise(() => {});
        const clock = new ManualClock();
        const storage = new StuckStorage();
        storage.mood = mood;
        const spool = mode === null ? {} : { spool: { dir: folder.path, mode } };
        const options = { clock, serverName: 'spec', logger: new KeepingLogger(), ...spool };
        const settings = resolveTrackerOptions({ ...options, retention: { records: { days: 1 } } });
        const pipeline = new Pipeline(settings, () => [storage]);
        for (const record of makeRecords(20)) pipeline.accept(record);
        let isClosed = false;
        const closing = pipeline.close(TIMEOUT_MS).finally(() => (isClosed = true));
        await clock.advance(TIMEOUT_MS + GRACE_MS - 1);
        expect(isClosed).to.equal(false);
        await clock.advance(1);
        expect(isClosed).to.equal(true);
        expect(await closing).to.deep.equal({ stored: 0, spooled: 0, dropped: 20 });
        expectBalanced(pipeline.stats());
      });
    }
  }
});
