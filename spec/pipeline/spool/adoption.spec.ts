import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { systemClock } from '../../../src/time/clock.js';
import { encodeLine } from '../../../src/pipeline/spool/line.js';
import type { SpoolSettings } from '../../../src/pipeline/spool/spool-contract.js';
import { Spool } from '../../../src/pipeline/spool/spool.js';
import { encodeRecord } from '../../../src/record/wire.js';
import { makeRecord } from '../../support/records.js';
import { type TemporaryFolder, temporaryFolder } from '../../support/sqlite.js';

const ROOM = { maxBytes: 10_000_000, maxPendingBytes: 1_000_000, fsync: 'never' as const };

describe('Spool, adopting what dead processes left', () => {
  let folder: TemporaryFolder;
  let spool: Spool | null;
  let told: string[];

  beforeEach(async () => {
    folder = await temporaryFolder();
    spool = null;
    told = [];
  });

  afterEach(async () => {
    await spool?.close();
    await folder.remove();
  });

  async function leave(name: string, content: string | null): Promise<void> {
    await mkdir(folder.file(name));
    const segment = join(folder.path, name, '00000001.ndjson');
    await (content === null ? mkdir(segment) : writeFile(segment, content));
  }

  async function adopt(room: Partial<SpoolSettings> = {}): Promise<Spool> {
    spool = new Spool({ ...ROOM, ...room, dir: folder.path }, systemClock, {
      returned: (records, error) =>
        void told.push(`${records.length} returned: ${error?.message.split(':')[0]}`),
      lost: (reason, count) => void told.push(`${count} lost: ${reason}`),
      adopted: (count) => void told.push(`${count} adopted`),
      ready: () => void told.push('ready'),
    });
    await spool.written();
    return spool;
  }

  const line = (): string => encodeLine(0, encodeRecord(makeRecord()));
  const segments = async (): Promise<string[]> =>
    (await readdir(folder.path, { recursive: true })).filter((name) => name.endsWith('.ndjson'));

  it('reports one that is no file, leaves it, and adopts the others', async () => {
    await leave('aaaaaaaa', line());
    await leave('bbbbbbbb', null);
    await leave('cccccccc', line());
    const { length } = await adopt();
    expect(length).to.equal(2);
    expect(told).to.have.members([
      '1 adopted',
      `0 returned: '${folder.file('bbbbbbbb/00000001.ndjson')}' is not a file, and is left alone; remove it`,
      '1 adopted',
      'ready',
    ]);
    expect(told.at(-1)).to.equal('ready');
    expect(await segments()).to.have.lengthOf(3);
  });

  it('deletes one that nothing was written to', async () => {
    await leave('aaaaaaaa', '');
    expect((await adopt()).length).to.equal(0);
    expect(await segments()).to.deep.equal([]);
    expect(told).to.deep.equal(['0 adopted', 'ready']);
  });

  it('counts one of which nothing is whole, once', async () => {
    await leave('aaaaaaaa', line().slice(0, -10));
    await (await adopt()).close();
    expect((await adopt()).length).to.equal(0);
    expect(told).to.deep.equal(['1 adopted', '1 lost: spool-corrupt', 'ready', 'ready']);
    expect(await segments()).to.deep.equal([]);
  });

  it('has all of its room again after one of which nothing is whole', async () => {
    await leave('aaaaaaaa', 'x'.repeat(ROOM.maxBytes / 2));
    const { maxBytes } = ROOM;
    const adopting = await adopt({ maxPendingBytes: maxBytes });
    expect(told).to.deep.equal(['1 adopted', '1 lost: spool-corrupt', 'ready']);
    expect([adopting.hasRoom(maxBytes), adopting.hasRoom(maxBytes + 1)]).to.deep.equal([true, false]);
  });

  it('has all of its room again after one that was damaged after it was adopted', async () => {
    await leave('aaaaaaaa', line());
    const { maxBytes } = ROOM;
    const adopting = await adopt({ maxPendingBytes: maxBytes });
    expect(adopting.hasRoom(maxBytes)).to.equal(false);
    const [segment = ''] = await segments();
    await writeFile(folder.file(segment), 'x'.repeat(500));
    expect(await adopting.take(10, Infinity)).to.equal(null);
    expect(told).to.deep.equal(['1 adopted', 'ready', '1 lost: spool-corrupt', 'ready']);
    expect([adopting.hasRoom(maxBytes), adopting.hasRoom(maxBytes + 1)]).to.deep.equal([true, false]);
  });

  it('has all of its room again when the last record that it adopted is settled, and not before', async () => {
    await leave('aaaaaaaa', line() + encodeLine(1, encodeRecord(makeRecord())));
    const { maxBytes } = ROOM;
    const adopting = await adopt({ maxPendingBytes: maxBytes });
    for (const hasRoom of [false, true]) {
      const batch = await adopting.take(1, Infinity);
      expect(adopting.hasRoom(maxBytes)).to.equal(false);
      batch?.settle(1);
      expect(adopting.hasRoom(maxBytes)).to.equal(hasRoom);
    }
    expect(adopting.hasRoom(maxBytes + 1)).to.equal(false);
  });
});
