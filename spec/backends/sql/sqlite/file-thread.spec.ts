import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import type { MikroORM } from '@mikro-orm/core';
import { expect } from 'chai';
import type { UsageRecord } from '../../../../src/record/usage-record.js';
import type { SqlStorage } from '../../../../src/backends/sql/index.js';
import type { UsageRepository } from '../../../../src/backends/mikro-orm/usage-repository.js';
import { RowPacker } from '../../../../src/backends/sql/sqlite/packed-rows.js';
import { sqliteDeleter } from '../../../../src/backends/sql/sqlite/deleter.js';
import { FileThread } from '../../../../src/backends/sql/sqlite/file-thread.js';
import { SqliteWriter } from '../../../../src/backends/sql/sqlite/writer.js';
import { type UsageTable, findUsageTable } from '../../../../src/backends/sql/usage-table.js';
import { caught } from '../../../support/caught.js';
import { makeRecord, makeRecords } from '../../../support/records.js';
import { run } from '../../../support/run.js';
import {
  type TemporaryFolder,
  applicationOrm,
  connectSqlite,
  executeNative,
  initOrm,
  temporaryFolder,
} from '../../../support/sqlite.js';
import { countTurns } from '../../../support/turns.js';
import { until } from '../../../support/until.js';
import { warningsOf } from '../../../support/warnings.js';

const { signal } = new AbortController();
const LATER = new Date('2100-01-01T00:00:00Z');

describe('SqlStorage on a file of its own', () => {
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

  it('leaves the event loop free while a large batch is written, and deleted', async () => {
    const records = makeRecords(10_000);
    expect(await countTurns(() => storage.store(records, signal))).to.be.at.least(40);
    expect(await countTurns(() => storage.deleteBefore(LATER, 9000, signal))).to.be.at.least(36);
    expect(await storage.reader.countUsage()).to.equal(1000);
  });

  it('refuses the records that the table does not take, with the reason, and stores the others', async () => {
    await executeNative(
      file,
      "create trigger t before insert on koa_usage when new.username = 'mallory' begin select raise(abort, 'not her'); end",
    );
    const batch = makeRecords(600).toSpliced(300, 1, makeRecord({ username: 'mallory' }));
    const { stored, refused } = await storage.store(batch, signal);
    expect(stored).to.equal(599);
    expect(refused).to.have.lengthOf(1);
    expect(refused[0]).to.include({ id: batch[300]?.id });
    expect(refused[0]?.error).to.include({ message: 'not her', code: 'SQLITE_CONSTRAINT_TRIGGER' });
  });

  it('refuses a record that is no JSON, and stores the others', async () => {
    const wrong: UsageRecord = { ...makeRecord(), trackVar: { big: 1n } as never };
    const { stored, refused } = await storage.store([makeRecord(), wrong, makeRecord()], signal);
    expect(stored).to.equal(2);
    expect(refused.map(({ id }) => id)).to.deep.equal([wrong.id]);
  });

  it('says what to do when the table is gone, and goes on when it is there again', async () => {
    const [record] = makeRecords(1);
    if (record === undefined) throw new Error('no record');
    await executeNative(file, 'alter table koa_usage rename to gone');
    expect(await caught(storage.store([record], signal))).to.include({ code: 'STORAGE_SETUP' });
    expect(await caught(storage.deleteBefore(LATER, 10, signal))).to.include({ code: 'STORAGE_SETUP' });
    await executeNative(file, 'alter table gone rename to koa_usage');
    expect(await storage.store([record], signal)).to.deep.equal({ stored: 1, refused: [] });
  });

  it('stops between two parts of a large batch when nobody waits any more', async () => {
    const abort = new AbortController();
    const records = makeRecords(20_000);
    const storing = caught(storage.store(records, abort.signal));
    await until(async () => (await storage.reader.countUsage()) > 0, 'the first part is written', 1);
    abort.abort(new Error('too slow'));
    expect((await storing).message).to.include('too slow');
    expect(await storage.store(makeRecords(1), signal)).to.deep.equal({ stored: 1, refused: [] });
    expect(await storage.reader.countUsage()).to.be.within(2, 20_000);
    expect(await storage.store(records, signal)).to.deep.equal({ stored: 20_000, refused: [] });
    expect(await storage.reader.countUsage()).to.equal(20_001);
  });

  it('keeps salts while it writes, neither waiting for a lock of its own', async () => {
    const days = Array.from({ length: 20 }, (_, day) => `2026-01-${String(day + 1).padStart(2, '0')}`);
    const storing = Promise.all([
      storage.store(makeRecords(3000), signal),
      storage.store(makeRecords(3000), signal),
    ]);
    for (const day of days)
      expect(await storage.salts.claim(day, `salt of ${day}`, signal)).to.equal(`salt of ${day}`);
    await storing;
    expect(await storage.reader.countUsage()).to.equal(6000);
  });

  it('lets the application delete through its connection while the thread writes', async () => {
    const usageRepo = storage.provides[0]?.value as UsageRepository;
    const storing = storage.store(makeRecords(10_000), signal);
    for (let written = 0; written < 10_000; written = await storage.reader.countUsage()) {
      await usageRepo.nativeDelete({ username: 'nobody' });
      const before = written;
      // SQLite's lock goes to whoever asks at the right time: the thread is to have it in between.
      await until(async () => (await storage.reader.countUsage()) > before, 'the thread writes', 1);
    }
    expect(await storing).to.deep.equal({ stored: 10_000, refused: [] });
  });

  it('ends a batch that is under way when it is closed', async () => {
    const storing = caught(storage.store(makeRecords(20_000), signal));
    await until(async () => (await storage.reader.countUsage()) > 0, 'the first part is written', 1);
    await storage.close();
    expect(await storing).to.include({ code: 'STORAGE_CLOSED' });
    storage = await connectSqlite(file);
    expect(await storage.reader.countUsage()).to.be.within(1, 19_999);
  });

  it('closes the file whole, and leaves no log', async () => {
    await storage.store(makeRecords(20_000), signal);
    await storage.close();
    expect(existsSync(`${file}-wal`)).to.equal(false);
    storage = await connectSqlite(file);
    expect(await storage.reader.countUsage()).to.equal(20_000);
  });
});

