import { execFile } from 'node:child_process';
import { chmod, readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect } from 'chai';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { TrackUsageError } from '../../../../src/errors.js';
import { caught } from '../../../support/caught.js';
import { leavePending } from '../../../support/pending.js';
import { makeRecord, makeRecords } from '../../../support/records.js';
import { childEnvironment } from '../../../support/run.js';
import { isOpenToAll, unprivileged } from '../../../support/servers/unprivileged.js';
import {
  SQLITE_CLIENTS,
  type TemporaryFolder,
  connectSqlite,
  executeNative,
  temporaryFolder,
} from '../../../support/sqlite.js';

const CHILDREN = fileURLToPath(new URL('../../../support/children/', import.meta.url));
const { signal } = new AbortController();

for (const [client, driver] of SQLITE_CLIENTS) {
  const clientName = client.toLowerCase();

  describe(`SqlStorage.connect with readOnly on ${client}`, function () {
    this.timeout(30_000);
    let folder: TemporaryFolder;
    let file: string;

    beforeEach(async () => {
      folder = await temporaryFolder();
      file = folder.file('usage.db');
    });

    afterEach(async () => {
      await chmod(folder.path, 0o755);
      await folder.remove();
    });

    const read = (tableName?: string): Promise<SqlStorage> =>
      SqlStorage.connect({ driver, dbName: file, tableName, readOnly: true });

    /** Makes a file with three records, of which nothing stands in another file: libsql would keep it open for a while. */
    const makeFile = async (sql: string): Promise<void> => {
      const storage = await connectSqlite(file);
      await storage.store(makeRecords(3), signal);
      await storage.close();
      await executeNative(file, sql);
    };

    /** What is in the folder, to the byte. */
    const contents = async (): Promise<[name: string, content: string][]> =>
      Promise.all(
        (await readdir(folder.path)).map(async (name) => [
          name,
          await readFile(join(folder.path, name), 'base64'),
        ]),
      );

    it('reads, and changes neither the file nor how it is kept, nor makes the index that it lacks', async () => {
      await makeFile('drop index koa_usage_date_id_index; pragma journal_mode = delete');
      const before = await contents();
      const storage = await read();
      expect(await storage.reader.getUsage()).to.have.lengthOf(3);
      expect((await storage.reader.getUsagePage({ limit: 2 })).items).to.have.lengthOf(2);
      expect(await storage.reader.countUsage({ status: 200 })).to.equal(3);
      await caught(storage.store([makeRecord()], signal));
      await storage.close();
      expect(before.map(([name]) => name)).to.deep.equal(['usage.db']);
      expect(await contents()).to.deep.equal(before);
    });

    it('reads a file with a write-ahead log while another process writes to it', async () => {
      await (await connectSqlite(file)).close();
      const storage = await read();
      const args = [join(CHILDREN, 'store-in-sqlite.js'), file, '2000'];
      const written = promisify(execFile)(process.execPath, args, { env: childEnvironment() }).then(
        () => true,
      );
      const counts: number[] = [];
      do counts.push(await storage.reader.countUsage());
      while (!(await Promise.race([written, nextTurn(false)])));
      expect(counts).to.deep.equal(counts.toSorted((a, b) => a - b));
      expect(await storage.reader.countUsage()).to.equal(2000);
      await storage.close();
    });

    it('refuses to write, to delete and to keep salts', async () => {
      await makeFile('');
      const storage = await read();
      expect(storage.isReadOnly).to.equal(true);
      const uses = [
        () => storage.store([makeRecord()], signal),
        () => storage.deleteBefore(new Date('2030-01-01'), 10, signal),
        () => storage.salts.claim('2026-03-01', 'ab'.repeat(32), signal),
        () => storage.salts.deleteBefore('2026-03-01', signal),
      ];
      for (const use of uses) {
        const error = await caught(use());
        expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_SETUP' });
        expect(error.message).to.equal(
          `The storage '${clientName}' was opened with readOnly: true, and writes nothing. Open it without that option.`,
        );
      }
      // SQLite itself does not let MikroORM's own methods write either.
      expect((await caught(storage.reader.nativeDelete({}))).message).to.match(
        /attempt to write a readonly database/,
      );
      expect(await storage.reader.countUsage()).to.equal(3);
      await storage.close();
      expect(await caught(storage.reader.countUsage())).to.include({ code: 'STORAGE_CLOSED' });
    });

    it('makes no file', async () => {
      const error = await caught(read());
      expect(error).to.include({ code: 'STORAGE_CONNECT' });
      expect(error.message).to.include(`'${file}' cannot be opened`);
      expect(await readdir(folder.path)).to.deep.equal([]);
    });

    for (const [what, sql, says] of [
      ['the table', 'drop table koa_usage', 'no such table: koa_usage'],
      ['a column', 'alter table koa_usage drop column visitor', 'no such column'],
    ] as const) {
      it(`says that ${what} is missing, and how it is made`, async () => {
        await makeFile(sql);
        const error = await caught(read());
        expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_SETUP' });
        expect(error.message)
          .to.include("The table 'koa_usage' cannot be read: ")
          .and.include(says)
          .and.include('SqlStorage.connect without readOnly, or its migrations');
      });
    }

    describe('by a user who may not write, neither the file nor in its folder', () => {
      /** Says what a process of that user is told. */
      const readUnprivileged = async (): Promise<string> => {
        for (const name of await readdir(folder.path)) await chmod(folder.file(name), 0o444);
        await chmod(folder.path, 0o555);
        const args = [join(CHILDREN, 'read-sqlite.js'), file, clientName];
        const { stdout } = await promisify(execFile)(process.execPath, args, {
          env: childEnvironment(),
          ...unprivileged(),
        });
        return stdout.trim();
      };

      before(function () {
        if (process.getuid?.() === 0 && !isOpenToAll(CHILDREN))
          leavePending(this, 'The folder is for root alone');
      });

      it('reads a file with a rollback journal', async () => {
        await makeFile('pragma journal_mode = delete');
        expect(await readUnprivileged()).to.equal('3 records');
      });

      it('reads a file with a write-ahead log that somebody else has open', async () => {
        const storage = await connectSqlite(file);
        await storage.store(makeRecords(5), signal);
        expect(await readUnprivileged()).to.equal('5 records');
        await storage.close();
      });

      it('says what to do where nobody has the file with a write-ahead log open', async () => {
        await makeFile('');
        expect(await readUnprivileged())
          .to.match(/^SqlStorage\.connect: the (SQLite|libSQL) file '.*' cannot be opened: attempt to write/)
          .and.include('where an application has the file open, or its journal_mode is delete.');
      });
    });
  });
}
