import { mkdir, open as openFile, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import type { SpoolSettings } from '../../../src/pipeline/spool/spool-contract.js';
import { Spool } from '../../../src/pipeline/spool/spool.js';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import { systemClock } from '../../../src/time/clock.js';
import { makeRecord } from '../../support/records.js';
import { type TemporaryFolder, temporaryFolder } from '../../support/sqlite.js';
import { until } from '../../support/until.js';

const ROOM = { maxBytes: 10_000_000, maxPendingBytes: 1_000_000, fsync: 'interval' as const };

class Watched {
  returned: { records: readonly UsageRecord[]; error: Error }[] = [];
  readonly overflowed: UsageRecord[] = [];
  lost: [reason: string, count: number][] = [];
  adopted = 0;
  readies = 0;
  spool: Spool;

  constructor(settings: SpoolSettings) {
    this.spool = new Spool(settings, systemClock, {
      returned: (records, error) =>
        void (error === null ? this.overflowed.push(...records) : this.returned.push({ records, error })),
      lost: (reason, count) => void this.lost.push([reason, count]),
      adopted: (count) => void (this.adopted += count),
      ready: () => void (this.readies += 1),
    });
  }
}

interface Handles {
  write: (...args: unknown[]) => Promise<unknown>;
}

/** What all file handles share. */
async function prototypeOfHandles(): Promise<Handles> {
  const handle = await openFile('/dev/null', 'w');
  await handle.close();
  return Object.getPrototypeOf(handle) as Handles;
}

describe('Spool', () => {
  let folder: TemporaryFolder;
  let opened: Watched[];

  const open = (settings: Partial<SpoolSettings> = {}): Watched => {
    const watched = new Watched({ ...ROOM, dir: folder.path, ...settings });
    opened.push(watched);
    return watched;
  };

  const append = async ({ spool }: Watched, count: number): Promise<UsageRecord[]> => {
    const records = Array.from({ length: count }, () => makeRecord());
    for (const record of records) spool.append(record, 800);
    await spool.written();
    return records;
  };

  const takeAll = async ({ spool }: Watched): Promise<UsageRecord[]> => {
    const records: UsageRecord[] = [];
    for (let batch = await spool.take(50, Infinity); batch !== null; batch = await spool.take(50, Infinity)) {
      records.push(...batch.records);
      batch.settle(batch.records.length);
    }
    return records;
  };

  const files = async (): Promise<string[]> =>
    (await readdir(folder.path, { recursive: true })).filter((name) => name.endsWith('.ndjson'));

  beforeEach(async () => {
    folder = await temporaryFolder();
    opened = [];
  });

  afterEach(async () => {
    for (const { spool } of opened) await spool.close();
    await folder.remove();
  });

  it('gives back what it was given, in order, and deletes the file with the last record', async () => {
    const watched = open();
    const records = await append(watched, 120);
    expect(watched.spool).to.include({ pending: 0, length: 120 });
    await until(() => watched.readies === 2, 'it tells of its start, and of what is written');
    expect(await takeAll(watched)).to.deep.equal(records);
    expect(watched.spool.length).to.equal(0);
    await until(async () => (await files()).length === 0, 'the segment is deleted');
    expect(watched.returned).to.deep.equal([]);
  });

  it('keeps a segment until all of its records are settled', async () => {
    const watched = open();
    await append(watched, 10);
    const first = await watched.spool.take(6, Infinity);
    const second = await watched.spool.take(6, Infinity);
    expect([first?.records.length, second?.records.length]).to.deep.equal([6, 4]);
    second?.settle(4);
    expect(watched.spool.length).to.equal(6);
    expect(await files()).to.have.length(1);
    first?.settle(6);
    await until(async () => (await files()).length === 0, 'the segment is deleted');
  });

  it('can be written to while it is read', async () => {
    const watched = open();
    const first = await append(watched, 5);
    const batch = await watched.spool.take(100, Infinity);
    const second = await append(watched, 5);
    batch?.settle(5);
    expect(batch?.records).to.deep.equal(first);
    expect(await takeAll(watched)).to.deep.equal(second);
  });

  it('begins a new segment when one is large', async () => {
    const watched = open();
    const records = await append(watched, 1000);
    expect((await files()).length).to.be.at.least(2);
    expect(await takeAll(watched)).to.deep.equal(records);
  });

  it('has room for so many bytes, and no more', async () => {
    const { spool } = open({ maxBytes: 2000, maxPendingBytes: 1500 });
    expect([spool.hasRoom(1500), spool.hasRoom(1501)]).to.deep.equal([true, false]);
    spool.append(makeRecord(), 1000);
    expect([spool.hasRoom(500), spool.hasRoom(501)]).to.deep.equal([true, false]);
    await spool.written();
    expect(spool.hasRoom(1500)).to.equal(false);
    expect(spool.hasRoom(800)).to.equal(true);
  });

  it('takes no more room than it may, however wrong the estimates are', async () => {
    const watched = open({ maxBytes: 20_000 });
    const records = Array.from({ length: 30 }, () => makeRecord({ trackVar: { text: '界'.repeat(400) } }));
    for (const record of records) watched.spool.append(record, 100);
    await watched.spool.written();
    const sizes = await Promise.all((await files()).map(async (name) => stat(join(folder.path, name))));
    expect(sizes.reduce((sum, { size }) => sum + size, 0)).to.be.within(10_000, 20_000);
    expect([...(await takeAll(watched)), ...watched.overflowed]).to.deep.equal(records);
  });

  it('takes as many bytes at a time as it is told to, and one record at least', async () => {
    const watched = open();
    await append(watched, 10);
    const { size } = await stat(join(folder.path, (await files())[0] ?? ''));
    expect((await watched.spool.take(100, size / 2))?.records).to.have.lengthOf.within(3, 6);
    expect((await watched.spool.take(100, 1))?.records).to.have.lengthOf(1);
  });

  it('waits for what was to be written before, and for nothing that came later', async () => {
    const { spool } = open();
    const state = { isOver: false };
    spool.append(makeRecord(), 800);
    void spool.written().then(() => (state.isOver = true));
    for (let times = 0; times < 10_000 && !state.isOver; times += 1) {
      spool.append(makeRecord(), 800);
      await new Promise(setImmediate);
    }
    expect(state.isOver).to.equal(true);
  });

  it('takes back from the disk what was given up while it was being written', async () => {
    const watched = open();
    await append(watched, 1);
    const path = join(folder.path, (await files())[0] ?? '');
    const { size } = await stat(path);
    const handles = await prototypeOfHandles();
    const { write } = handles;
    let given: UsageRecord[] = [];
    const record = makeRecord();
    handles.write = function writeAndGiveUp(...args) {
      given = watched.spool.takePending();
      return write.apply(this, args);
    };
    watched.spool.append(record, 800);
    await watched.spool.written();
    handles.write = write;
    expect(given).to.deep.equal([record]);
    expect((await stat(path)).size).to.equal(size);
    expect(watched.spool.length).to.equal(1);
  });

  it('leaves its records on disk when it is closed, for the next one to adopt, once', async () => {
    const before = open();
    const records = await append(before, 20);
    await before.spool.close();
    const next = open();
    await next.spool.written();
    expect(next).to.include({ adopted: 20 });
    const another = open();
    await another.spool.written();
    expect(another.adopted).to.equal(0);
    expect(await takeAll(next)).to.deep.equal(records);
  });

  it('leaves alone what a live process has', async () => {
    const alive = open();
    const records = await append(alive, 3);
    const other = open();
    await other.spool.written();
    expect(other.adopted).to.equal(0);
    expect(await takeAll(alive)).to.deep.equal(records);
  });

  it('lets one of two adopt what a dead one left', async () => {
    const dead = open();
    await append(dead, 700);
    await dead.spool.close();
    const [one, two] = [open(), open()];
    await Promise.all([one.spool.written(), two.spool.written()]);
    expect(one.adopted + two.adopted).to.equal(700);
    expect((await takeAll(one)).length + (await takeAll(two)).length).to.equal(700);
  });

  it('removes its folder when nothing is left in it', async () => {
    const watched = open();
    await append(watched, 3);
    await takeAll(watched);
    await watched.spool.close();
    expect(await readdir(folder.path)).to.deep.equal([]);
  });

  it('counts what was damaged on disk, and keeps the rest', async () => {
    const watched = open();
    const records = await append(watched, 5);
    const [file = ''] = await files();
    const path = join(folder.path, file);
    const content = await readFile(path);
    content[Math.floor(content.length / 2)] = 0;
    await writeFile(path, content);
    expect(await takeAll(watched)).to.deep.equal(records.filter((_record, index) => index !== 2));
    expect(watched.lost).to.deep.equal([['spool-corrupt', 1]]);
    expect(watched.spool.length).to.equal(0);
  });

  it('counts what was damaged in a segment that it adopts', async () => {
    const dead = open();
    await append(dead, 5);
    await dead.spool.close();
    const [file = ''] = await files();
    const path = join(folder.path, file);
    await writeFile(path, (await readFile(path)).subarray(0, -10));
    const next = open();
    await next.spool.written();
    expect(next.adopted).to.equal(5);
    expect(next.lost).to.deep.equal([['spool-corrupt', 1]]);
    expect(await takeAll(next)).to.have.length(4);
  });

  it('counts what has vanished, and goes on in a new folder', async () => {
    const watched = open();
    await append(watched, 4);
    await rm(folder.path, { recursive: true });
    expect(await takeAll(watched)).to.deep.equal([]);
    expect(watched.lost).to.deep.equal([['spool-error', 4]]);
    await append(watched, 2);
    await append(watched, 2);
    expect(watched.returned.flatMap(({ records }) => records).length + watched.spool.length).to.equal(4);
  });

  it('gives back what it cannot write, and leaves the file system alone for a while', async () => {
    const blocked = join(folder.path, 'file');
    await writeFile(blocked, '');
    const watched = open({ dir: join(blocked, 'spool') });
    const records = await append(watched, 3);
    expect(watched.returned.flatMap((entry) => entry.records)).to.deep.equal(records);
    expect(watched.returned.at(-1)?.error).to.have.property('code', 'ENOTDIR');
    expect(watched.spool).to.include({ pending: 0, length: 0, isFailing: true });
  });

  it('ignores what is not its own in the folder', async () => {
    const paths = ['other', 'deadbeef'].map((name) => join(folder.path, name));
    for (const path of paths) {
      await mkdir(path);
      await writeFile(join(path, 'notes.txt'), 'keep me');
    }
    const watched = open();
    await append(watched, 1);
    await takeAll(watched);
    await watched.spool.close();
    expect(watched.adopted).to.equal(0);
    for (const path of paths) expect(await readdir(path)).to.deep.equal(['notes.txt']);
  });

  for (const fsync of ['always', 'interval', 'never'] as const) {
    it(`keeps records with fsync: '${fsync}'`, async () => {
      const watched = open({ fsync });
      const records = await append(watched, 10);
      expect(await takeAll(watched)).to.deep.equal(records);
    });
  }
});
