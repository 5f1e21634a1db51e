import { execFile } from 'node:child_process';
import { mkdir, open, readFile, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { OwnFolder, spoolFolder } from '../../../src/pipeline/spool/own-folder.js';
import { type TemporaryFolder, temporaryFolder } from '../../support/sqlite.js';

const MINUTE_MS = 60_000;

describe('OwnFolder', () => {
  let folder: TemporaryFolder;
  let own: OwnFolder;
  let reported: Error[];
  const report = (error: Error): void => void reported.push(error);

  beforeEach(async () => {
    reported = [];
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

  const contentsOf = (segments: readonly string[]): Promise<string[]> =>
    Promise.all(segments.map((segment) => readFile(segment, 'utf8')));

  const here = JSON.stringify({ host: hostname(), pid: 1 });
  const elsewhere = JSON.stringify({ host: `not-${hostname()}`, pid: 1 });

  it('leaves nothing behind when it cannot be made', async () => {
    // No socket has a path that is so long.
    const parent = join(folder.path, 'x'.repeat(120));
    const error = await OwnFolder.make(parent).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(Error);
    expect(await readdir(parent)).to.deep.equal([]);
  });

  it('leaves alone what another machine has shown life in within five minutes', async () => {
    await leave('aaaaaaaa', elsewhere, 4 * MINUTE_MS);
    expect(await own.adoptOrphans(report)).to.deep.equal([]);
    expect(await readdir(folder.file('aaaaaaaa'))).to.have.members(['00000001.ndjson', 'owner.json']);
  });

  it('adopts what another machine has shown no life in for longer', async () => {
    await leave('aaaaaaaa', elsewhere, 6 * MINUTE_MS);
    const [segment = ''] = await own.adoptOrphans(report);
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
    expect(await other.adoptOrphans(report)).to.deep.equal([]);
    await other.release();
  });

  for (const [what, owner] of [
    ['names this machine', here],
    ['is no JSON', '{'],
    ['is empty', ''],
  ] as const) {
    it(`adopts at once what nobody listens for where the owner file ${what}`, async () => {
      await leave('aaaaaaaa', owner, 0);
      expect(await own.adoptOrphans(report)).to.have.lengthOf(1);
    });
  }

  it('keeps the segments of several dead ones apart', async () => {
    await leave('aaaaaaaa', here, 0);
    await leave('bbbbbbbb', here, 0);
    const segments = await own.adoptOrphans(report);
    expect(await contentsOf(segments)).to.have.members(['segment of aaaaaaaa', 'segment of bbbbbbbb']);
  });

  it('adopts the others where one is adopted by another process in the same moment', async function () {
    if (process.platform === 'win32') this.skip();
    for (const name of ['aaaaaaaa', 'bbbbbbbb', 'cccccccc']) await leave(name, here, 0);
    // A pipe: what reads the owner waits for the spec, which then takes the folder away.
    const owner = join(folder.path, 'bbbbbbbb', 'owner.json');
    await rm(owner);
    await promisify(execFile)('mkfifo', [owner]);
    const adopting = own.adoptOrphans(report);
    const writer = await open(owner, 'w');
    await writer.write(elsewhere);
    await rm(folder.file('bbbbbbbb'), { recursive: true });
    await writer.close();
    expect(await contentsOf(await adopting)).to.have.members(['segment of aaaaaaaa', 'segment of cccccccc']);
    expect(reported).to.deep.equal([]);
  });

  it('forgets no segment that it has moved because a folder cannot be removed, and tells of it', async () => {
    for (const name of ['aaaaaaaa', 'bbbbbbbb', 'cccccccc']) await leave(name, here, 0);
    const owner = join(folder.path, 'bbbbbbbb', 'owner.json');
    await rm(owner);
    await mkdir(owner);
    const contents = await contentsOf(await own.adoptOrphans(report));
    expect(contents).to.have.members(['segment of aaaaaaaa', 'segment of bbbbbbbb', 'segment of cccccccc']);
    expect(reported.map(({ message }) => message).join()).to.contain('owner.json');
    await rm(folder.file('bbbbbbbb'), { recursive: true });
  });

  it('passes a segment on from owner to owner, however often', async () => {
    await leave('aaaaaaaa', here, 0);
    await leave('bbbbbbbb', here, 0);
    let segments: string[] = [];
    for (let owners = 0; owners < 60; owners += 1) {
      await own.release();
      own = await OwnFolder.make(folder.path);
      segments = await own.adoptOrphans(report);
      expect(segments, `owner ${owners}`).to.have.lengthOf(2);
    }
    expect(await contentsOf(segments)).to.have.members(['segment of aaaaaaaa', 'segment of bbbbbbbb']);
  });
});

describe('spoolFolder', () => {
  it('has the name of the storage where that is plain', () => {
    for (const name of ['sqlite', 'postgresql', 'my_own-storage-2', 'x'.repeat(16)])
      expect(spoolFolder('/spool', name)).to.equal(`/spool/${name}`);
  });

  it('gives every storage a folder of its own, whatever it is called', () => {
    const paths = ['a/b', 'a\\b', '..', '.', '../x', '-x', 'a b', '%2F', 'x'.repeat(17), 'x'.repeat(300)];
    const otherSystems = ['ä', '\ud800', 'a:b', 'con', 'NUL', 'lpt1', 'Sqlite', 'SQLITE', 'sqlite'];
    const names = [...paths, ...otherSystems];
    const folders = names.map((name) => spoolFolder('/spool', name));
    expect(new Set(folders.map((path) => path.toLowerCase())).size).to.equal(names.length);
    for (const path of folders.slice(0, -1)) expect(path).to.match(/^\/spool\/~[0-9a-f]{15}$/);
  });
});
