import type { MikroORM } from '@mikro-orm/core';
import { expect } from 'chai';
import type { Client } from 'pg';
import { TrackUsageError } from '../../../../src/errors.js';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { caught } from '../../../support/caught.js';
import { describeOn } from '../../../support/describe-on.js';
import { laneTo } from '../../../support/pipelines.js';
import { initPostgresOrm, postgresClient } from '../../../support/postgresql.js';
import { makeRecord, makeRecords } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';
import { until } from '../../../support/until.js';

const { signal } = new AbortController();

describeOn('postgresql', (server) => {
  describe('SqlStorage and what PostgreSQL objects to', () => {
    let database: FreshDatabase;
    let client: Client;
    let orm: MikroORM;
    let storage: SqlStorage;

    before(async () => {
      database = await server().freshDatabase();
      client = await postgresClient(database);
      orm = await initPostgresOrm(database);
    });

    beforeEach(async () => {
      await orm.schema.refresh();
      storage = new SqlStorage(orm);
    });

    after(async () => {
      await orm.close(true);
      await client.end();
      await database.drop();
    });

    const failure = async (): Promise<TrackUsageError> => {
      const error = await caught(storage.store(makeRecords(2), signal));
      expect(error).to.be.an.instanceOf(TrackUsageError);
      return error as TrackUsageError;
    };

    for (const [breaking, says, mending] of [
      ['drop table koa_usage', /"koa_usage" does not exist.*run the migrations/i, null],
      ['alter table koa_usage drop column weight', /column "weight".*run the migrations/i, null],
      [
        'alter table koa_usage drop constraint koa_usage_pkey',
        /alter table "koa_usage" add primary key \("id"\);$/,
        'alter table koa_usage add primary key (id)',
      ],
    ] as const) {
      it(`is broken after: ${breaking}; and goes on when that is mended`, async () => {
        await storage.store([makeRecord()], signal);
        await client.query(breaking);
        const error = await failure();
        expect(error.code).to.equal('STORAGE_SETUP');
        expect(error.message).to.match(says);
        if (mending === null) await orm.schema.refresh();
        else await client.query(mending);
        expect(await storage.store(makeRecords(2), signal)).to.deep.equal({ stored: 2, refused: [] });
      });
    }

    for (const [title, sql] of [
      ['a check', "alter table koa_usage add check (username <> 'mallory')"],
      ['a unique index', "create unique index on koa_usage ((username)) where username = 'mallory'"],
      [
        'a trigger',
        `create or replace function refuse() returns trigger language plpgsql as $$ begin raise 'no mallory'; end $$;
         create trigger refuse before insert on koa_usage for each row when (new.username = 'mallory') execute function refuse()`,
      ],
    ] as const) {
      it(`has the tracker drop just the record that ${title} of the application refuses`, async () => {
        await client.query(sql);
        if (title === 'a unique index') await storage.store([makeRecord({ username: 'mallory' })], signal);
        const before = (await storage.reader.getUsage()).length;
        const { pipeline } = laneTo(storage);
        const wrong = makeRecord({ username: 'mallory' });
        for (const record of [...makeRecords(5), wrong, ...makeRecords(6)]) pipeline.accept(record);
        await pipeline.flush();
        const { stored, queued, dropped } = pipeline.stats();
        expect({ stored, queued, refused: dropped.refused }).to.deep.equal({
          stored: 11,
          queued: 0,
          refused: 1,
        });
        expect(await storage.reader.getUsage()).to.have.length(before + 11);
        await pipeline.close(0);
      });
    }

    it('may be tried again when its connection is cut, and is', async () => {
      await client.query('begin; lock table koa_usage in exclusive mode');
      const storing = failure();
      const insert =
        "query like 'insert into %koa_usage%' and datname = current_database() and pid <> pg_backend_pid()";
      await until(async () => {
        // Within a transaction, the statistics are as they were when it first asked.
        await client.query('select pg_stat_clear_snapshot()');
        const { rowCount } = await client.query(
          `select pg_terminate_backend(pid) from pg_stat_activity where wait_event_type = 'Lock' and ${insert}`,
        );
        return rowCount === 1;
      }, 'the connection is cut');
      expect((await storing).code).to.equal('STORAGE_UNAVAILABLE');
      await client.query('rollback');
      expect(await storage.store(makeRecords(2), signal)).to.deep.equal({ stored: 2, refused: [] });
    });

    it('may be tried again on another connection when its transaction took too long', async function () {
      // Older servers bound no transactions.
      if (Number(/\d+/.exec(server().description)) < 17) this.skip();
      const options = { options: '-c transaction_timeout=100ms' };
      const bounded = await initPostgresOrm(database, { pool: { max: 1 }, driverOptions: options });
      storage = new SqlStorage(bounded);
      await client.query('begin; lock table koa_usage in exclusive mode');
      for (const { message } of [await failure(), await failure()])
        expect(message).to.include('due to transaction timeout');
      await client.query('rollback');
      await storage.store(makeRecords(2), signal);
      await bounded.close(true);
    });

    it('may be tried again on a server that only reads', async () => {
      const readOnly = await initPostgresOrm(database, {
        driverOptions: { options: '-c default_transaction_read_only=on' },
      });
      storage = new SqlStorage(readOnly);
      expect((await failure()).code).to.equal('STORAGE_UNAVAILABLE');
      await readOnly.close(true);
    });
  });
});
