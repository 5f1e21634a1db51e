import { AsyncLocalStorage } from 'node:async_hooks';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MikroORM } from '@mikro-orm/core';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { expect } from 'chai';
import { USAGE_ENTITY_NAME } from '../../../../src/backends/mikro-orm/usage-properties.js';
import { elsewheres } from '../../../../src/backends/mikro-orm/elsewhere.js';
import type { UsageRepository } from '../../../../src/backends/mikro-orm/usage-repository.js';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import type { FileThread } from '../../../../src/backends/sql/sqlite/file-thread.js';
import { emptyLog, sqliteConnection } from '../../../../src/backends/sql/sqlite/native-client.js';
import { caught } from '../../../support/caught.js';
import { makeRecords, newestFirst } from '../../../support/records.js';
import { type TemporaryFolder, connectSqlite, openNative, temporaryFolder } from '../../../support/sqlite.js';
import { until } from '../../../support/until.js';

const { signal } = new AbortController();
const LATER = new Date('2100-01-01T00:00:00Z');

describe('reading from an SQLite file of its own', () => {
  let folder: TemporaryFolder;
  let file: string;
  let storage: SqlStorage;

  beforeEach(async () => {
    folder = await temporaryFolder();
    file = folder.file('usage.db');
    storage = await connectSqlite(file);
  });

  afterEach(async () => {
    await storage.close();
    await folder.remove();
  });

  /** The thread that reads, and what is called with each piece of rows that it hands over from now on. */
  function watchReading(onPiece: (rows: object[], thread: FileThread) => void): void {
    const thread = elsewheres.get(storage.reader) as FileThread;
    const read = thread.read.bind(thread);
    thread.read = (sql, take) =>
      read(sql, (rows) => {
        if (rows.length > 0) onPiece(rows, thread);
        take(rows);
      });
  }

  it('reads beside its connection, and leaves the event loop free', async () => {
    const records = makeRecords(1000);
    await storage.store(records, signal);
    let turn = 0;
    const turnsOfPieces: number[] = [];
    watchReading((rows) => {
      expect(rows).to.have.lengthOf.at.most(100);
      turnsOfPieces.push(turn);
      setImmediate(() => (turn += 1));
    });
    const client = sqliteConnection({ em: storage.reader.getEntityManager() } as MikroORM).getClient();
    await client.connection().execute(async () => {
      expect(await storage.reader.countUsage()).to.equal(1000);
      // One read may begin in the turn that another one ended in.
      await nextTurn();
      expect(await storage.reader.getUsage({ limit: 1000 })).to.deep.equal(records.toSorted(newestFirst));
      await nextTurn();
      expect((await storage.reader.getUsagePage({ username: 'nobody' })).items).to.deep.equal([]);
      let streamed = 0;
      for await (const _ of storage.reader.streamUsage()) streamed += 1;
      expect(streamed).to.equal(1000);
    });
    expect(turnsOfPieces).to.have.lengthOf.at.least(22);
    expect(new Set(turnsOfPieces)).to.have.lengthOf(turnsOfPieces.length);
  });

  it('hands over fewer rows at a time where they are long', async () => {
    const thread = elsewheres.get(storage.reader) as FileThread;
    const sizes: number[] = [];
    const long =
      'with recursive n(v) as (select 1 union all select v + 1 from n where v < 9) select hex(zeroblob(20000)) from n';
    await thread.read(long, (rows) => sizes.push(rows.length));
    expect(sizes).to.deep.equal([0, 4, 4, 1]);
  });

  it('reads the records of one moment', async () => {
    await storage.store(makeRecords(1000), signal);
    const deletions: Promise<number>[] = [];
    watchReading(() => {
      if (deletions.length === 0) deletions.push(storage.deleteBefore(LATER, 1000, signal));
    });
    expect(await storage.reader.getUsage({ limit: 1000 })).to.have.lengthOf(1000);
    expect(await Promise.all(deletions)).to.deep.equal([1000]);
    expect(await storage.reader.getUsage({ limit: 1000 })).to.have.lengthOf(0);
  });

  it('fails what is read when the thread ends, and reads again with another', async () => {
    await storage.store(makeRecords(1000), signal);
    watchReading((_, thread) => void thread.start().then((worker) => worker?.terminate()));
    const error = await caught(storage.reader.getUsage({ limit: 1000 }));
    expect(error.message).to.include('the thread that works on SQLite has ended');
    expect(await storage.reader.countUsage()).to.equal(1000);
  });

  it('ends what is read when it is closed, and reads nothing afterwards', async () => {
    await storage.store(makeRecords(1000), signal);
    const closings: Promise<void>[] = [];
    watchReading(() => void closings.push(storage.close()));
    const reading = [caught(storage.reader.getUsage({ limit: 1000 })), caught(storage.reader.countUsage())];
    for (const read of reading) expect(await read).to.include({ code: 'STORAGE_CLOSED' });
    await Promise.all(closings);
    expect(closings).to.have.lengthOf(1);
    expect(existsSync(`${file}-wal`)).to.equal(false);
  });

  it('keeps no snapshot of a statement whose rows cannot be records', async () => {
    await storage.store(makeRecords(1000), signal);
    watchReading(() => {
      throw new Error('no record');
    });
    expect((await caught(storage.reader.getUsage({ limit: 1000 }))).message).to.include('no record');
    await storage.store(makeRecords(1), signal);
    const other = await openNative(file);
    await until(async () => emptyLog(other.database), 'nobody reads in the log');
    await other.close();
  });

  it('keeps the context of no request that reads', async () => {
    const requests = new AsyncLocalStorage<string>();
    await requests.run('a request', () => storage.reader.countUsage());
    const worker = await (elsewheres.get(storage.reader) as FileThread).start();
    let seen: string | undefined = 'nothing yet';
    worker?.once('exit', () => (seen = requests.getStore()));
    await storage.close();
    expect(seen).to.equal(undefined);
  });

  it('reads the file that has the name now', async () => {
    await storage.store(makeRecords(3), signal);
    await storage.close();
    const other = await connectSqlite(folder.file('other.db'));
    await other.store(makeRecords(5), signal);
    await other.close();
    storage = await SqlStorage.connect({ driver: SqliteDriver, dbName: file, readOnly: true });
    expect(await storage.reader.countUsage()).to.equal(3);
    await rename(folder.file('other.db'), file);
    expect(await storage.reader.countUsage()).to.equal(5);
  });

  it('reads in a transaction of the application what that has written', async () => {
    await storage.store(makeRecords(3), signal);
    await storage.reader.getEntityManager().transactional(async (em) => {
      const repository = em.getRepository(USAGE_ENTITY_NAME as never) as unknown as UsageRepository;
      await repository.nativeDelete({});
      expect(await repository.countUsage()).to.equal(0);
      expect(await storage.reader.countUsage()).to.equal(0);
    });
  });
});
