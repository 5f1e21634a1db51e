import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { type ClickHouseStorage, clickHouseTables } from '../../../src/backends/clickhouse/index.js';
import type { SummaryRow, SummaryStore } from '../../../src/storage/summary-store.js';
import { caught } from '../../support/caught.js';
import { applicationClient, connectClickHouse, execute } from '../../support/clickhouse.js';
import { startFront } from '../../support/clickhouse-front.js';
import { describeOn } from '../../support/describe-on.js';
import type { FreshDatabase } from '../../support/servers.js';

const { signal } = new AbortController();

/** The version of a row that came before all others. */
const FIRST = '18446744073709551614';

function row(fields: Partial<SummaryRow> = {}): SummaryRow {
  return {
    id: randomUUID(),
    kind: 'manifest',
    dimension: '-',
    startMs: 0,
    endMs: 0,
    edition: randomUUID(),
    data: 'eA==',
    ...fields,
  };
}

describe('rows of summaries', () => {
  describeOn('clickhouse', function (server) {
    this.timeout(30_000);
    let database: FreshDatabase;
    let storage: ClickHouseStorage;
    let store: SummaryStore;

    before(async () => {
      database = await server().freshDatabase();
      storage = await connectClickHouse(database);
      store = storage.register as SummaryStore;
      expect(await store.prepare(true, signal)).to.equal(true);
    });

    after(async () => {
      await storage.close();
      await database.drop();
    });

    /** Inserts a row as another process would. */
    function insertOther({ id, edition }: SummaryRow, settings: string, version: string): Promise<void> {
      const values = `('${id}', 'manifest', '-', 0, 0, '${edition}', 'eA==', 'other', ${version})`;
      const columns = 'id, kind, dimension, start_ms, end_ms, edition, data, writer, version';
      return execute(
        database.url,
        `insert into koa_usage_summary (${columns}) settings ${settings} values ${values}`,
      );
    }

    const editions = async (id: string): Promise<string[]> =>
      (await store.find({ ids: [id] }, signal)).map(({ edition }) => edition);

    it('take no other row of an id, though it would count for the first one', async () => {
      const kept = row();
      expect(await store.insert([kept], signal)).to.equal(true);
      const token = `insert_deduplicate = 1, insert_deduplication_token = '${kept.id} 1'`;
      await insertOther(row({ id: kept.id }), token, FIRST);
      expect(await editions(kept.id)).to.deep.equal([kept.edition]);
    });

    it('count for the first one where the server has forgotten its token', async () => {
      const kept = row();
      await insertOther(kept, 'insert_deduplicate = 0', FIRST);
      expect(await store.insert([row({ id: kept.id })], signal)).to.equal(false);
      expect(await editions(kept.id)).to.deep.equal([kept.edition]);
    });

    it('are added where an earlier one was lost, though the server still knows its token, by one process alone', async () => {
      const lost = row();
      for (let turn = 0; turn < 3; turn += 1) {
        const rivals = Array.from({ length: 3 }, () => row({ id: lost.id }));
        const added = await Promise.all(rivals.map((rival) => store.insert([rival], signal)));
        expect(added).to.have.members([false, false, true]);
        expect(await editions(lost.id)).to.deep.equal([rivals[added.indexOf(true)]?.edition]);
        const gone = `alter table koa_usage_summary delete where id = '${lost.id}' settings mutations_sync = 2`;
        await execute(database.url, gone);
      }
    });

    it('use up no token where no other process can want their ids', async () => {
      const own = row({ kind: 'touched' });
      expect(await store.insert([own], signal)).to.equal(true);
      const token = `insert_deduplicate = 1, insert_deduplication_token = '${own.id} 1'`;
      await insertOther(row({ id: own.id }), token, FIRST);
      expect(await editions(own.id)).to.have.lengthOf(2);
    });

    it('are missed where the table keeps none', async () => {
      const broken = await connectClickHouse(database, { tableName: 'hidden' });
      const [, rows = ''] = clickHouseTables('hidden');
      await execute(
        database.url,
        rows.replace(/engine = .*/, 'engine = Null').replace(/order by .*\n.*/, ''),
      );
      const error = await caught(broken.register?.insert([row()], signal) as Promise<unknown>);
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.match(
        /^The table 'hidden_summary' takes rows and does not have them: '.*clickHouseTables/,
      );
      await broken.close();
    });

    it('stay deleted: an id that was taken is taken', async () => {
      const gone = row();
      expect(await store.insert([gone], signal)).to.equal(true);
      await store.delete({ edition: gone.edition }, signal);
      for (const again of [row({ id: gone.id }), gone]) {
        expect(await store.insert([again], signal)).to.equal(false);
        expect(await editions(gone.id)).to.deep.equal([]);
      }
      await insertOther(gone, 'insert_deduplicate = 0', FIRST);
      expect(await editions(gone.id)).to.deep.equal([]);
    });

    it('are found and deleted by more ids than a statement has room for', async () => {
      const rows = Array.from({ length: 6000 }, () => row({ kind: 'slice' }));
      await store.insert(rows, signal);
      const ids = rows.map(({ id }) => id);
      expect(await store.find({ ids }, signal)).to.have.lengthOf(6000);
      await store.delete({ ids: ids.slice(1) }, signal);
      expect(await editions(ids[0] as string)).to.have.lengthOf(1);
      expect(await store.find({ kinds: ['slice'] }, signal)).to.have.lengthOf(1);
    });

    it('are tidied two days after they were deleted, and come back no more', async () => {
      const other = await connectClickHouse(database, { tableName: 'tidied' });
      const rows = other.register as SummaryStore;
      await rows.prepare(true, signal);
      await rows.delete({ ids: [] }, signal);
      const [old, fresh] = [1200, 30].map((length) => Array.from({ length }, () => row({ kind: 'hour' })));
      const kept = row({ kind: 'hour' });
      await rows.insert([...(old as SummaryRow[]), ...(fresh as SummaryRow[]), kept], signal);
      await rows.delete({ ids: old?.map(({ id }) => id) ?? [] }, signal);
      const aged = 'alter table tidied_summary update end_ms = end_ms - 2 * 86400000 where is_deleted = 1';
      await execute(database.url, `${aged} settings mutations_sync = 2`);
      // Each process looks for itself, and waits for no answer.
      const front = await startFront(database.url.replace(/^clickhouse:/, 'http:'));
      const optimized = new Promise<void>((resolve) => {
        front.answer = (statement) => {
          if (!statement.startsWith('optimize')) return false;
          resolve();
          return true;
        };
      });
      const url = database.url.replace(/:\d+\//, `:${front.port}/`);
      const held = await connectClickHouse({ url }, { tableName: 'tidied' });
      await held.register?.delete({ ids: fresh?.map(({ id }) => id) ?? [] }, signal);
      await optimized;
      await held.close();
      await front.close();
      const next = await connectClickHouse(database, { tableName: 'tidied' });
      await next.register?.delete({ ids: [] }, signal);
      const client = applicationClient(database.url);
      const query =
        'select is_deleted, count() as count from tidied_summary group by is_deleted order by is_deleted';
      let found: unknown[][] = [];
      do {
        found = await (await client.query({ query, format: 'JSONCompactEachRow' })).json<unknown[]>();
      } while (Number(found[1]?.[1]) > 30);
      expect(found.map((each) => each.map(Number))).to.deep.equal([
        [0, 1],
        [1, 30],
      ]);
      expect(await rows.find({}, signal)).to.deep.equal([kept]);
      await client.close();
      await other.close();
      await next.close();
    });
  });
});
