import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import { DAY, PROPOSAL } from '../../../support/salt-keeper.js';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { sqliteConnection } from '../../../../src/backends/sql/sqlite/native-client.js';
import {
  SQLITE_CLIENTS,
  applicationOrm,
  connectSqlite,
  openNative,
  useTemporaryFolder,
} from '../../../support/sqlite.js';

const { signal } = new AbortController();

for (const [client, driver] of SQLITE_CLIENTS) {
  describe(`The salts of SqlStorage on a file of ${client}`, () => {
    const folder = useTemporaryFolder();
    let file: string;

    beforeEach(() => {
      file = folder.file('usage.db');
    });

    it('leave nothing in the file when they are deleted', async () => {
      const storage = await connectSqlite(file, 'usage', driver);
      await storage.salts.claim(DAY, PROPOSAL, signal);
      expect(await storage.salts.deleteBefore('2026-03-02', signal)).to.equal(1);
      await storage.close();
      const bytes = await readFile(file, 'latin1');
      expect(bytes).to.include('usage_salt').and.not.include(PROPOSAL.slice(0, 8));
    });

    /** What the file and its log hold while they are open. */
    const bytesOf = async (): Promise<string> =>
      (await readFile(file, 'latin1')) + (await readFile(`${file}-wal`, 'latin1'));

    it('leave nothing in the log either, while the storage is open', async () => {
      const storage = await connectSqlite(file, 'usage', driver);
      await storage.salts.claim(DAY, PROPOSAL, signal);
      expect(await bytesOf()).to.include(PROPOSAL);
      expect(await storage.salts.deleteBefore('2026-03-02', signal)).to.equal(1);
      expect(await bytesOf())
        .to.include('usage_salt')
        .and.not.include(PROPOSAL.slice(0, 8));
      await storage.close();
    });

    it('leave nothing in the log of the application either, whenever they are deleted', async () => {
      const orm = await applicationOrm({ driver, dbName: file });
      const native = await sqliteConnection(orm).getNativeClient();
      native.exec('pragma journal_mode = wal');
      const storage = new SqlStorage(orm);
      for (const [day, next] of [
        [DAY, '2026-03-02'],
        ['2026-03-02', '2026-03-03'],
      ] as const) {
        await storage.salts.claim(day, PROPOSAL, signal);
        expect(await bytesOf()).to.include(PROPOSAL);
        expect(await storage.salts.deleteBefore(next, signal)).to.equal(1);
        expect(await bytesOf()).to.not.include(PROPOSAL.slice(0, 8));
      }
      await storage.close();
      await orm.close(true);
    });

    it('are deleted also where somebody reads, and leave the log the next time', async () => {
      const storage = await connectSqlite(file, 'usage', driver);
      const native = await openNative(file, driver);
      await storage.salts.claim(DAY, PROPOSAL, signal);
      native.database.exec('begin');
      native.database.prepare('select * from usage_salt').all();
      expect(await storage.salts.deleteBefore('2026-03-02', signal)).to.equal(1);
      expect(await bytesOf()).to.include(PROPOSAL);
      native.database.exec('commit');
      const next = 'ab'.repeat(32);
      expect(await storage.salts.claim('2026-03-02', next, signal)).to.equal(next);
      expect(await bytesOf()).to.not.include(PROPOSAL.slice(0, 8));
      await native.close();
      await storage.close();
    });

    it('leave nothing in a log that a process was killed with', async () => {
      const before = await connectSqlite(file, 'usage', driver);
      const native = await openNative(file, driver);
      await before.salts.claim(DAY, PROPOSAL, signal);
      native.database.prepare('delete from usage_salt').run();
      const storage = await connectSqlite(file, 'usage', driver);
      expect(await bytesOf()).to.include(PROPOSAL);
      expect(await storage.salts.deleteBefore('2026-03-02', signal)).to.equal(0);
      expect(await readFile(`${file}-wal`, 'latin1')).to.not.include(PROPOSAL.slice(0, 8));
      await native.close();
      await before.close();
      await storage.close();
    });
  });
}
