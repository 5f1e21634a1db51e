import { readFile } from 'node:fs/promises';
import { expect } from 'chai';
import type pg from 'pg';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { trackUsage } from '../../../../src/index.js';
import { firstIdAt } from '../../../../src/record/record-id.js';
import { storeAll } from '../../../../src/testing/contract/steps.js';
import { caught } from '../../../support/caught.js';
import { describeOn } from '../../../support/describe-on.js';
import { partitionsOf, recordAt } from '../../../support/months.js';
import { connectPostgres, postgresClient } from '../../../support/postgresql.js';
import type { FreshDatabase } from '../../../support/servers.js';
import { until } from '../../../support/until.js';

const { signal } = new AbortController();

const JANUARY = ['2024-01-01T00:00:00.000Z', '2024-01-15T12:00:00.000Z', '2024-01-31T23:59:59.999Z'];
const FEBRUARY = ['2024-02-01T00:00:00.000Z', '2024-02-29T12:00:00.000Z'];
const BEFORE_FEBRUARY = new Date('2024-02-01');
const BEFORE_MARCH = new Date('2024-03-01');

/** A cut that January is not wholly before. */
const IN_JANUARY = new Date('2024-01-10');

const [FIRST_ID, NEXT_ID] = [0, 1].map((month) => firstIdAt(Date.UTC(2024, month)));
const BOUNDS = `FOR VALUES FROM ('${FIRST_ID}') TO ('${NEXT_ID}')`;
const NOTE = `koa-track-usage: of public.koa_usage, and to be dropped; ${BOUNDS}`;
const NOTING = `comment on table koa_usage_2024_01 is '${NOTE.replaceAll("'", "''")}'`;
const DETACHING = 'alter table koa_usage detach partition koa_usage_2024_01';

