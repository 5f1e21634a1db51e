import { execFile } from 'node:child_process';
import {
  mkdir,
  readFile,
  readdir,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
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

  /** All that one can adopt. */
  async function adopt(by: OwnFolder): Promise<string[]> {
    const segments: string[] = [];
    for await (const segment of by.orphans(report)) segments.push(segment);
    return segments;
  }

  /** What a process left that nobody listens for any more. */
  async function leave(name: string, owner: string, ageMs: number): Promise<void> {
    await mkdir(folder.file(name));
    await leaveLock(folder.file(name));
    await writeFile(join(folder.path, name, 'owner.json'), owner);
    await writeFile(join(folder.path, name, '00000001.ndjson'), `segment of ${name}`);
    const seen = new Date(Date.now() - ageMs);
    await utimes(join(folder.path, name, 'owner.json'), seen, seen);
  }

  const contentsOf = (segments: readonly string[]): Promise<string[]> =>
    Promise.all(segments.map((segment) => readFile(segment, 'utf8')));

  const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const here = JSON.stringify({ host: hostname(), boot, pid: 1 });
  const elsewhere = JSON.stringify({ host: `not-${hostname()}`, boot, pid: 1 });

  it('leaves nothing behind when it cannot be made', async () => {
    // No socket has a path that is so long.
    const parent = join(folder.path, 'x'.repeat(120));
    const error = await OwnFolder.make(parent).catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(Error);
    expect(await readdir(parent)).to.deep.equal([]);
  });

  it('leaves alone what another machine has shown life in within five minutes', async () => {
    await leave('aaaaaaaa', elsewhere, 4 * MINUTE_MS);
    expect(await adopt(own)).to.deep.equal([]);
    expect(await readdir(folder.file('aaaaaaaa'))).to.include('00000001.ndjson');
  });

  it('adopts what another machine has shown no life in for longer', async () => {
    await leave('aaaaaaaa', elsewhere, 6 * MINUTE_MS);
    const [segment = ''] = await adopt(own);
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
    expect(await adopt(other)).to.deep.equal([]);
    await other.release();
  });

  for (const [what, owner] of [
    ['names this machine', here],
    ['is no JSON', '{'],
    ['is empty', ''],
  ] as const) {
    it(`adopts at once what nobody listens for where the owner file ${what}`, async () => {
      await leave('aaaaaaaa', owner, 0);
      expect(await adopt(own)).to.have.lengthOf(1);
    });
  }

  it('keeps the segments of several dead ones apart', async () => {
    await leave('aaaaaaaa', here, 0);
    await leave('bbbbbbbb', here, 0);
    const segments = await adopt(own);
    expect(await contentsOf(segments)).to.have.members(['segment of aaaaaaaa', 'segment of bbbbbbbb']);
  });

  it('adopts the others where one is adopted by another process in the same moment', async () => {
    for (const name of ['aaaaaaaa', 'bbbbbbbb', 'cccccccc']) await leave(name, here, 0);
    const segments: string[] = [];
    for await (const segment of own.orphans(report)) {
      if (segments.push(segment) > 1) continue;
      for (const name of ['aaaaaaaa', 'bbbbbbbb', 'cccccccc']
        .filter((one) => !segment.includes(one))
        .slice(1))
        await rm(folder.file(name), { recursive: true });
    }
    expect(segments).to.have.lengthOf(2);
    expect(reported).to.deep.equal([]);
  });

  it('forgets no segment that it has moved because a folder cannot be removed, and tells of it', async () => {
    for (const name of ['aaaaaaaa', 'bbbbbbbb', 'cccccccc']) await leave(name, here, 0);
    const owner = join(folder.path, 'bbbbbbbb', 'owner.json');
    await rm(owner);
    await mkdir(owner);
    const contents = await contentsOf(await adopt(own));
    expect(contents).to.have.members(['segment of aaaaaaaa', 'segment of bbbbbbbb', 'segment of cccccccc']);
    expect(reported.map(({ message }) => message).join()).to.contain('owner.json');
    await rm(folder.file('bbbbbbbb'), { recursive: true });
  });

  it('leaves alone a living one whose lock somebody has deleted, and gives it another', async () => {
    const living = await OwnFolder.make(folder.path);
    await writeFile(join(living.path, '00000001.ndjson'), '');
    await unlink(join(living.path, 'lock'));
    expect(await adopt(own)).to.deep.equal([]);
    await living.showLife();
    expect((await stat(join(living.path, 'lock'))).isSocket()).to.equal(true);
    await utimes(join(living.path, 'owner.json'), new Date(0), new Date(0));
    expect(await adopt(own)).to.deep.equal([]);
    await unlink(join(living.path, 'owner.json'));
    expect(await adopt(own)).to.deep.equal([]);
    await living.showLife();
    expect(JSON.parse(await readFile(join(living.path, 'owner.json'), 'utf8'))).to.include({ boot });
    await living.release();
    expect(await adopt(own)).to.have.lengthOf(1);
  });

  it('adopts one whose lock was deleted when it has shown no life for five minutes', async () => {
    await leave('aaaaaaaa', here, 4 * MINUTE_MS);
    await unlink(join(folder.path, 'aaaaaaaa', 'lock'));
    expect(await adopt(own)).to.deep.equal([]);
    await utimes(
      join(folder.path, 'aaaaaaaa', 'owner.json'),
      new Date(0),
      new Date(Date.now() - 6 * MINUTE_MS),
    );
    expect(await adopt(own)).to.have.lengthOf(1);
  });

  it('tells apart machines of one host name', async () => {
    await leave('aaaaaaaa', JSON.stringify({ host: hostname(), boot: 'another', pid: 1 }), 4 * MINUTE_MS);
    expect(await adopt(own)).to.deep.equal([]);
  });

  it('adopts files alone, and follows nothing else', async () => {
    await leave('aaaaaaaa', here, 0);
    const others = ['00000002', '00000003', '00000004'].map((name) => folder.file(`aaaaaaaa/${name}.ndjson`));
    await symlink('/etc/passwd', others[0] ?? '');
    await promisify(execFile)('mkfifo', [others[1] ?? '']);
    await mkdir(others[2] ?? '');
    await symlink(folder.file('aaaaaaaa'), folder.file('bbbbbbbb'));
    expect(await contentsOf(await adopt(own))).to.deep.equal(['segment of aaaaaaaa']);
    expect(reported.map(({ message }) => message)).to.deep.equal(
      others.map((path) => `'${path}' is not a file, and is left alone; remove it`),
    );
  });

  it('reads no owner from a pipe, and asks no lock behind a link', async () => {
    await leave('aaaaaaaa', here, 0);
    const owner = folder.file('aaaaaaaa/owner.json');
    await rm(owner);
    await promisify(execFile)('mkfifo', [owner]);
    await leave('bbbbbbbb', here, 6 * MINUTE_MS);
    await rm(folder.file('bbbbbbbb/lock'));
    await symlink(join(own.path, 'lock'), folder.file('bbbbbbbb/lock'));
    expect(await adopt(own)).to.have.lengthOf(2);
  });

  for (const umask of [0, 0o777]) {
    it(`is for its owner alone under the umask ${umask.toString(8)}`, async function () {
      if (umask !== 0 && process.getuid?.() !== 0) this.skip();
      const before = process.umask(umask);
      const other = await OwnFolder.make(folder.file('new/spool')).finally(() => process.umask(before));
      for (const path of [folder.file('new'), folder.file('new/spool'), other.path])
        expect((await stat(path)).mode & 0o777, path).to.equal(0o700);
      await other.release();
    });
  }

  it('passes a segment on from owner to owner, however often', async () => {
    await leave('aaaaaaaa', here, 0);
    await leave('bbbbbbbb', here, 0);
    let segments: string[] = [];
    for (let owners = 0; owners < 60; owners += 1) {
      await own.release();
      own = await OwnFolder.make(folder.path);
      segments = await adopt(own);
      expect(segments, `owner ${owners}`).to.have.lengthOf(2);
    }
    expect(await contentsOf(segments)).to.have.members(['segment of aaaaaaaa', 'segment of bbbbbbbb']);
  });
});

/** The lock of a process that was killed: a socket that nobody listens on. */
async function leaveLock(path: string): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(join(path, '.lock'), resolve));
  await rename(join(path, '.lock'), join(path, 'lock'));
  await new Promise((resolve) => server.close(resolve));
}

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
