import { expect } from 'chai';
import type { ClickHouseStorage } from '../../../src/backends/clickhouse/index.js';
import { caught } from '../../support/caught.js';
import { applicationClient, connectClickHouse, execute } from '../../support/clickhouse.js';
import { describeOn } from '../../support/describe-on.js';
import { makeRecords, newestFirst } from '../../support/records.js';
import type { FreshDatabase } from '../../support/servers.js';

const { signal } = new AbortController();

describe('deleting from ClickHouse', () => {
  describeOn('clickhouse', function (server) {
    this.timeout(30_000);
    let database: FreshDatabase;

    before(async () => {
      database = await server().freshDatabase();
    });

    after(() => database.drop());

    /** Rows on the disk of a table, those of deleted records included: they are counted by the part. */
    async function rowsOnDisk(table: string): Promise<number> {
      const client = applicationClient(database.url);
      const query = `select sum(rows) as rows from system.parts where database = '${database.name}' and table = '${table}' and active`;
      const found = await (await client.query({ query, format: 'JSONEachRow' })).json<{ rows: unknown }>();
      await client.close();
      return Number(found[0]?.rows);
    }

    async function withPersons(tableName: string): Promise<ClickHouseStorage> {
      const storage = await connectClickHouse(database, { tableName });
      await storage.store(makeRecords(50, { username: 'Ottilie' }), signal);
      await storage.store(makeRecords(50, { username: 'bob' }), signal);
      return storage;
    }

    /** Waits until the server has been asked to rewrite parts of a table, which it does not do as long as it merges none. */
    async function rewriting(table: string): Promise<void> {
      const client = applicationClient(database.url);
      const query = `select count() as count from system.mutations where database = '${database.name}' and table = '${table}' and not is_done`;
      for (let count = 0; count === 0;) {
        const found = await (await client.query({ query, format: 'JSONEachRow' })).json<{ count: unknown }>();
        count = Number(found[0]?.count);
      }
      await client.close();
    }

    it('leaves nothing of a person on the disk who was erased', async () => {
      const storage = await withPersons('erased');
      await execute(database.url, "delete from erased where username = 'Ottilie'");
      await execute(database.url, 'system stop merges erased');
      const erased = storage.erase({ username: 'Ottilie' }, signal);
      await rewriting('erased');
      await execute(database.url, 'system start merges erased');
      expect(await erased).to.include({ records: 0 });
      expect(await rowsOnDisk('erased')).to.equal(50);
      await storage.close();
    });

    it('stops waiting for the disk when nobody waits any more, and goes on from there', async () => {
      const storage = await withPersons('stopped');
      await execute(database.url, "delete from stopped where username = 'Ottilie'");
      await execute(database.url, 'system stop merges stopped');
      const erasing = new AbortController();
      const erased = caught(storage.erase({ username: 'Ottilie' }, erasing.signal));
      await rewriting('stopped');
      erasing.abort(new Error('No longer.'));
      expect((await erased).message).to.equal('No longer.');
      expect(await rowsOnDisk('stopped')).to.equal(100);
      await execute(database.url, 'system start merges stopped');
      expect(await storage.erase({ username: 'bob' }, signal)).to.include({ records: 50 });
      expect(await rowsOnDisk('stopped')).to.equal(0);
      await storage.close();
    });

    it('waits for its own rewriting, though another one gives the parts other names first', async () => {
      const storage = await withPersons('renamed');
      await execute(database.url, "delete from renamed where username = 'Ottilie'");
      const slowly =
        'alter table renamed update path = path where not ignore(sleepEachRow(0.02)) settings mutations_sync = 0';
      await execute(database.url, `${slowly}, allow_nondeterministic_mutations = 1`);
      const client = applicationClient(database.url);
      const query = `select count() as count from system.merges where database = '${database.name}' and table = 'renamed'`;
      for (let count = 0; count === 0;) {
        const found = await (await client.query({ query, format: 'JSONEachRow' })).json<{ count: unknown }>();
        count = Number(found[0]?.count);
      }
      await client.close();
      expect(await storage.erase({ username: 'Ottilie' }, signal)).to.include({ records: 0 });
      expect(await rowsOnDisk('renamed')).to.equal(50);
      await storage.close();
    });

    it('says that rows of summaries cannot be purged now, while the server merges none', async () => {
      const storage = await withPersons('unmerged');
      await execute(database.url, 'system stop merges unmerged_summary');
      const error = await caught(storage.erase({ username: 'Ottilie' }, signal));
      expect(error).to.include({ code: 'STORAGE_UNAVAILABLE' });
      expect(error.message).to.match(/^Deleted rows of the table 'unmerged_summary' cannot be purged now: /);
      await execute(database.url, 'system start merges unmerged_summary');
      expect(await storage.erase({ username: 'Ottilie' }, signal)).to.include({ records: 0 });
      await storage.close();
    });

    it('says how to set up a table with projections, which takes no lightweight deletion', async () => {
      const storage = await withPersons('projected');
      const change = (sql: string): Promise<void> => execute(database.url, `alter table projected ${sql}`);
      await change("modify setting deduplicate_merge_projection_mode = 'drop'");
      await change('add projection days (select toDate(date), count() group by toDate(date))');
      const error = await caught(storage.deleteUsage({ username: 'bob' }, 10, signal));
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      const [, advice = ''] =
        /alter table … (modify setting lightweight\S+ = '\w+')/.exec(error.message) ?? [];
      await change(advice);
      expect(await storage.deleteUsage({ username: 'bob' }, 10, signal)).to.equal(10);
      await storage.close();
    });

    it('deletes the newest records of a query by one statement each time, however many there are', async () => {
      const storage = await connectClickHouse(database, { tableName: 'many' });
      const records = makeRecords(12_000, { username: 'ada' });
      await storage.store(records, signal);
      await storage.store(makeRecords(10, { username: 'bob' }), signal);
      expect(await storage.deleteUsage({ username: 'ada' }, 11_000, signal)).to.equal(11_000);
      const left = (await storage.reader.getUsage({ username: 'ada', limit: 2000 })).map(({ id }) => id);
      const oldest = records.toSorted(newestFirst).slice(11_000);
      expect(left).to.deep.equal(oldest.map(({ id }) => id));
      expect(await storage.deleteUsage({ username: 'ada' }, 11_000, signal)).to.equal(1000);
      expect(await storage.reader.countUsage()).to.equal(10);
      await storage.close();
    });
  });
});
