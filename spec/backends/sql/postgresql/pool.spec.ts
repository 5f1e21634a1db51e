import { type MikroORM, type Options, defineEntity, p } from '@mikro-orm/core';
import { Kysely } from '@mikro-orm/sql';
import { expect } from 'chai';
import { PostgresDialect } from 'kysely';
import { type Client, Pool } from 'pg';
import { SqlStorage, Usage } from '../../../../src/backends/sql/index.js';
import { caught } from '../../../support/caught.js';
import { describeOn } from '../../../support/describe-on.js';
import { connectPostgres, initPostgresOrm, postgresClient } from '../../../support/postgresql.js';
import { makeRecord, makeRecords } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';
import { until } from '../../../support/until.js';

const { signal } = new AbortController();
const Note = defineEntity({ name: 'Note', properties: { id: p.integer().primary(), body: p.string() } });

/** The ways to the server: pg's pool, and Kysely where the application makes its connections ready, or Kysely itself. */
const WAYS: Record<string, (url: string) => Partial<Options>> = {
  "pg's pool": () => ({}),
  'connections made ready': () => ({ onReserveConnection: async () => {} }),
  'a Kysely of its own': (connectionString) => ({
    driverOptions: new Kysely({
      dialect: new PostgresDialect({ pool: new Pool({ connectionString, max: 2 }) }),
    }),
  }),
};

for (const [title, options] of Object.entries(WAYS)) {
  const isNative = title === "pg's pool";

  describeOn('postgresql', (server) => {
    describe(`SqlStorage beside the application on ${title}`, function () {
      this.timeout(30_000);
      let database: FreshDatabase;
      let orm: MikroORM;
      let storage: SqlStorage;
      let other: Client;

      before(async () => {
        database = await server().freshDatabase();
        other = await postgresClient(database);
        orm = await initPostgresOrm(database, {
          entities: [Usage, Note],
          pool: { max: 2 },
          ...options(database.url),
        });
        await orm.schema.create();
      });

      beforeEach(async () => {
        storage = new SqlStorage(orm);
        await other.query('truncate koa_usage, note');
      });

      after(async () => {
        await orm.close(true);
        await other.end();
        await database.drop();
      });

      /** How many of our inserts the server is busy with, or waits for a lock with. */
      const busyInserts = async (): Promise<number> => {
        // Within a transaction, the statistics are as they were when it first asked.
        await other.query('select pg_stat_clear_snapshot()');
        const { rows } = await other.query<{ n: number }>(
          "select count(*)::int as n from pg_stat_activity where state = 'active' and query like 'insert into %koa_usage%' and pid <> pg_backend_pid() and datname = current_database()",
        );
        return rows[0]?.n ?? 0;
      };

      /** Does something while another program keeps every writer waiting. */
      const whileLocked = async (body: () => Promise<void>): Promise<void> => {
        await other.query('begin; lock table koa_usage in exclusive mode');
        try {
          await body();
        } finally {
          await other.query('rollback');
        }
      };

      it("stores during the application's transaction, and outlives its rollback", async () => {
        const records = makeRecords(2);
        const error = await caught(
          orm.em.fork().transactional(async (em) => {
            await em.insert(Note, { id: 1, body: 'gone' });
            await storage.store(records, signal);
            throw new Error('changed my mind');
          }),
        );
        expect(error.message).to.equal('changed my mind');
        expect(await storage.reader.getUsage()).to.deep.equal(records.toReversed());
        expect(await orm.em.fork().count(Note)).to.equal(0);
      });

      it("keeps out of the application's transaction: others see the records before its commit", async () => {
        const record = makeRecord();
        await orm.em.fork().transactional(async (em) => {
          await em.insert(Note, { id: 1, body: 'kept' });
          await storage.store([record], signal);
          const { rows } = await other.query('select id from koa_usage');
          expect(rows).to.deep.equal([{ id: record.id }]);
        });
        expect(await orm.em.fork().count(Note)).to.equal(1);
      });

      it('gives up an exhausted pool when the tracker does, and takes no connection twice', async () => {
        const holders = [orm.em.fork(), orm.em.fork()];
        for (const em of holders) await em.begin();
        const records = makeRecords(2);
        for (let attempt = 0; attempt < 3; attempt += 1) {
          const abort = new AbortController();
          const storing = caught(storage.store(records, abort.signal));
          await new Promise((resolve) => setImmediate(resolve));
          abort.abort(new Error('too slow'));
          expect((await storing).message).to.include('too slow');
        }
        for (const em of holders) await em.rollback();
        expect(await storage.store(records, signal)).to.deep.equal({ stored: 2, refused: [] });
        // Both connections are back.
        for (const em of holders) await em.begin();
        for (const em of holders) await em.rollback();
        expect(await storage.reader.getUsage()).to.have.length(2);
      });

      it('rejects at once when the tracker stops waiting, and stores the batch later, once', async () => {
        const records = makeRecords(3);
        await whileLocked(async () => {
          const abort = new AbortController();
          const storing = caught(storage.store(records, abort.signal));
          await until(async () => (await busyInserts()) === 1, 'the insert waits for the lock');
          abort.abort(new Error('too slow'));
          expect((await storing).message).to.include('too slow');
        });
        expect(await storage.store(records, signal)).to.deep.equal({ stored: 3, refused: [] });
        expect(await storage.reader.getUsage()).to.have.length(3);
        expect(await orm.em.fork().count(Note)).to.equal(0);
      });

      it('never has two inserts waiting in the server, however many attempts were given up', async () => {
        await whileLocked(async () => {
          for (let attempt = 0; attempt < 4; attempt += 1) {
            const abort = new AbortController();
            const storing = caught(storage.store(makeRecords(1), abort.signal));
            await until(async () => (await busyInserts()) === 1, 'one insert waits for the lock');
            abort.abort(new Error('too slow'));
            await storing;
          }
          expect(await busyInserts()).to.be.at.most(1);
        });
      });

      if (isNative) {
        it('closes a connection of its own without waiting for a lock that others hold', async () => {
          const own = await connectPostgres(database);
          await whileLocked(async () => {
            const storing = caught(own.store(makeRecords(1), signal));
            await until(async () => (await busyInserts()) === 1, 'the insert waits for the lock');
            await own.close();
            expect(await storing).to.include({ code: 'STORAGE_CLOSED' });
            expect(await busyInserts()).to.equal(1);
          });
        });
      }
    });
  });
}
