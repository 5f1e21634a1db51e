import { type FileHandle, mkdir, open, readFile, readdir, rm, stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { expect } from 'chai';
import { SEGMENT_SUFFIX } from '../../../src/pipeline/spool/own-folder.js';
import { type FsyncMode, SegmentWriter } from '../../../src/pipeline/spool/segment-writer.js';
import { readSegment } from '../../../src/pipeline/spool/segment.js';
import { encodeRecord } from '../../../src/record/wire.js';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import { caught } from '../../support/caught.js';
import { makeRecords } from '../../support/records.js';
import { type TemporaryFolder, temporaryFolder } from '../../support/sqlite.js';

/** The methods of a file handle by which the writer comes to the disk. */
interface Methods {
  write: (
    this: FileHandle,
    content: Buffer,
    offset: number,
    length: number,
    position: number,
  ) => Promise<unknown>;
  datasync: (this: FileHandle) => Promise<void>;
}

describe('SegmentWriter', () => {
  let folder: TemporaryFolder;
  let writer: SegmentWriter;
  /** What all file handles have in common, and how it was. */
  let handles: Methods;
  let methods: Methods;

  before(async () => {
    const handle = await open('package.json');
    handles = Object.getPrototypeOf(handle) as Methods;
    await handle.close();
  });

  beforeEach(async () => {
    const { write, datasync } = handles;
    methods = { write, datasync };
    folder = await temporaryFolder();
    writer = new SegmentWriter(folder.path, 'never');
  });

  afterEach(async () => {
    Object.assign(handles, methods);
    await writer.end();
    await folder.remove();
  });

  /** Appends records and books them, as the spool does. */
  async function append(records: readonly UsageRecord[]): Promise<string> {
    const { segment, bytes } = await writer.append(records, Infinity);
    segment.written += records.length;
    segment.bytes += bytes;
    return segment.path;
  }

  for (const umask of [0, 0o777]) {
    it(`writes files for their owner alone under the umask ${umask.toString(8)}`, async () => {
      const before = process.umask(umask);
      const path = await append(makeRecords(1)).finally(() => process.umask(before));
      expect((await stat(path)).mode & 0o777).to.equal(0o600);
    });
  }

  const contentOf = async (path: string) => readSegment(await readFile(path));

  it('appends records to one segment, each with its place', async () => {
    const records = makeRecords(5);
    const path = await append(records.slice(0, 2));
    expect(await append(records.slice(2))).to.equal(path);
    expect(await contentOf(path)).to.deep.equal({
      records: records.map((record) => encodeRecord(record)),
      damaged: 0,
    });
    expect(writer.segment).to.include({ path, written: 5, bytes: (await stat(path)).size });
  });

  it('begins another segment when one has ended, by the next number', async () => {
    const first = await append(makeRecords(1));
    await writer.end();
    expect(writer.segment).to.equal(null);
    const second = await append(makeRecords(1));
    expect([first, second].map((path) => basename(path))).to.deep.equal([
      `00000001${SEGMENT_SUFFIX}`,
      `00000002${SEGMENT_SUFFIX}`,
    ]);
  });

  it('ends a segment that has become large', async () => {
    const records = makeRecords(100);
    let path = '';
    while (path === '' || writer.segment !== null) path = await append(records);
    expect((await stat(path)).size).to.be.within(262_144, 600_000);
    expect(await append(records)).not.to.equal(path);
  });

  it('lets nobody but the owner read what is said of callers', async function () {
    if (process.platform === 'win32') this.skip();
    const { mode } = await stat(await append(makeRecords(1)));
    expect(mode & 0o777).to.equal(0o600);
  });

  it('writes on where the file system took a part only', async () => {
    const records = makeRecords(3);
    handles.write = function write(content, offset, length, position) {
      return methods.write.call(this, content, offset, Math.min(length, 100), position);
    };
    const { records: whole, damaged } = await contentOf(await append(records));
    expect([whole.length, damaged]).to.deep.equal([3, 0]);
  });

  it('cuts off again what a failed write left, and goes on in another segment', async () => {
    const path = await append(makeRecords(2));
    const { size } = await stat(path);
    const full = Object.assign(new Error('no space'), { code: 'ENOSPC' });
    handles.write = async function write(content, offset, _length, position) {
      await methods.write.call(this, content, offset, 50, position);
      throw full;
    };
    expect(await caught(append(makeRecords(2)))).to.equal(full);
    Object.assign(handles, methods);
    expect((await stat(path)).size).to.equal(size);
    expect(await append(makeRecords(1))).not.to.equal(path);
    expect(await readdir(folder.path)).to.have.lengthOf(2);
  });

  it('leaves no file behind when nothing could be written to it', async () => {
    handles.write = () => Promise.reject(new Error('no space'));
    for (let times = 0; times < 3; times += 1) await caught(append(makeRecords(1)));
    expect(await readdir(folder.path)).to.deep.equal([]);
  });

  it('does not write on into a file that was deleted, where nobody would find it', async () => {
    const path = await append(makeRecords(1));
    await rm(folder.path, { recursive: true });
    expect(await caught(append(makeRecords(1)))).to.include({ code: 'ENOENT' });
    await mkdir(folder.path);
    expect(await append(makeRecords(1))).not.to.equal(path);
  });

  it('writes as many records as there is room for', async () => {
    const records = makeRecords(3);
    const { bytes } = await writer.append(records.slice(0, 1), Infinity);
    await writer.end();
    const appended = await writer.append(records, 2 * bytes + 10);
    expect(appended).to.include({ count: 2 });
    expect((await stat(appended.segment.path)).size).to.equal(appended.bytes);
  });

  it('takes back what was written and not booked, and the file with it if that is all', async () => {
    const path = await append(makeRecords(1));
    const { size } = await stat(path);
    const { segment } = await writer.append(makeRecords(2), Infinity);
    await writer.takeBack(segment);
    expect((await stat(path)).size).to.equal(size);
    await writer.end();
    await writer.takeBack((await writer.append(makeRecords(2), Infinity)).segment);
    expect(await readdir(folder.path)).to.deep.equal([basename(path)]);
    await append(makeRecords(1));
  });

  const SYNCS: readonly (readonly [FsyncMode, written: number, asked: number, ended: number])[] = [
    ['always', 2, 3, 2],
    ['interval', 0, 1, 1],
    ['never', 0, 0, 0],
  ];

  for (const [fsync, written, asked, ended] of SYNCS) {
    it(`forces to the disk what it has written when it is told to: ${fsync}`, async () => {
      let syncs = 0;
      handles.datasync = function datasync() {
        syncs += 1;
        return methods.datasync.call(this);
      };
      writer = new SegmentWriter(folder.path, fsync);
      await append(makeRecords(1));
      await append(makeRecords(1));
      expect(syncs).to.equal(written);
      await writer.sync();
      await writer.sync();
      await writer.end();
      expect(syncs).to.equal(asked);
      syncs = 0;
      await append(makeRecords(1));
      await writer.end();
      expect(syncs).to.equal(ended);
    });
  }
});
