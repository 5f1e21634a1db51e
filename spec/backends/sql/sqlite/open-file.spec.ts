import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat } from 'node:fs/promises';
import { expect } from 'chai';
import type { UsageRecord } from '../../../../src/record/usage-record.js';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { caught } from '../../../support/caught.js';
import { makeRecord, makeRecords } from '../../../support/records.js';
import {
  SQLITE_CLIENTS,
  applicationOrm,
  connectSqlite,
  executeNative,
  openNative,
  useTemporaryFolder,
} from '../../../support/sqlite.js';
import { warningsOf } from '../../../support/warnings.js';

const { signal } = new AbortController();
const COMPANIONS = ['', '-wal', '-shm'];

for (const [client, driver] of SQLITE_CLIENTS)
  describe(`A file of ${client} that is taken away while SqlStorage has it open`, () => {
    let storage: SqlStorage;
    const folder = useTemporaryFolder(async () => storage.close());
    let file: string;

    const remove = async (ends: readonly string[]): Promise<void> => {
      for (const end of ends) await rm(file + end, { force: true });
    };

    const countIn = async (path: string): Promise<number> => {
      const native = await openNative(path, driver);
      const [row] = native.database.prepare('select count(*) as n from koa_usage').all();
      const found = native.database.prepare('pragma integrity_check').all();
      expect(found).to.deep.equal([{ integrity_check: 'ok' }]);
      await native.close();
      return (row as { n: number }).n;
    };

    beforeEach(async () => {
      await mkdir(folder.file('data'));
      file = folder.file('data/usage.db');
      storage = await connectSqlite(file, undefined, driver);
    });

    const WAYS: readonly (readonly [title: string, takeAway: () => Promise<void>])[] = [
      ['deleted with its log', () => remove(COMPANIONS)],
      ['deleted alone', () => remove([''])],
      ['moved', () => rename(file, `${file}.1`)],
      [
        'replaced',
        async () => {
          await executeNative(folder.file('other.db'), 'create table other (a)', driver);
          await remove(COMPANIONS);
          await rename(folder.file('other.db'), file);
        },
      ],
    ];
    for (const [title, takeAway] of WAYS)
      for (const before of [0, 300])
        it(`gets the next batch in a file of its name when it was ${title}, after ${before} records`, async () => {
          if (before > 0) await storage.store(makeRecords(before), signal);
          await takeAway();
          const warnings = await warningsOf(async () => {
            expect(await storage.store(makeRecords(700), signal)).to.deep.equal({ stored: 700, refused: [] });
            expect(await storage.store(makeRecords(20), signal)).to.deep.equal({ stored: 20, refused: [] });
          });
          expect(warnings).to.have.lengthOf(1);
          expect(warnings[0]).to.include(`the SQLite file '${file}' was deleted, moved or replaced`);
          expect(await storage.reader.countUsage()).to.equal(720);
          expect(await countIn(file)).to.equal(720);
        });

    it('keeps the records that are in the log alone when it was moved', async () => {
      await storage.store(makeRecords(300), signal);
      await rename(file, `${file}.1`);
      await storage.store(makeRecords(1), signal);
      expect(await countIn(`${file}.1`)).to.equal(301);
    });

    it('is made for its owner alone again', async () => {
      const umask = process.umask(0);
      await remove(COMPANIONS);
      await storage.store(makeRecords(1), signal);
      process.umask(umask);
      for (const end of COMPANIONS) expect((await stat(file + end)).mode & 0o777).to.equal(0o600);
    });

    it('has the batch wait until a file can be made', async () => {
      await storage.store(makeRecords(3), signal);
      await rm(folder.file('data'), { recursive: true });
      for (let attempt = 0; attempt < 3; attempt += 1)
        expect(await caught(storage.store(makeRecords(1), signal))).to.include({
          code: 'STORAGE_UNAVAILABLE',
        });
      await mkdir(folder.file('data'));
      expect(await storage.store(makeRecords(5), signal)).to.deep.equal({ stored: 5, refused: [] });
      expect(await countIn(file)).to.equal(5);
    });

    for (const before of [0, 3])
      it(`is a broken set-up on the MikroORM of the application, until that connects anew, after ${before} records`, async () => {
        const dbName = folder.file('app.db');
        const orm = await applicationOrm({ driver, dbName });
        const own = new SqlStorage(orm);
        if (before > 0) await own.store(makeRecords(before), signal);
        await rename(dbName, `${dbName}.1`);
        for (let attempt = 0; attempt < 2; attempt += 1) {
          const error = await caught(own.store(makeRecords(1), signal));
          expect(error).to.include({ code: 'STORAGE_SETUP' });
          expect(error.message)
            .to.include(`the SQLite file '${dbName}' was deleted`)
            .and.include('orm.reconnect()');
        }
        expect(existsSync(dbName)).to.equal(false);
        await orm.reconnect();
        await orm.schema.create();
        expect(await own.store(makeRecords(5), signal)).to.deep.equal({ stored: 5, refused: [] });
        expect(await countIn(dbName)).to.equal(5);
        await orm.close(true);
      });
  });

for (const [client, driver] of SQLITE_CLIENTS)
  describe(`The write-ahead log of SqlStorage on a file of ${client}`, () => {
    const folder = useTemporaryFolder();

    it('is told of once when a reader has it grow beyond 64 MiB, and shrinks when the reader is gone', async () => {
      const file = folder.file('usage.db');
      const storage = await connectSqlite(file, undefined, driver);
      const reader = await openNative(file, driver);
      const trackVar = { text: 'x'.repeat(60_000) };
      const largeRecords = (): UsageRecord[] =>
        Array.from({ length: 400 }, () => ({ ...makeRecord(), trackVar }));
      const logMiB = async (): Promise<number> => (await stat(`${file}-wal`)).size / 2 ** 20;
      reader.database.exec('begin');
      reader.database.prepare('select count(*) from koa_usage').all();
      const warnings = await warningsOf(async () => {
        for (let batch = 0; batch < 4; batch += 1) await storage.store(largeRecords(), signal);
      });
      expect(await logMiB()).to.be.above(64);
      expect(warnings).to.have.lengthOf(1);
      expect(warnings[0]).to.include(`the write-ahead log of the SQLite file '${file}' has passed 64 MiB`);
      reader.database.exec('commit');
      for (let batch = 0; batch < 3; batch += 1) await storage.store(makeRecords(100), signal);
      expect(await logMiB()).to.be.at.most(8);
      await reader.close();
      await storage.close();
    });
  });

for (const [client, driver] of SQLITE_CLIENTS)
  describe(`SqlStorage.connect to a file of ${client}`, () => {
    const folder = useTemporaryFolder();

    it("warns where it has others' tables, whose transactions may fail, and nowhere else", async () => {
      const file = folder.file('app.db');
      for (const [table, warned] of [
        ['koa_usage_another', 0],
        ['app_counter', 1],
      ] as const) {
        const warnings = await warningsOf(async () => {
          const storage = await connectSqlite(file, undefined, driver);
          await storage.salts.claim('2026-03-01', 'ab'.repeat(32), signal);
          await storage.close();
          await executeNative(file, `create table ${table} (id integer primary key autoincrement)`, driver);
          await (await connectSqlite(file, undefined, driver)).close();
        });
        expect(warnings).to.have.lengthOf(warned);
        if (warned > 0) expect(warnings[0]).to.include('SQLITE_BUSY_SNAPSHOT').and.include(file);
      }
    });
  });
