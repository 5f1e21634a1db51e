import { mkdir, readFile, readdir, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { OwnFolder } from '../../../src/pipeline/spool/own-folder.js';
import { type TemporaryFolder, temporaryFolder } from '../../support/sqlite.js';

const MINUTE_MS = 60_000;

describe('OwnFolder', () => {
  let folder: TemporaryFolder;
  let own: OwnFolder;

  beforeEach(async () => {
    folder = await temporaryFolder();
    own = await OwnFolder.make(folder.path);
  });

  afterEach(async () => {
    await own.release();
    await folder.remove();
  });

  /** What a process left that nobody listens for any more. */
  async function leave(name: string, owner: string, ageMs: number): Promise<void> {
    await mkdir(folder.file(name));
    await writeFile(join(folder.path, name, 'owner.json'), owner);
    await writeFile(join(folder.path, name, '00000001.ndjson'), `segment of ${name}`);
    const seen = new Date(Date.now() - ageMs);
    await utimes(join(folder.path, name, 'owner.json'), seen, seen);
  }

  const here = JSON.stringify({ host: hostname(), pid: 1 });
  const elsewhere = JSON.stringify({ host: `not-${hostname()}`, pid: 1 });

  it('leaves alone what another machine has shown life in within five minutes', async () => {
    await leave('aaaaaaaa', elsewhere, 4 * MINUTE_MS);
    expect(await own.adoptOrphans()).to.deep.equal([]);
    expect(await readdir(folder.file('aaaaaaaa'))).to.have.members(['00000001.ndjson', 'owner.json']);
  });

  it('adopts what another machine has shown no life in for longer', async () => {
    await leave('aaaaaaaa', elsewhere, 6 * MINUTE_MS);
    const [segment = ''] = await own.adoptOrphans();
    expect(await readFile(segment, 'utf8')).to.equal('segment of aaaaaaaa');
    expect(await readdir(folder.path)).not.to.include('aaaaaaaa');
  });

  it('shows life by the age of its owner file', async () => {
    const owner = join(own.path, 'owner.json');
    await utimes(owner, new Date(0), new Date(0));
    await writeFile(owner, elsewhere);
    await utimes(owner, new Date(0), new Date(0));
    await own.showLife();
    const other = await OwnFolder.make(folder.path);
    await writeFile(join(own.path, '00000001.ndjson'), '');
    expect(await other.adoptOrphans()).to.deep.equal([]);
    await other.release();
  });

  for (const [what, owner] of [
    ['names this machine', here],
    ['is no JSON', '{'],
    ['is empty', ''],
  ] as const) {
    it(`adopts at once what nobody listens for where the owner file ${what}`, async () => {
      await leave('aaaaaaaa', owner, 0);
      expect(await own.adoptOrphans()).to.have.lengthOf(1);
    });
  }

  it('keeps the segments of several dead ones apart', async () => {
    await leave('aaaaaaaa', here, 0);
    await leave('bbbbbbbb', here, 0);
    const segments = await own.adoptOrphans();
    const contents = await Promise.all(segments.map((segment) => readFile(segment, 'utf8')));
    expect(contents).to.have.members(['segment of aaaaaaaa', 'segment of bbbbbbbb']);
  });

  it('passes a segment on from owner to owner, however often', async () => {
    await leave('aaaaaaaa', here, 0);
    await leave('bbbbbbbb', here, 0);
    let segments: string[] = [];
    for (let owners = 0; owners < 60; owners += 1) {
      await own.release();
      own = await OwnFolder.make(folder.path);
      segments = await own.adoptOrphans();
      expect(segments, `owner ${owners}`).to.have.lengthOf(2);
    }
    const contents = await Promise.all(segments.map((segment) => readFile(segment, 'utf8')));
    expect(contents).to.have.members(['segment of aaaaaaaa', 'segment of bbbbbbbb']);
  });
});
