import { expect } from 'chai';
import pg from 'pg';
import type { SqlStorage } from '../../../../src/backends/sql/index.js';
import { RecordIds } from '../../../../src/record/record-id.js';
import type { UsageRecord } from '../../../../src/record/usage-record.js';
import { ids, storeAll } from '../../../../src/testing/contract/steps.js';
import { describeOn } from '../../../support/describe-on.js';
import { connectPostgres, postgresClient } from '../../../support/postgresql.js';
import { makeRecord, newestFirst } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';

const { signal } = new AbortController();

const PARTITIONS = `select c.relname as name from pg_inherits i join pg_class c on c.oid = i.inhrelid
  where i.inhparent = 'koa_usage'::regclass order by 1`;

/** A record as the tracker makes it at this moment. */
function recordAt(text: string, id = new RecordIds().next(Date.parse(text))): UsageRecord {
  return makeRecord({ id, date: new Date(text) });
}

/** The names of the partitions of this month and those after it. */
function namesAhead(count: number, now = new Date()): string[] {
  return Array.from({ length: count }, (_, index) => {
    const month = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + index));
    return `koa_usage_${month.toISOString().slice(0, 7).replace('-', '_')}`;
  });
}

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

    const partitions = async (): Promise<string[]> => {
      const { rows } = await client.query<{ name: string }>(PARTITIONS);
      return rows.map(({ name }) => name);
    };

    const left = async (storage: SqlStorage): Promise<string[]> => ids(await storage.reader.getUsage({ limit: 100 }));

    const OLD = ['2024-01-31T23:59:59.999Z', '2024-02-01T00:00:00.000Z', '2024-02-29T12:00:00.000Z'];

    it('makes the partitions of this month and the next two', async () => {
      await connect();
      expect(await partitions()).to.deep.equal(namesAhead(3));
    });

    it('makes them once, however many processes begin', async () => {
      await Promise.all(Array.from({ length: 5 }, () => connect()));
      expect(await partitions()).to.deep.equal(namesAhead(3));
    });

    it('makes those of other months when records of them come', async () => {
      const storage = await connect();
      const records = OLD.map((text) => recordAt(text));
      await storeAll(storage, records);
      expect(await partitions()).to.deep.equal(['koa_usage_2024_01', 'koa_usage_2024_02', ...namesAhead(3)]);
      const { rows } = await client.query('select id from only koa_usage_2024_02');
      expect(rows.map(({ id }: { id: string }) => id)).to.have.members(ids(records.slice(1)));
      expect(await left(storage)).to.deep.equal(ids(records.toSorted(newestFirst)));
    });

    it('drops the months that are too old as a whole, and tells how many records', async () => {
      const storage = await connect();
      const records = OLD.map((text) => recordAt(text));
      await storeAll(storage, records);
      const date = new Date('2024-02-29T12:00:00.000Z');
      expect(await storage.dropBefore?.(date, signal)).to.equal(1);
      expect(await partitions()).to.deep.equal(['koa_usage_2024_02', ...namesAhead(3)]);
      expect(await storage.deleteBefore(date, 100, signal)).to.equal(1);
      expect(await left(storage)).to.deep.equal(ids(records.slice(2)));
      expect(await storage.dropBefore?.(new Date('2024-03-01'), signal)).to.equal(1);
      expect(await partitions()).to.deep.equal(namesAhead(3));
    });
  });
});
