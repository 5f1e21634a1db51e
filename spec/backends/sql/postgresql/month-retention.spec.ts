import { expect } from 'chai';
import type pg from 'pg';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { trackUsage } from '../../../../src/index.js';
import type { UsageRecord } from '../../../../src/record/usage-record.js';
import { ids, storeAll } from '../../../../src/testing/contract/steps.js';
import { caught } from '../../../support/caught.js';
import { describeOn } from '../../../support/describe-on.js';
import { monthFromNow, nameOf, namesAhead, partitionsOf, recordAt } from '../../../support/months.js';
import { connectPostgres, postgresClient } from '../../../support/postgresql.js';
import type { FreshDatabase } from '../../../support/servers.js';
import { answersOf } from '../../../support/summarized.js';
import { until } from '../../../support/until.js';

const { signal } = new AbortController();

const JANUARY = ['2024-01-01T00:00:00.000Z', '2024-01-15T12:00:00.000Z', '2024-01-31T23:59:59.999Z'];
const FEBRUARY = ['2024-02-01T00:00:00.000Z', '2024-02-29T12:00:00.000Z'];
const LONG = { days: 3650 };
const BEFORE_MARCH = new Date('2024-03-01T00:00:00.000Z');

describeOn('postgresql', (server) => {
  describe('Months of PostgreSQL that are too old', () => {
    let database: FreshDatabase;
    let client: pg.Client;
    let storage: SqlStorage;
    let records: UsageRecord[];
    const opened: { close(): Promise<unknown> }[] = [];

    before(async () => {
      database = await server().freshDatabase();
      client = await postgresClient(database);
    });

    beforeEach(async () => {
      storage = await connect();
      records = [...JANUARY, ...FEBRUARY].map((text) => recordAt(text));
      await storeAll(storage, records);
    });

    afterEach(async () => {
      for (const one of opened.splice(0).toReversed()) await one.close();
      await client.query(
        'drop table if exists koa_usage, koa_usage_summary, koa_usage_2024_01, koa_usage_2024_02',
      );
    });

    after(async () => {
      await client.end();
      await database.drop();
    });

    const connect = async (): Promise<SqlStorage> => {
      const one = await connectPostgres(database, { partition: 'month' });
      opened.push(one);
      return one;
    };

    const drop = (one: SqlStorage, date: Date, waited = signal): Promise<number> => {
      if (one.dropBefore === undefined) throw new Error('The storage drops nothing.');
      return one.dropBefore(date, waited);
    };

    const kept = async (): Promise<string[]> => ids(await storage.reader.getUsage({ limit: 100 }));

    const tables = async (): Promise<string[]> => {
      const sql =
        "select relname as name from pg_class where relname like 'koa_usage_2024%' and relkind = 'r' order by 1";
      const { rows } = await client.query<{ name: string }>(sql);
      return rows.map(({ name }) => name);
    };

    it('are dropped as a whole, and the month of the date is left to be deleted row by row', async () => {
      const date = new Date(FEBRUARY[1] as string);
      expect(await drop(storage, date)).to.equal(JANUARY.length);
      expect(await tables()).to.deep.equal(['koa_usage_2024_02']);
      expect(await storage.deleteBefore(date, 100, signal)).to.equal(1);
      expect(await kept()).to.deep.equal(ids(records.slice(-1)));
      expect(await drop(storage, new Date(BEFORE_MARCH.getTime() - 1))).to.equal(0);
      expect(await drop(storage, BEFORE_MARCH)).to.equal(1);
      expect(await partitionsOf(client)).to.deep.equal(namesAhead(3));
    });

    it('are dropped by several processes at once, and counted once', async () => {
      const others = await Promise.all([connect(), connect()]);
      const counts = await Promise.all([storage, ...others].map((one) => drop(one, BEFORE_MARCH)));
      await drop(storage, BEFORE_MARCH);
      expect(counts.reduce((sum, count) => sum + count)).to.equal(records.length);
      expect(await tables()).to.deep.equal([]);
    });

    it('are made anew when a record of them comes again', async () => {
      await drop(storage, BEFORE_MARCH);
      await storeAll(storage, records.slice(0, 1));
      expect(await kept()).to.deep.equal(ids(records.slice(0, 1)));
      expect(await drop(storage, BEFORE_MARCH)).to.equal(1);
    });

    it('are left to be deleted row by row where a record of one is newer than its id', async () => {
      const odd = recordAt('2024-01-31T00:00:00.000Z');
      await storeAll(storage, [odd]);
      await client.query('update koa_usage set date = $1 where id = $2', [BEFORE_MARCH, odd.id]);
      expect(await drop(storage, BEFORE_MARCH)).to.equal(FEBRUARY.length);
      expect(await storage.deleteBefore(BEFORE_MARCH, 100, signal)).to.equal(JANUARY.length);
      expect(await kept()).to.deep.equal([odd.id]);
    });

    it('are left to be deleted row by row where a view reads one', async () => {
      await client.query('create view january as select * from koa_usage_2024_01');
      expect(await drop(storage, BEFORE_MARCH)).to.equal(FEBRUARY.length);
      expect(await storage.deleteBefore(BEFORE_MARCH, 1, signal)).to.equal(1);
      await client.query('drop view january');
      expect(await drop(storage, BEFORE_MARCH)).to.equal(JANUARY.length - 1);
      expect(await tables()).to.deep.equal([]);
    });

    it('are left to be deleted row by row beside a default partition, and while a transaction uses the table for long', async () => {
      await client.query('create table koa_usage_rest partition of koa_usage default');
      expect(await drop(storage, BEFORE_MARCH)).to.equal(0);
      await client.query('drop table koa_usage_rest');
      const reader = await postgresClient(database);
      await reader.query('begin; select count(*) from koa_usage');
      await until(
        async () => {
          const { rows } = await reader.query("select clock_timestamp() > now() + interval '5 s' as is_old");
          return (rows[0] as { is_old: boolean }).is_old;
        },
        'the transaction is five seconds old',
        100,
      );
      expect(await drop(storage, BEFORE_MARCH)).to.equal(0);
      await reader.query('commit');
      expect(await drop(storage, BEFORE_MARCH)).to.equal(records.length);
      await reader.end();
    });

    it('end no later than they are waited for, and let others write meanwhile', async () => {
      const reader = await postgresClient(database);
      await reader.query('begin; select count(*) from koa_usage');
      const abort = new AbortController();
      const dropping = caught(drop(storage, BEFORE_MARCH, abort.signal));
      await until(
        async () => !(await partitionsOf(client)).includes('koa_usage_2024_01'),
        'it waits for the reader',
      );
      const [fresh, late] = [recordAt(new Date().toJSON()), recordAt('2023-12-24T00:00:00.000Z')];
      await storeAll(storage, [fresh]);
      abort.abort(new Error('enough'));
      expect(await dropping).to.have.nested.property('cause.message', 'enough');
      await reader.query('commit');
      await until(
        async () => (await drop(storage, BEFORE_MARCH)) === 0 && (await tables()).length === 0,
        'all are dropped',
      );
      await storeAll(storage, [late]);
      expect(await kept()).to.deep.equal(ids([fresh, late]));
      await reader.end();
    });

    it('go between marks: what was summed up of them is counted anew', async () => {
      const { tracker } = trackUsage({ storage, serverName: 'spec', logger: { warn() {}, error() {} } });
      opened.push(tracker);
      await tracker.rebuildSummaries();
      const ask = () => storage.reader.getSummary({ by: 'server', period: 'total' });
      const before = await ask();
      expect(before.folded).to.be.above(0);
      expect(before.rows[0]).to.include({ hits: records.length });
      await drop(storage, new Date('2024-02-01'));
      expect((await ask()).rows[0]).to.include({ hits: FEBRUARY.length });
    });

    it('go once their days are sealed, are counted, and leave every answer of summaries as it was', async () => {
      const ages = [3, 2, 2, 1].map((months) => monthFromNow(-months).getTime() + 3_600_000);
      const since = ages.map((ms) => recordAt(new Date(ms).toJSON()));
      await storeAll(storage, [...since, recordAt(new Date().toJSON())]);
      const { tracker } = trackUsage({
        storage,
        serverName: 'spec',
        logger: { warn() {}, error() {} },
        retention: { records: { days: 20 }, hours: LONG, days: LONG, callers: LONG },
      });
      opened.push(tracker);
      const answers = () => answersOf((query) => storage.reader.getSummary(query as never));
      const before = await answers();
      const { deleted } = (await tracker.prune()) ?? {};
      const cut = Date.now() - 20 * 86_400_000;
      expect(deleted)
        .to.be.at.least(records.length + 3)
        .and.at.most(records.length + 4);
      expect(await answers()).to.deep.equal(before);
      const expected = [nameOf(monthFromNow(-1))].filter(() => cut < monthFromNow(0).getTime());
      expect(await partitionsOf(client)).to.deep.equal([...expected, ...namesAhead(3)]);
      const error = await caught(
        storage.store(since.slice(0, 1), signal).then(({ refused }) => {
          throw refused[0]?.error;
        }),
      );
      expect(error).to.include({ code: 'RECORD_EXPIRED' });
    });
  });
});
