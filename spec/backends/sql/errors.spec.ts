import { expect } from 'chai';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import { SqlStorage } from '../../../src/backends/sql/index.js';
import { encodeEach } from '../../../src/backends/sql/chunk-writer.js';
import { caught } from '../../support/caught.js';
import { describeOn } from '../../support/describe-on.js';
import { connectMySql, mySqlOrm } from '../../support/mysql.js';
import { connectPostgres, postgresOrm } from '../../support/postgresql.js';
import { makeRecord } from '../../support/records.js';
import type { FreshDatabase, TestServer } from '../../support/servers.js';
import { SQLITE_CLIENTS, applicationOrm } from '../../support/sqlite.js';

const { signal } = new AbortController();

/** Has MikroORM make connections ready, which writers must not go past. */
const HOOK = { onCreateConnection: () => Promise.resolve() };

/** A record that no tracker makes: its JSON cannot be written. */
function unwritable(): UsageRecord {
  const toJSON = (): never => {
    throw new Error('not today');
  };
  return { ...makeRecord(), trackVar: { toJSON } as never };
}

/** The suite for storages that take a batch as a whole. */
function refusesTheBatch(
  title: string,
  server: () => TestServer,
  open: (database: FreshDatabase) => Promise<readonly [SqlStorage, close: () => Promise<void>]>,
): void {
  it(`is refused, and no reason to wait: ${title}`, async () => {
    const database = await server().freshDatabase();
    const [storage, close] = await open(database);
    const record = makeRecord();
    const error = await caught(storage.store([record, unwritable()], signal));
    expect(error).to.include({ code: 'BATCH_REFUSED' });
    expect(error.message).to.include('not today');
    expect(await storage.store([record], signal)).to.deep.equal({ stored: 1, refused: [] });
    await close();
    await database.drop();
  });
}

describe('A record that cannot be sent to its database', () => {
  it('is told apart from what the database says', async () => {
    const cause = new RangeError('out of range');
    const failing = encodeEach('koa_usage', [makeRecord()], signal, () => {
      throw cause;
    });
    expect(await caught(failing)).to.include({ code: 'BATCH_REFUSED', cause });
  });

  for (const [title, driver] of SQLITE_CLIENTS) {
    it(`alone is refused on the event loop: ${title}`, async () => {
      const orm = await applicationOrm({ driver });
      const storage = new SqlStorage(orm);
      const bad = unwritable();
      const { stored, refused } = await storage.store([makeRecord(), bad, makeRecord()], signal);
      expect(stored).to.equal(2);
      expect(refused.map(({ id, error }) => [id, error.message])).to.deep.equal([[bad.id, 'not today']]);
      expect(await storage.reader.countUsage()).to.equal(2);
      await orm.close(true);
    });
  }

  describeOn('postgresql', (server) => {
    refusesTheBatch('by arrays', server, async (database) => {
      const storage = await connectPostgres(database);
      return [storage, () => storage.close()];
    });

    refusesTheBatch('by JSON', server, async (database) => {
      const orm = await postgresOrm(database, HOOK);
      return [new SqlStorage(orm), () => orm.close(true)];
    });
  });

  describeOn('mariadb', (server) => {
    refusesTheBatch('by parameters', server, async ({ url }) => {
      const storage = await connectMySql(url);
      return [storage, () => storage.close()];
    });

    refusesTheBatch('by literals', server, async ({ url }) => {
      const orm = await mySqlOrm(url, HOOK);
      return [new SqlStorage(orm), () => orm.close(true)];
    });
  });
});