describeOn('postgresql', (server) => {
  describe('Months of PostgreSQL that are detached', () => {
    let database: FreshDatabase;
    let client: pg.Client;
    let storage: SqlStorage;

    before(async () => {
      database = await server().freshDatabase();
      client = await postgresClient(database);
    });

    beforeEach(async () => {
      storage = await connectPostgres(database, { partition: 'month' });
      await storeAll(
        storage,
        [...JANUARY, ...FEBRUARY].map((text) => recordAt(text)),
      );
    });

    afterEach(async () => {
      await storage.close();
      await client.query(
        'drop table if exists koa_usage, koa_usage_summary, koa_usage_2024_01, koa_usage_2024_02 cascade',
      );
    });

    after(async () => {
      await client.end();
      await database.drop();
    });

    const drop = (date: Date, waited = signal): Promise<number> => {
      if (storage.dropBefore === undefined) throw new Error('The storage drops nothing.');
      return storage.dropBefore(date, waited);
    };

    const count = (): Promise<number> => storage.reader.countUsage();

    /** January's table: its note, and whether it is a partition; null if there is none. */
    const january = async (): Promise<object | null> => {
      const { rows } = await client.query<object>(
        "select relispartition as attached, obj_description(oid, 'pg_class') as note from pg_class where relname = 'koa_usage_2024_01'",
      );
      return rows[0] ?? null;
    };

    /** Begins to detach January, and ends the process that does so while it waits for a reader. */
    async function detachHalfway(): Promise<void> {
      const reader = await postgresClient(database);
      const dying = await postgresClient(database);
      await reader.query('begin; select count(*) from koa_usage');
      const detaching = dying.query(`${DETACHING} concurrently`).catch(() => {});
      await until(
        async () => !(await partitionsOf(client)).includes('koa_usage_2024_01'),
        'it waits for the reader',
      );
      await client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where query like '%concurrently' and pid <> pg_backend_pid()",
      );
      await Promise.all([detaching, dying.end().catch(() => {}), reader.query('commit')]);
      await reader.end();
    }

    const HALFWAY: readonly (readonly [where: string, leave: () => Promise<unknown>])[] = [
      ['before it detached one', async () => {}],
      ['while it detached one', detachHalfway],
      ['behind that', () => client.query(`${DETACHING} concurrently`)],
    ];

    for (const [where, leave] of HALFWAY) {
      it(`are dropped by the next run where a process has died ${where}`, async () => {
        await client.query(NOTING);
        await leave();
        expect(await drop(BEFORE_FEBRUARY)).to.equal(JANUARY.length);
        expect(await january()).to.equal(null);
        expect(await count()).to.equal(FEBRUARY.length);
      });

      it(`are brought back where a process has died ${where}, and retention keeps them meanwhile`, async () => {
        await client.query(NOTING);
        await leave();
        expect(await drop(IN_JANUARY)).to.equal(0);
        expect(await january()).to.deep.equal({ attached: true, note: null });
        expect(await count()).to.equal(JANUARY.length + FEBRUARY.length);
        // Nothing of that is left over: a person who detaches the month now keeps it.
        await client.query(DETACHING);
        expect(await drop(BEFORE_MARCH)).to.equal(FEBRUARY.length);
        expect(await january()).to.deep.equal({ attached: false, note: null });
      });
    }

    it('are brought back between marks: what was summed up without them is counted anew', async () => {
      const { tracker } = trackUsage({ storage, serverName: 'spec', logger: { warn() {}, error() {} } });
      await tracker.rebuildSummaries();
      await client.query(NOTING);
      await client.query(DETACHING);
      await tracker.rebuildSummaries();
      const ask = () => storage.reader.getSummary({ by: 'server', period: 'total' });
      expect((await ask()).rows[0]).to.include({ hits: FEBRUARY.length });
      await drop(IN_JANUARY);
      expect((await ask()).rows[0]).to.include({ hits: JANUARY.length + FEBRUARY.length });
      await tracker.close();
    });

    it('are kept where they are to be, and others hold their ids, with what to do', async () => {
      await client.query(NOTING);
      await client.query(DETACHING);
      await client.query(`create table koa_usage_other partition of koa_usage ${BOUNDS}`);
      await storeAll(storage, [recordAt('2023-12-24T00:00:00.000Z')]);
      expect(await drop(IN_JANUARY)).to.equal(1);
      const error = await caught(drop(IN_JANUARY));
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      const [, sql = ''] = / or run: (comment on table [^;]*;)/.exec(error.message) ?? [];
      await client.query(sql);
      expect(await drop(BEFORE_MARCH)).to.equal(FEBRUARY.length);
      expect(await january()).to.deep.equal({ attached: false, note: null });
    });

    it('are told of where something depends on one, with what to do, and the others are dropped', async () => {
      await client.query('create table koa_usage_other (one koa_usage_2024_01)');
      expect(await drop(BEFORE_MARCH)).to.equal(FEBRUARY.length);
      const error = await caught(drop(BEFORE_MARCH));
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.include('koa_usage_other');
      const [, sql = ''] = / or run: (drop table .* cascade;)/.exec(error.message) ?? [];
      await client.query(`${sql} drop table koa_usage_other`);
      expect(await drop(BEFORE_MARCH)).to.equal(0);
    });

    it('are left for the next run where one cannot be read now, and the others are dropped', async () => {
      await client.query(
        `${NOTING}; ${DETACHING}; alter database ${database.name} set lock_timeout = '100ms'`,
      );
      const hasty = await connectPostgres(database, { partition: 'month' });
      await client.query('begin; lock table koa_usage_2024_01');
      expect(await hasty.dropBefore?.(BEFORE_MARCH, signal)).to.equal(FEBRUARY.length);
      await client.query(`commit; alter database ${database.name} reset lock_timeout`);
      expect(await january()).to.deep.equal({ attached: false, note: NOTE });
      await hasty.close();
    });

    it('are left alone where a note is another schema’s, or has bounds that are none', async () => {
      const others = [NOTE.replace('public', 'other'), `${NOTE}; drop table koa_usage; --`];
      await client.query(DETACHING);
      for (const note of others) {
        await client.query(`comment on table koa_usage_2024_01 is '${note.replaceAll("'", "''")}'`);
        expect(await drop(IN_JANUARY)).to.equal(0);
        expect(await drop(BEFORE_FEBRUARY)).to.equal(0);
        expect(await january()).to.deep.equal({ attached: false, note });
      }
    });

    /** Detaches January, and reads it in a transaction that is left open. */
    async function readDetached(): Promise<pg.Client> {
      const reader = await postgresClient(database);
      await client.query(NOTING);
      await client.query(`${DETACHING} concurrently`);
      await reader.query('begin; lock table koa_usage_2024_01 in access share mode');
      return reader;
    }

    const untilItWaits = (): Promise<void> =>
      until(async () => {
        const sql =
          "select from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";
        return (await client.query(sql)).rows.length === 1;
      }, 'it waits for the reader');

    it('are not dropped where they were attached again meanwhile', async () => {
      const reader = await readDetached();
      const dropping = drop(BEFORE_FEBRUARY);
      await untilItWaits();
      await reader.query(`alter table koa_usage attach partition koa_usage_2024_01 ${BOUNDS}; commit`);
      expect(await dropping).to.equal(0);
      expect(await count()).to.equal(JANUARY.length + FEBRUARY.length);
      await reader.end();
    });

    it('are counted where nobody waits any more for the end of dropping one', async () => {
      const reader = await readDetached();
      const abort = new AbortController();
      const dropping = drop(BEFORE_MARCH, abort.signal);
      await untilItWaits();
      abort.abort(new Error('enough'));
      await reader.query('commit');
      expect(await dropping).to.equal(JANUARY.length);
      expect(await count()).to.equal(FEBRUARY.length);
      await reader.end();
    });

    it('are counted where nobody waits any more for those that follow', async () => {
      const reader = await postgresClient(database);
      await reader.query('begin; lock table koa_usage_2024_02 in access share mode');
      const abort = new AbortController();
      const dropping = drop(BEFORE_MARCH, abort.signal);
      await untilItWaits();
      abort.abort(new Error('enough'));
      expect(await dropping).to.equal(JANUARY.length);
      await reader.query('commit');
      await reader.end();
    });

    it('are left for the next run where somebody reads one for long', async () => {
      const reader = await readDetached();
      expect(await drop(BEFORE_MARCH)).to.equal(0);
      expect(await january()).to.deep.equal({ attached: false, note: NOTE });
      await reader.query('commit');
      expect(await drop(BEFORE_MARCH)).to.equal(JANUARY.length + FEBRUARY.length);
      await reader.end();
    });

    it('are left alone where they were detached as the docs say, whatever record comes', async () => {
      const [, sql = ''] =
        /<!-- detaching -->\s+```sql\n([^]*?)```/.exec(await readFile('docs/storages.md', 'utf8')) ?? [];
      await client.query(NOTING);
      await client.query(sql);
      const late = await caught(storage.store([recordAt('2024-01-20T00:00:00.000Z')], signal));
      expect(late).to.include({ code: 'STORAGE_SETUP' });
      expect(await drop(BEFORE_MARCH)).to.equal(FEBRUARY.length);
      expect(await january()).to.deep.equal({ attached: false, note: 'kept for the auditors' });
      const { rows } = await client.query('select from koa_usage_2024_01');
      expect(rows).to.have.lengthOf(JANUARY.length);
    });

    it('are kept where somebody else has begun to detach them', async () => {
      await detachHalfway();
      // PostgreSQL detaches no other one meanwhile.
      expect(await drop(BEFORE_MARCH)).to.equal(0);
      expect(await january()).to.deep.equal({ attached: true, note: null });
    });

    for (const [where, leave] of HALFWAY.slice(1)) {
      it(`come back when a record of one needs it, where a process has died ${where}`, async () => {
        await client.query(NOTING);
        await leave();
        await storeAll(storage, [recordAt('2024-01-20T00:00:00.000Z')]);
        expect(await count()).to.equal(JANUARY.length + FEBRUARY.length + 1);
        expect(await january()).to.deep.equal({ attached: true, note: null });
      });
    }
  });
});
