import type { MikroORM } from '@mikro-orm/core';
import { SqliteDriver } from '@mikro-orm/sqlite';
import { expect } from 'chai';
import type { SqlStorageOptions } from '../../../src/backends/sql/connect-options.js';
import { SqlStorage } from '../../../src/backends/sql/index.js';
import { sqliteConnection } from '../../../src/backends/sql/sqlite/native-client.js';
import { FILTERS } from '../../../src/storage/usage-filters.js';
import { patience } from '../../contract/subject.js';
import { caught } from '../../support/caught.js';
import { makeRecords } from '../../support/records.js';
import { SQLITE_CLIENTS, useTemporaryFolder } from '../../support/sqlite.js';

const INDEXED = FILTERS.filter((name) => name !== 'path');

for (const [title, driver] of SQLITE_CLIENTS) {
  describe(`The option indexes on ${title}`, () => {
    const open: SqlStorage[] = [];
    const folder = useTemporaryFolder(async () => {
      await Promise.all(open.splice(0).map((storage) => storage.close()));
    });

    async function connect(indexes?: SqlStorageOptions['indexes']): Promise<SqlStorage> {
      const storage = await SqlStorage.connect({ driver, dbName: folder.file('usage.db'), indexes });
      open.push(storage);
      return storage;
    }

    async function ask(storage: SqlStorage, sql: string): Promise<Record<string, unknown>[]> {
      const em = storage.reader.getEntityManager() as unknown as MikroORM['em'];
      const database = await sqliteConnection({ em } as MikroORM).getNativeClient();
      return database.prepare(sql).all([]) as Record<string, unknown>[];
    }

    const indexesOf = async (storage: SqlStorage): Promise<unknown[]> =>
      (
        await ask(
          storage,
          "select name from sqlite_master where type = 'index' and sql is not null order by 1",
        )
      ).map(({ name }) => name);

    it('makes none unless told to', async () => {
      expect(await indexesOf(await connect())).to.deep.equal(['koa_usage_date_id_index']);
    });

    it('makes those that are named on a new table, and on one that is there', async () => {
      const names = ['koa_usage_date_id_index', 'koa_usage_server_name_date_id_index'];
      expect(await indexesOf(await connect(['serverName']))).to.deep.equal(names);
      expect(await indexesOf(await connect(['serverName', 'route']))).to.deep.equal([
        'koa_usage_date_id_index',
        'koa_usage_route_date_id_index',
        'koa_usage_server_name_date_id_index',
      ]);
    });

    it('leaves one alone that is no longer named', async () => {
      await connect(['username']);
      expect(await indexesOf(await connect([]))).to.have.lengthOf(2);
      expect(await indexesOf(await connect(['bot']))).to.have.lengthOf(3);
    });

    it('takes an index of these columns under another name, and wider ones, for its own', async () => {
      const storage = await connect();
      await ask(storage, 'create index mine on koa_usage (username, date, id, status) ').catch(() => null);
      const database = await sqliteConnection({
        em: storage.reader.getEntityManager(),
      } as never).getNativeClient();
      database.exec('create index if not exists mine on koa_usage (username, date, id, status)');
      expect(await indexesOf(await connect(['username']))).to.deep.equal(['koa_usage_date_id_index', 'mine']);
    });

    for (const name of INDEXED) {
      it(`finds the newest records by ${name} in its index, and sorts nothing`, async () => {
        const storage = await connect([name]);
        await storage.store(makeRecords(20), patience());
        const column = name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
        const [plan] = await ask(
          storage,
          `explain query plan select * from koa_usage where ${column} = 1 and date < 5 order by date desc, id desc`,
        );
        expect(plan?.['detail']).to.include(`koa_usage_${column}_date_id_index (${column}=? AND date<?)`);
        expect(await storage.reader.countUsage({ [name]: makeRecords(1)[0]?.[name] })).to.equal(20);
      });
    }
  });
}

describe('The option indexes', () => {
  const options = { driver: SqliteDriver, dbName: ':memory:' };
  const expected = `a list of fields, each of them once, among ${INDEXED.join(', ')}`;
  const refused: readonly (readonly [value: unknown, shown: string])[] = [
    [['nonsense'], "[ 'nonsense' ]"],
    [['path'], "[ 'path' ]"],
    [['server_name'], "[ 'server_name' ]"],
    [['route', 'route'], "[ 'route', 'route' ]"],
    ['route', "'route'"],
    [true, 'true'],
    [Object.assign(['route'], { length: 2 }), "[ 'route', <1 empty item> ]"],
    [[['route']], '[ [Array] ]'],
  ];

  for (const [indexes, shown] of refused) {
    it(`refuses ${shown}`, async () => {
      const { message } = await caught(SqlStorage.connect({ ...options, indexes } as SqlStorageOptions));
      expect(message).to.equal(`SqlStorage.connect: the option 'indexes' is ${shown}; expected ${expected}.`);
    });
  }

  it('refuses to make any with readOnly, which makes nothing', async () => {
    const error = await caught(SqlStorage.connect({ ...options, readOnly: true, indexes: ['route'] }));
    expect(error.message).to.equal(
      "SqlStorage.connect: the option 'indexes' is [ 'route' ]; expected none with readOnly, which makes nothing.",
    );
  });

  it("is none of a storage on the application's MikroORM", async () => {
    expect(() => new SqlStorage({} as never, { indexes: ['route'] } as never)).to.throw(
      "new SqlStorage(orm, options): there is no option 'indexes'",
    );
  });
});
