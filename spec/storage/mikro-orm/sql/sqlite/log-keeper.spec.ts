import { existsSync, statSync } from 'node:fs';
import { expect } from 'chai';
import { LogKeeper } from '../../../../../src/storage/mikro-orm/sql/sqlite/log-keeper.js';
import type { NativeDatabase } from '../../../../../src/storage/mikro-orm/sql/sqlite/native-client.js';
import { makeRecords } from '../../../../support/records.js';
import { run } from '../../../../support/run.js';
import {
  type TemporaryFolder,
  connectSqlite,
  openNative,
  temporaryFolder,
} from '../../../../support/sqlite.js';
import { until } from '../../../../support/until.js';

/** More than are committed before the log is copied back. */
const TRANSACTIONS = 300;

const { signal } = new AbortController();

describe('storage/mikro-orm/sql/sqlite/log-keeper', () => {
  let folder: TemporaryFolder;
  let file: string;
  let connection: Awaited<ReturnType<typeof openNative>>;
  let database: NativeDatabase;

  beforeEach(async () => {
    folder = await temporaryFolder();
    file = folder.file('usage.db');
    connection = await openNative(file);
    ({ database } = connection);
    database.exec('pragma journal_mode = wal; create table t (text text)');
  });

  afterEach(async () => {
    await connection.close();
    await folder.remove();
  });

  function commit(keeper: LogKeeper, times: number): void {
    const insert = database.prepare('insert into t values (hex(randomblob(500)))');
    for (let time = 0; time < times; time += 1) {
      insert.run();
      keeper.committed();
    }
  }

  function pagesBeforeSqliteCopies(): unknown {
    return database.prepare('pragma wal_autocheckpoint').all()[0];
  }

  it('has the log copied back into the file once so much is committed, which SQLite itself is told to leave', async () => {
    const keeper = new LogKeeper(database, file);
    const emptyBytes = statSync(file).size;
    expect(pagesBeforeSqliteCopies()).to.deep.equal({ wal_autocheckpoint: 16_000 });
    commit(keeper, TRANSACTIONS);
    await until(() => statSync(file).size > emptyBytes + 100_000, 'the file has what was in the log');
    expect(existsSync(`${file}-wal`)).to.equal(true);
    await keeper.close();
  });

  it('copies nothing while little is committed, and starts no thread for it', async () => {
    const keeper = new LogKeeper(database, file);
    const emptyBytes = statSync(file).size;
    commit(keeper, 200);
    await keeper.close();
    expect(statSync(file).size).to.equal(emptyBytes);
  });

  it('goes on for as long as there are transactions', async () => {
    const keeper = new LogKeeper(database, file);
    for (let round = 1; round <= 3; round += 1) {
      commit(keeper, TRANSACTIONS);
      await until(() => statSync(file).size > round * 200_000, `the file has what was in the log, ${round}`);
    }
    expect(pagesBeforeSqliteCopies()).to.deep.equal({ wal_autocheckpoint: 16_000 });
    await keeper.close();
  });

  it('leaves the log to SQLite when it is closed, as often as that is', async () => {
    const keeper = new LogKeeper(database, file);
    commit(keeper, TRANSACTIONS);
    await keeper.close();
    await keeper.close();
    expect(pagesBeforeSqliteCopies()).to.deep.equal({ wal_autocheckpoint: 1000 });
    commit(keeper, TRANSACTIONS);
  });

  it('leaves the log to SQLite when its thread cannot open the file', async () => {
    const keeper = new LogKeeper(database, folder.file('other.db'));
    commit(keeper, TRANSACTIONS);
    await until(() => keeper.isLeftToSqlite, 'the thread has failed');
    expect(pagesBeforeSqliteCopies()).to.deep.equal({ wal_autocheckpoint: 1000 });
    commit(keeper, TRANSACTIONS);
    await keeper.close();
  });
});

describe('SqlStorage with a long log', () => {
  it('closes its file whole, and leaves no log', async () => {
    const folder = await temporaryFolder();
    const file = folder.file('usage.db');
    const storage = await connectSqlite(file);
    const records = makeRecords(20_000);
    for (let start = 0; start < records.length; start += 500)
      await storage.store(records.slice(start, start + 500), signal);
    expect(await storage.count()).to.equal(20_000);
    await storage.close();
    expect(existsSync(`${file}-wal`)).to.equal(false);
    const again = await connectSqlite(file);
    expect(await again.count()).to.equal(20_000);
    await again.close();
    await folder.remove();
  });

  for (const [title, last] of [
    ['keeps no process alive', ''],
    ['is closed before the process ends, where nothing else keeps it alive', 'await storage.close();'],
  ] as const) {
    it(title, async () => {
      const folder = await temporaryFolder();
      const ended = await run(process.execPath, ['--input-type=module', '--eval', program(folder, last)]);
      expect(ended).to.deep.equal({ code: 0, stdout: '20000\n', stderr: '' });
      expect(existsSync(`${folder.file('usage.db')}-wal`)).to.equal(false);
      await folder.remove();
    });
  }
});

/** A program that fills the log, says how many records are stored, and ends. */
function program(folder: TemporaryFolder, last: string): string {
  const from = (module: string): string => JSON.stringify(import.meta.resolve(module));
  return `
    import { SqlStorage } from ${from('../../../../../src/storage/mikro-orm/sql/index.js')};
    import { makeRecords } from ${from('../../../../support/records.js')};
    import { SqliteDriver } from ${from('@mikro-orm/sqlite')};
    const dbName = ${JSON.stringify(folder.file('usage.db'))};
    const storage = await SqlStorage.connect({ driver: SqliteDriver, dbName });
    const records = makeRecords(20_000);
    for (let start = 0; start < records.length; start += 500)
      await storage.store(records.slice(start, start + 500), new AbortController().signal);
    const stored = await storage.count();
    ${last}
    console.log(stored);
  `;
}
