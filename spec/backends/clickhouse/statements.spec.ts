import { expect } from 'chai';
import type { ClickHouseStorage } from '../../../src/backends/clickhouse/index.js';
import type { StorageSummaries } from '../../../src/storage/usage-storage.js';
import { caught } from '../../support/caught.js';
import { connectClickHouse, execute } from '../../support/clickhouse.js';
import { type ClickHouseFront, refuseRight, refuseUser, startFront } from '../../support/clickhouse-front.js';
import { describeOn } from '../../support/describe-on.js';
import { FaultLane } from '../../support/fault-lane.js';
import { makeRecords } from '../../support/records.js';
import type { FreshDatabase } from '../../support/servers.js';
import { warningsOf } from '../../support/warnings.js';

const { signal } = new AbortController();

/** Settings of a profile that has answers cut, cached or skipped. */
const CUTTING = {
  limit: 3,
  max_result_rows: 2,
  result_overflow_mode: 'break',
  input_format_allow_errors_num: 100,
  async_insert: 1,
  output_format_json_quote_64bit_floats: 1,
  output_format_json_quote_64bit_integers: 1,
};

describe('statements for ClickHouse', () => {
  describeOn('clickhouse', function (server) {
    this.timeout(30_000);
    let database: FreshDatabase;

    beforeEach(async () => {
      database = await server().freshDatabase();
    });

    afterEach(() => database.drop());

    /** Gives the user of the database a profile: chDB keeps what was set, and a server is sent it with each statement. */
    async function connectWith(settings: object): Promise<ClickHouseStorage> {
      const all = Object.entries(settings).map(([name, value]) => `${name} = '${value}'`);
      await execute(database.url, `set ${all.join(', ')}`);
      return connectClickHouse(database, { clientOptions: { clickhouse_settings: settings } });
    }

    it('give whole answers, or none, whatever the profile of the user cuts', async () => {
      const records = makeRecords(40, { username: 'ada', durationMs: 0.25, weight: 1.5 });
      const made = await connectClickHouse(database);
      await made.store(records, signal);
      await made.close();
      const cut = await connectWith(CUTTING);
      const error = await caught(cut.reader.getUsage({ limit: 40 }));
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.match(
        /^The table 'koa_usage' cannot be read: Limit for result.*max_result_rows have to be/s,
      );
      await cut.close();
      const storage = await connectWith({ ...CUTTING, max_result_rows: 0 });
      await storage.store(makeRecords(20, { username: 'bob' }), signal);
      expect(await storage.reader.countUsage()).to.equal(60);
      const found = await storage.reader.getUsage({ username: 'ada', limit: 100 });
      expect(found).to.have.deep.members(records);
      expect((await storage.reader.getSummary({ by: 'caller' })).rows).to.have.lengthOf(2);
      await execute(database.url, 'alter table koa_usage modify column server_name FixedString(200)');
      const refused = await caught(storage.store(makeRecords(1, { serverName: 'x'.repeat(201) }), signal));
      expect(refused).to.include({ code: 'BATCH_REFUSED' });
      await storage.close();
    });

    it('are possible for a user whose settings are fixed, unless one has answers cut', async () => {
      const made = await connectClickHouse(database);
      await made.store(makeRecords(3), signal);
      await (made.summaries as StorageSummaries).isReady(signal);
      await made.close();
      await execute(database.url, 'set readonly = 1');
      const reading = await connectClickHouse(database, { readOnly: true });
      expect(await reading.reader.getUsage()).to.have.lengthOf(3);
      expect((await reading.reader.getSummary({ by: 'server' })).rows[0]).to.include({ hits: 3 });
      const writing = await connectClickHouse(database);
      const error = await caught(writing.store(makeRecords(1), signal));
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.match(/readonly mode.*A storage that writes needs readonly = 0/s);
      await reading.close();
      await writing.close();
    });

    it('say which setting has answers cut where the user may not change it', async () => {
      const made = await connectClickHouse(database);
      await made.close();
      await execute(database.url, 'set limit = 3, readonly = 1');
      const error = await caught(connectClickHouse(database, { readOnly: true }));
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.match(/Cannot modify 'limit' setting.*one that reads needs readonly = 2/s);
    });

    describe('through a front', () => {
      let front: ClickHouseFront;
      let storage: ClickHouseStorage;

      beforeEach(async () => {
        front = await startFront(database.url.replace(/^clickhouse:/, 'http:'));
        storage = await connectClickHouse({ url: database.url.replace(/:\d+\//, `:${front.port}/`) });
      });

      afterEach(async () => {
        await storage.close();
        await front.close();
      });

      it('wait while the password is wrong, and say so', async () => {
        const records = new FaultLane(storage);
        records.accept(50);
        await records.stored();
        front.answer = (statement, response) => statement.startsWith('insert') && refuseUser(response);
        records.accept(150);
        expect(await records.asked()).to.match(
          /^The table 'koa_usage' cannot be written: .*Authentication failed.*that user and password are right/s,
        );
        front.answer = () => false;
        await records.stored();
        records.expectTransient('STORAGE_SETUP');
        expect(await storage.reader.countUsage()).to.equal(200);
        await records.pipeline.close(0);
      });

      it('say that a user is not let in who connects', async () => {
        front.answer = (_, response) => refuseUser(response);
        const error = await caught(
          connectClickHouse({ url: database.url.replace(/:\d+\//, `:${front.port}/`) }),
        );
        expect(error).to.include({ code: 'STORAGE_SETUP' });
        expect(error.message).to.match(
          /does not let the user in: .*Check username and password, or clientOptions\.access_token\.$/s,
        );
      });

      it('keep records without summaries, and say so, where the user may make no table for these', async () => {
        front.answer = (statement, response) => statement.startsWith('create') && refuseRight(response);
        const warnings = await warningsOf(async () => {
          expect(await storage.store(makeRecords(2), signal)).to.deep.equal({ stored: 2, refused: [] });
        });
        expect(warnings).to.have.lengthOf(1);
        expect(warnings[0]).to.match(
          /there are no summaries, .*'koa_usage_summary' cannot be made: writer: Not enough privileges\. .*run: create table/,
        );
      });

      it('come with an access token alone, where there is one', async () => {
        const url = database.url.replace(/:\d+\//, `:${front.port}/`).replace(/\/\/[^/@]*@/, '//');
        const seen: unknown[] = [];
        front.answer = (_, response, { headers }) => {
          seen.push(headers.authorization);
          return refuseUser(response);
        };
        await caught(connectClickHouse({ url }, { clientOptions: { access_token: 'x.y.z' } }));
        expect(seen).to.deep.equal(['Bearer x.y.z']);
      });

      it('are no success where the server answers with an error behind the status', async () => {
        let failure = 'Code: 243. DB::Exception: Cannot reserve 1.00 MiB. (NOT_ENOUGH_SPACE)';
        front.answer = (statement, response) => {
          if (!statement.startsWith('insert into `koa_usage` ')) return false;
          response.end(`${failure}\n`);
          return true;
        };
        const error = await caught(storage.store(makeRecords(1), signal));
        expect(error).to.include({ code: 'STORAGE_UNAVAILABLE' });
        expect(error.message).to.match(/cannot be written now: .*NOT_ENOUGH_SPACE/s);
        failure = 'Code: 469. DB::Exception: Constraint `poison` is violated. (VIOLATED_CONSTRAINT)';
        expect(await caught(storage.store(makeRecords(1), signal))).to.include({ code: 'BATCH_REFUSED' });
      });

      it('are no whole answer where the server fails midway, and says so in a last row', async () => {
        await storage.store(makeRecords(3), signal);
        const failure = 'Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)';
        front.answer = (statement, response) => {
          if (!statement.includes('from `koa_usage` ')) return false;
          response.end(`${JSON.stringify([failure])}\n`);
          return true;
        };
        for (const ask of [
          () => storage.reader.getUsage(),
          () => storage.reader.countUsage(),
          () => storage.reader.getSummary({ by: 'server' }),
        ]) {
          const error = await caught(ask());
          expect(error).to.include({ code: 'STORAGE_TIMEOUT' });
          expect(error.message).to.match(
            /^The table 'koa_usage' cannot be read now: .*Memory limit exceeded/,
          );
        }
      });

      it("keep the names of persons who are erased out of the server's table of statements", async () => {
        await storage.store(makeRecords(10, { username: 'Ottilie' }), signal);
        front.statements.splice(0);
        expect(await storage.erase({ username: 'Ottilie' }, signal)).to.include({ records: 10 });
        const naming = front.statements.filter((statement) => statement.includes('Ottilie'));
        expect(naming).to.have.length.above(0);
        for (const statement of naming) expect(statement).to.match(/ settings .*\blog_queries = 0\b/);
        const purge = front.statements.filter((statement) => statement.startsWith('optimize'));
        expect(purge).to.have.lengthOf(1);
        expect(purge[0]).to.match(/ final settings .*optimize_throw_if_noop = 1/);
      });
    });
  });
});
