import { MikroORM, defineEntity, p } from '@mikro-orm/core';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { expect } from 'chai';
import { Usage } from '../../../../src/backends/sql/index.js';
import { portableDialect } from '../../../../src/backends/sql/portable/dialect.js';
import type { SqlWriter } from '../../../../src/backends/sql/dialect.js';
import { findUsageTable } from '../../../../src/backends/sql/usage-table.js';
import { caught } from '../../../support/caught.js';
import { describeOn } from '../../../support/describe-on.js';
import { makeRecord, makeRecords } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';
import { until } from '../../../support/until.js';

const { signal } = new AbortController();
const Note = defineEntity({ name: 'Note', properties: { id: p.integer().primary(), body: p.string() } });

describe("The portable writer on the application's MikroORM", () => {
  describeOn('postgresql', (server) => {
    let database: FreshDatabase;
    let orms: MikroORM[] = [];
    let orm: MikroORM;
    let writer: SqlWriter;

    before(async () => {
      database = await server().freshDatabase();
    });

    after(() => database.drop());

    beforeEach(async () => {
      orm = await connect();
      await orm.schema.refresh();
      writer = writerOn(orm);
    });

    afterEach(async () => {
      await Promise.all(orms.map((one) => one.close(true)));
      orms = [];
    });

    async function connect(max = 4): Promise<MikroORM> {
      const made = await MikroORM.init({
        driver: PostgreSqlDriver,
        clientUrl: database.url,
        entities: [Usage, Note],
        pool: { min: 0, max },
      });
      orms.push(made);
      return made;
    }

    const writerOn = (on: MikroORM): SqlWriter => portableDialect.createWriter(on, findUsageTable(on), false);
    const execute = (sql: string): Promise<unknown> => orm.em.getConnection().execute(sql);
    const count = (): Promise<number> => orm.em.fork().count(Usage);

    it("is neither in the application's transaction, nor rolled back with it", async () => {
      const transaction = orm.em.fork().transactional(async (em) => {
        await em.insert(Note, { id: 1, body: 'gone' });
        await writer.write(makeRecords(3), signal);
        throw new Error('changed my mind');
      });
      expect((await caught(transaction)).message).to.equal('changed my mind');
      expect(await count()).to.equal(3);
      expect(await orm.em.fork().count(Note)).to.equal(0);
    });

    it("harms no transaction of the application's when it is refused", async () => {
      await execute("alter table koa_usage add check (username <> 'mallory')");
      await orm.em.fork().transactional(async (em) => {
        await em.insert(Note, { id: 1, body: 'kept' });
        expect(await caught(writer.write(makeRecords(2, { username: 'mallory' }), signal))).to.include({
          code: 'BATCH_REFUSED',
        });
      });
      expect(await orm.em.fork().count(Note)).to.equal(1);
      expect(await count()).to.equal(0);
    });

    it('gives up at once when the pool is exhausted, and gives back what comes too late', async () => {
      const small = await connect(1);
      const frugal = writerOn(small);
      const abort = new AbortController();
      await small.em.fork().transactional(async (em) => {
        const writing = caught(frugal.write(makeRecords(2), abort.signal));
        const next = new AbortController();
        const queued = caught(frugal.write(makeRecords(2), next.signal));
        await em.count(Note);
        abort.abort(new Error('too slow'));
        next.abort(new Error('too slow'));
        expect(await writing).to.include({ code: 'STORAGE_UNAVAILABLE' });
        expect(await queued).to.include({ code: 'STORAGE_UNAVAILABLE' });
      });
      expect(await count()).to.equal(0);
      expect(await frugal.write(makeRecords(2), signal)).to.deep.equal({ stored: 2, refused: [] });
      expect(await small.em.fork().count(Usage)).to.equal(2);
    });

    it('leaves one row an id where several processes write overlapping batches, in any order', async () => {
      const writers = [writer, writerOn(await connect()), writerOn(await connect())];
      const batch = makeRecords(300);
      const results = await Promise.all([
        writers[0]?.write(batch, signal),
        writers[1]?.write(batch.toReversed(), signal),
        writers[2]?.write(batch.slice(100), signal),
      ]);
      expect(results.map((result) => result?.stored)).to.deep.equal([300, 300, 200]);
      expect(await count()).to.equal(300);
    });

    it('looks again when another transaction commits one of the ids meanwhile', async () => {
      const batch = makeRecords(5);
      const other = await connect();
      let writing: Promise<unknown> = Promise.resolve();
      await other.em.fork().transactional(async (em) => {
        const [first] = batch;
        if (first === undefined) return;
        const { userAgent: _userAgent, ...fields } = first;
        await em.insert(Usage, {
          ...fields,
          uaBrowser: null,
          uaVersion: null,
          uaPlatform: null,
          uaLanguage: null,
          uaString: null,
        });
        writing = writer.write(batch, signal);
        await untilSomebodyWaits();
      });
      expect(await writing).to.deep.equal({ stored: 5, refused: [] });
      expect(await count()).to.equal(5);
    });

    const BLOCKED = "from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()";

    async function untilSomebodyWaits(): Promise<void> {
      await until(async () => {
        const rows: unknown[] = await orm.em.getConnection().execute(`select 1 ${BLOCKED}`);
        return rows.length > 0;
      }, 'somebody waits for the lock');
    }

    it("refuses a record that a unique index of the application's does not take", async () => {
      await execute('create unique index once on koa_usage (username)');
      await writer.write([makeRecord({ username: 'ada' })], signal);
      const again = makeRecord({ username: 'ada' });
      const other = makeRecord({ username: 'bob' });
      expect(await caught(writer.write([other, again], signal))).to.include({ code: 'BATCH_REFUSED' });
      const refusal = await caught(writer.write([again], signal));
      expect(refusal).to.include({ code: 'BATCH_REFUSED' });
      expect(refusal.message).to.include('once');
      expect(await writer.write([other], signal)).to.deep.equal({ stored: 1, refused: [] });
    });

    for (const [title, sql] of [
      ['table is missing', 'drop table koa_usage'],
      ['column is missing', 'alter table koa_usage drop column weight'],
    ] as const) {
      it(`says what to do when the ${title}`, async () => {
        await execute(sql);
        const error = await caught(writer.write(makeRecords(2), signal));
        expect(error).to.include({ code: 'STORAGE_SETUP' });
        expect(error.message).to.include('run the migrations').and.not.include('/users');
        await orm.schema.refresh();
        expect(await writer.write(makeRecords(2), signal)).to.deep.equal({ stored: 2, refused: [] });
      });
    }

    it('says which rights to grant', async () => {
      const user = `${database.name}_reader`;
      await execute(`create role ${user} login password 'secret'; grant select on koa_usage to ${user}`);
      const poor = await MikroORM.init({
        driver: PostgreSqlDriver,
        clientUrl: database.url,
        user,
        password: 'secret',
        entities: [Usage],
      });
      orms.push(poor);
      const error = await caught(writerOn(poor).write(makeRecords(2), signal));
      await poor.close(true);
      await execute(`drop owned by ${user}; drop role ${user}`);
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.include('permission denied').and.include('Grant the user select and insert');
    });

    it('is unavailable when its connection is ended, and writes on with another', async () => {
      await writer.write(makeRecords(1), signal);
      const other = await connect();
      const ending = other.em.fork().transactional(async (em) => {
        await em.getConnection().execute('lock table koa_usage', [], 'run', em.getTransactionContext());
        const writing = caught(writer.write(makeRecords(2), signal));
        await untilSomebodyWaits();
        await execute(`select pg_terminate_backend(pid) ${BLOCKED}`);
        expect(await writing).to.include({ code: 'STORAGE_UNAVAILABLE' });
      });
      await ending;
      expect(await writer.write(makeRecords(2), signal)).to.deep.equal({ stored: 2, refused: [] });
    });
  });
});