describe('backends/sql/sqlite/file-thread', () => {
  let folder: TemporaryFolder;
  let orm: MikroORM;
  let table: UsageTable;

  beforeEach(async () => {
    folder = await temporaryFolder();
    orm = await applicationOrm({ dbName: folder.file('usage.db') });
    table = findUsageTable(orm);
  });

  afterEach(async () => {
    await orm.close(true);
    await folder.remove();
  });

  function writerOn(thread: FileThread): SqliteWriter {
    return new SqliteWriter(orm, table, thread);
  }

  function program(source: string): URL {
    return new URL(`data:text/javascript,${encodeURIComponent(source)}`);
  }

  it('is not to be had for a database in memory, where the event loop writes', async () => {
    const inMemory = await applicationOrm();
    const thread = new FileThread(inMemory, findUsageTable(inMemory));
    const warnings = await warningsOf(async () => {
      expect(await thread.start()).to.equal(null);
    });
    expect(warnings).to.deep.equal([]);
    await thread.close();
    await inMemory.close(true);
  });

  it('is started when the connection can be opened again', async () => {
    const dbName = folder.file('later/usage.db');
    const late = await initOrm({ dbName });
    const thread = new FileThread(late, findUsageTable(late));
    for (let time = 0; time < 2; time += 1)
      expect((await caught(thread.start())).message).to.match(/open database/);
    await mkdir(folder.file('later'));
    expect(await thread.start()).not.to.equal(null);
    await thread.close();
    await late.close(true);
  });

  it('leaves writing and deleting to the event loop if it cannot start, and says so once', async () => {
    const thread = new FileThread(orm, table, program("throw new Error('no thread')"));
    const warnings = await warningsOf(async () => {
      const result = await writerOn(thread).write(makeRecords(300), signal);
      expect(result).to.deep.equal({ stored: 300, refused: [] });
      const deleter = sqliteDeleter(orm, table);
      expect(await deleter.delete(LATER, 1000, signal)).to.equal(300);
    });
    expect(warnings).to.have.lengthOf(1);
    expect(warnings[0])
      .to.match(/^koa-track-usage: SQLite works on the event loop, in short turns, .*: no thread\./)
      .and.to.include('--packages=external');
    await thread.close();
  });

  it('fails the batch if it ends, and is started anew for the next one', async () => {
    const thread = new FileThread(
      orm,
      table,
      program(`
        import { parentPort } from 'node:worker_threads';
        parentPort.once('message', () => { throw new Error('the thread broke'); });
        parentPort.postMessage('ready');
      `),
    );
    for (let time = 0; time < 2; time += 1) {
      const error = await caught(writerOn(thread).write(makeRecords(1), signal));
      expect(error).to.include({ code: 'STORAGE_UNAVAILABLE' });
      expect(error.message).to.include('the thread that works on SQLite has ended');
    }
    await thread.close();
  });

  it('gives it no further task while it does not answer, and does not wait for it longer than the tracker', async () => {
    const thread = new FileThread(
      orm,
      table,
      program(`
        import { parentPort } from 'node:worker_threads';
        let tasks = 0;
        parentPort.on('message', (order) => { if (order === 'end') process.exit(tasks); tasks += 1; });
        parentPort.postMessage('ready');
      `),
    );
    const writer = writerOn(thread);
    for (let time = 0; time < 3; time += 1) {
      const abort = new AbortController();
      const writing = caught(writer.write(makeRecords(1), abort.signal));
      expect(await thread.start()).not.to.equal(null);
      abort.abort(new Error('too slow'));
      expect((await writing).message).to.include('too slow');
    }
    await thread.close();
  });

  it("fails a task with SQLite's error and its code", async () => {
    const other = new FileThread(orm, { ...table, name: 'none' });
    const task = { kind: 'insert', rows: new RowPacker().pack() } as const;
    expect(await caught(other.perform(task))).to.include({ code: 'SQLITE_ERROR' });
    await other.close();
  });

  for (const [title, flags, last] of [
    ['keeps no process alive that has nothing else to do', [], ''],
    ['keeps the process alive until it has let go of the file', [], 'await storage.close();'],
    [
      'is not needed: the event loop writes where a process may have no threads',
      ['--no-warnings', '--permission', '--allow-addons', '--allow-fs-read=*', '--allow-fs-write=*'],
      'await storage.close();',
    ],
  ] as const) {
    it(title, async () => {
      const source = storingProgram(folder, last);
      const ended = await run(process.execPath, [...flags, '--input-type=module', '--eval', source]);
      expect(ended).to.deep.equal({ code: 0, stdout: '20000\n', stderr: '' });
      expect(existsSync(`${folder.file('own.db')}-wal`)).to.equal(false);
    });
  }
});

/** A program that stores records, says how many, and ends. */
function storingProgram(folder: TemporaryFolder, last: string): string {
  const from = (module: string): string => JSON.stringify(import.meta.resolve(module));
  return `
    import { SqlStorage } from ${from('../../../../src/backends/sql/index.js')};
    import { makeRecord, makeRecords } from ${from('../../../support/records.js')};
    import { SqliteDriver } from ${from('@mikro-orm/sqlite')};
    const dbName = ${JSON.stringify(folder.file('own.db'))};
    const storage = await SqlStorage.connect({ driver: SqliteDriver, dbName });
    const records = makeRecords(20_000);
    for (let start = 0; start < records.length; start += 500)
      await storage.store(records.slice(start, start + 500), new AbortController().signal);
    const stored = await storage.reader.countUsage();
    ${last}
    console.log(stored);
  `;
}
