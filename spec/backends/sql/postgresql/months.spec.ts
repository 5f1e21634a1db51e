import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { PostgresDialect } from 'kysely';
import pg from 'pg';
import { elsewheres } from '../../../../src/backends/mikro-orm/elsewhere.js';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { RecordIds } from '../../../../src/record/record-id.js';
import { ids, storeAll } from '../../../../src/testing/contract/steps.js';
import { caught } from '../../../support/caught.js';
import { describeOn } from '../../../support/describe-on.js';
import { monthFromNow, nameOf, namesAhead, partitionsOf, recordAt } from '../../../support/months.js';
import { connectPostgres, initPostgresOrm, postgresClient } from '../../../support/postgresql.js';
import { makeRecord, makeRecords, newestFirst } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';

const { signal } = new AbortController();

const OLD = ['2024-01-31T23:59:59.999Z', '2024-02-01T00:00:00.000Z', '2024-02-29T12:00:00.000Z'];

describeOn('postgresql', (server) => {
  describe('The option partition on PostgreSQL', () => {
    let database: FreshDatabase;
    let client: pg.Client;
    const storages: SqlStorage[] = [];

    before(async () => {
      database = await server().freshDatabase();
      client = await postgresClient(database);
    });

    beforeEach(async () => {
      await client.query('drop table if exists koa_usage, koa_usage_summary');
    });

    afterEach(async () => {
      await Promise.all(storages.splice(0).map((storage) => storage.close()));
    });

    after(async () => {
      await client.end();
      await database.drop();
    });

    const connect = async (options: Parameters<typeof connectPostgres>[1] = { partition: 'month' }) => {
      const storage = await connectPostgres(database, options);
      storages.push(storage);
      return storage;
    };

    const partitions = (): Promise<string[]> => partitionsOf(client);

    const kept = async (storage: SqlStorage): Promise<string[]> =>
      ids(await storage.reader.getUsage({ limit: 1000 }));

    it('makes the partitions of this month and the next two, once, however many processes begin', async () => {
      await Promise.all(Array.from({ length: 5 }, () => connect()));
      expect(await partitions()).to.deep.equal(namesAhead(3));
      await connect();
      expect(await partitions()).to.deep.equal(namesAhead(3));
    });

    it('makes those of other months when records of them come, also to several processes at once', async () => {
      const opened = await Promise.all([connect(), connect(), connect()]);
      const records = OLD.map((text) => recordAt(text));
      await Promise.all(opened.map((storage) => storeAll(storage, records)));
      expect(await partitions()).to.deep.equal(['koa_usage_2024_01', 'koa_usage_2024_02', ...namesAhead(3)]);
      const { rows } = await client.query<{ id: string }>('select id from koa_usage_2024_02');
      expect(ids(rows)).to.have.members(ids(records.slice(1)));
      expect(await kept(opened[0])).to.deep.equal(ids(records.toSorted(newestFirst)));
    });

    it('makes further months ahead with the first record of a month', async () => {
      const storage = await connect();
      await storeAll(storage, [recordAt(monthFromNow(0).toJSON())]);
      expect(await partitions()).to.deep.equal(namesAhead(3));
      await storeAll(storage, [recordAt(monthFromNow(2).toJSON())]);
      expect(await partitions()).to.deep.equal(namesAhead(5));
    });

    it('makes and drops months by a client that the user made', async () => {
      const pool = new pg.Pool({ connectionString: database.url, max: 2 });
      const storage = await connect({
        clientUrl: undefined,
        dbName: database.name,
        partition: 'month',
        driverOptions: new PostgresDialect({ pool }),
      });
      await storeAll(
        storage,
        OLD.map((text) => recordAt(text)),
      );
      expect(await partitions()).to.deep.equal(['koa_usage_2024_01', 'koa_usage_2024_02', ...namesAhead(3)]);
      expect(await storage.dropBefore?.(new Date('2024-03-01'), signal)).to.equal(OLD.length);
      expect(await partitions()).to.deep.equal(namesAhead(3));
    });

    it('looks into no partition of earlier months than startDate', async () => {
      await storeAll(await connect(), [
        ...OLD.map((text) => recordAt(text)),
        makeRecord({ date: new Date() }),
      ]);
      for (const options of [{}, { readOnly: true }, { partition: 'month' as const }]) {
        const { reader } = await connect(options);
        let plan = '';
        elsewheres.set(reader, {
          pieceRecords: 1,
          start: () => Promise.resolve({}),
          read: async (sql) => {
            const { rows } = await client.query<Record<'QUERY PLAN', string>>(`explain ${sql}`);
            plan = rows.map((row) => row['QUERY PLAN']).join('\n');
          },
          sum: () => Promise.reject(new Error('Nothing is summed up.')),
          close: async () => {},
        });
        const looked = (): string[] =>
          [...new Set(plan.match(/(?<=Scan.* on )koa_usage_\d+_\d+\b/g))].toSorted();
        await reader.getUsage({ startDate: monthFromNow(0) });
        expect(looked()).to.deep.equal(namesAhead(3));
        await reader.getUsage({ startDate: '2024-02-15' });
        expect(looked()).to.deep.equal(['koa_usage_2024_02', ...namesAhead(3)]);
        await reader.countUsage({ startDate: monthFromNow(1), status: '2xx' });
        expect(looked()).to.deep.equal(namesAhead(3).slice(1));
        await reader.getUsage({ endDate: '2024-02-15' });
        expect(looked()).to.have.lengthOf(5);
      }
    });

    it('finds a record whose request began in the month before its end', async () => {
      const storage = await connect();
      const late = recordAt('2024-02-01T00:00:00.500Z', { date: new Date('2024-01-31T23:59:59.000Z') });
      await storeAll(storage, [late]);
      const found = await storage.reader.getUsage({ startDate: late.date, endDate: '2024-02-01' });
      expect(ids(found)).to.deep.equal([late.id]);
    });

    it('finds with startDate whatever it has taken, and refuses alone what it would not find, whoever writes', async () => {
      const months = await connect();
      const orm = await initPostgresOrm(database);
      const writers = [months, await connect({}), new SqlStorage(orm)];
      await storeAll(
        months,
        OLD.map((text) => recordAt(text)),
      );
      const anyMs = fc.integer({ min: Date.parse(OLD[0] as string), max: Date.parse(OLD[2] as string) });
      const madeAt = anyMs.map((ms) => new RecordIds().next(ms));
      const anyId = fc.oneof(
        { weight: 3, arbitrary: madeAt },
        madeAt.map((id) => id.toUpperCase()),
        madeAt.map((id) => `${id.slice(0, 14)}4${id.slice(15)}`),
        fc.string({ minLength: 1, maxLength: 36, unit: 'grapheme-ascii' }),
      );
      const taken = new Map([[true, 0]]);
      const property = fc.asyncProperty(fc.constantFrom(...writers), anyId, anyMs, async (writer, id, ms) => {
        const date = new Date(ms);
        const good = recordAt(OLD[2] as string);
        const error = await storeAll(writer, [good, makeRecord({ id, date })]).then(
          () => null,
          (failure: Error) => failure,
        );
        if (error !== null) {
          expect(error).to.include({ code: 'BATCH_REFUSED' });
          expect(error.message).to.include(`and '${id}' is none`);
          await storeAll(writer, [good]);
        }
        taken.set(error === null, (taken.get(error === null) ?? 0) + 1);
        const found = ids(await months.reader.getUsage({ startDate: date, endDate: new Date(ms + 1) }));
        expect(found.includes(id)).to.equal(error === null);
      });
      try {
        await fc.assert(property, { numRuns: 200, endOnFailure: true });
      } finally {
        await orm.close(true);
      }
      expect(Math.min(...taken.values())).to.be.above(10);
    });

    it('refuses it also where the table was missing when the first record came', async () => {
      const orm = await initPostgresOrm(database);
      const storage = new SqlStorage(orm);
      await client.query('drop table if exists koa_usage');
      expect(await caught(storeAll(storage, makeRecords(1)))).to.include({ code: 'STORAGE_SETUP' });
      await connect();
      const error = await caught(storeAll(storage, [makeRecord({ id: randomUUID(), date: new Date() })]));
      expect(error.message).to.include('in ranges of ids');
      await orm.close(true);
    });

    it('refuses a table that is there and not partitioned, and says what to do', async () => {
      await connect({});
      const error = await caught(connect());
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message)
        .to.include("The table 'koa_usage' is there, and is not partitioned")
        .and.include('docs/storages.md');
    });

    it('works as before on a table of months that is opened without the option', async () => {
      await connect();
      const storage = await connect({});
      const records = makeRecords(3, { date: new Date() });
      await storeAll(storage, records);
      expect(await kept(storage)).to.deep.equal(ids(records.toSorted(newestFirst)));
      const error = await caught(storeAll(storage, [recordAt('2024-01-31T23:59:59.999Z')]));
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      const [, sql = ''] =
        /To make it, run: (create table "koa_usage_2024_01" [^;]*;)/.exec(error.message) ?? [];
      await client.query(sql);
      await storeAll(storage, [recordAt('2024-01-31T23:59:59.999Z')]);
      expect(await partitions()).to.include('koa_usage_2024_01');
    });

    it('takes over a table that was made one of months as the docs say, while others write', async () => {
      const page = await readFile('docs/storages.md', 'utf8');
      const [, sql = ''] = /<!-- months -->\s+```sql\n([^]*?)```/.exec(page) ?? [];
      const [adding, validating, ...attaching] = sql.split(/(?<=;)\n\n/);
      const storage = await connect({});
      const records = [recordAt('2024-01-31T23:59:59.999Z'), ...makeRecords(50)];
      await storeAll(storage, records);
      const odd = [randomUUID(), recordAt('2024-01-01').id];
      await storeAll(
        storage,
        odd.map((id) => makeRecord({ id })),
      );
      for (const statement of [adding, validating, attaching.join('\n')]) {
        for (const id of statement === validating ? odd : []) {
          // One that is found by no month is told of, and nothing is changed.
          expect(await caught(client.query(statement as string))).to.include({ code: '23514' });
          await client.query('delete from koa_usage where id = $1', [id]);
        }
        const more = makeRecords(5);
        await Promise.all([client.query(statement as string), storeAll(storage, more)]);
        records.push(...more);
      }
      expect(await partitions()).to.deep.equal(['koa_usage_before']);
      const months = await connect();
      expect(await partitions()).to.deep.equal([nameOf(monthFromNow(2)), 'koa_usage_before']);
      const later = [recordAt(monthFromNow(1).toJSON()), recordAt(monthFromNow(2).toJSON())];
      await storeAll(months, [...later, ...records]);
      expect(await kept(months)).to.deep.equal(ids([...records, ...later].toSorted(newestFirst)));
      expect(await months.dropBefore?.(monthFromNow(2), signal)).to.equal(records.length + 1);
      expect(await kept(months)).to.deep.equal(ids(later.slice(1)));
    });

    it('leaves the partitions of an application to its migrations, and drops those that are too old', async () => {
      await storeAll(await connect(), [recordAt('2024-01-31T23:59:59.999Z')]);
      const orm = await initPostgresOrm(database);
      const storage = new SqlStorage(orm);
      const error = await caught(storeAll(storage, [recordAt('2024-02-29T12:00:00.000Z')]));
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(await storage.dropBefore?.(new Date('2024-02-01'), signal)).to.equal(1);
      expect(await partitions()).to.deep.equal(namesAhead(3));
      await orm.close(true);
    });
  });
});
