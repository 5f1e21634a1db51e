import { stat, writeFile } from 'node:fs/promises';
import { expect } from 'chai';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { caught } from '../../../support/caught.js';
import { makeRecord } from '../../../support/records.js';
import { SQLITE_CLIENTS, useTemporaryFolder } from '../../../support/sqlite.js';

for (const [title, driver] of SQLITE_CLIENTS)
  describe(`A file of ${title}`, () => {
    const folder = useTemporaryFolder();
    let umask: number;

    beforeEach(() => void (umask = process.umask(0)));
    afterEach(() => void process.umask(umask));

    const modeOf = async (name: string): Promise<number> => (await stat(folder.file(name))).mode & 0o777;

    it('is for its owner alone where we make it, and so are its companions', async () => {
      const storage = await SqlStorage.connect({ driver, dbName: folder.file('usage.db') });
      await storage.store([makeRecord()], AbortSignal.timeout(10_000));
      for (const name of ['usage.db', 'usage.db-wal', 'usage.db-shm'])
        expect(await modeOf(name), name).to.equal(0o600);
      await storage.close();
    });

    it('keeps its mode where it was there before', async () => {
      await writeFile(folder.file('usage.db'), '', { mode: 0o640 });
      const storage = await SqlStorage.connect({ driver, dbName: folder.file('usage.db') });
      await storage.close();
      expect(await modeOf('usage.db')).to.equal(0o640);
    });

    it('is not made where the driver is to make none', async () => {
      const memory = await SqlStorage.connect({ driver, dbName: ':memory:' });
      await memory.close();
      if (title === 'SQLite') {
        const options = { driver, dbName: folder.file('usage.db'), driverOptions: { fileMustExist: true } };
        expect(await caught(SqlStorage.connect(options))).to.have.property('code', 'STORAGE_CONNECT');
      }
      for (const path of [':memory:', folder.file('usage.db')])
        expect(await caught(stat(path))).to.have.property('code', 'ENOENT');
    });
  });
