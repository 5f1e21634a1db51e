import { inspect } from 'node:util';
import { expect } from 'chai';
import { ClickHouseStorage, clickHouseTables } from '../../../src/backends/clickhouse/index.js';
import { resolveConnection } from '../../../src/backends/clickhouse/options.js';
import { TrackUsageError } from '../../../src/errors.js';
import { caught, thrown } from '../../support/caught.js';
import {
  applicationClient,
  clickHouseOptions,
  connectClickHouse,
  execute,
} from '../../support/clickhouse.js';
import { describeOn } from '../../support/describe-on.js';
import { makeRecord, makeRecords } from '../../support/records.js';
import type { FreshDatabase } from '../../support/servers.js';
import { warningsOf } from '../../support/warnings.js';

const { signal } = new AbortController();

describe('ClickHouseStorage.connect', () => {
  describeOn('clickhouse', function (server) {
    this.timeout(30_000);
    let database: FreshDatabase;

    before(async () => {
      database = await server().freshDatabase();
    });

    after(() => database.drop());

    async function tables(like: string): Promise<string[]> {
      const client = applicationClient(database.url);
      try {
        const query = `select name from system.tables where database = '${database.name}' and name like '${like}%' order by name`;
        const found = await client.query({ query, format: 'JSONEachRow' });
        return (await found.json<{ name: string }>()).map(({ name }) => name);
      } finally {
        await client.close();
      }
    }

    it('makes its tables, several times at once and again', async () => {
      const open = (): Promise<ClickHouseStorage> => connectClickHouse(database, { tableName: 'made' });
      const storages = await Promise.all([1, 2, 3].map(open));
      storages.push(await open());
      const batch = makeRecords(3);
      for (const storage of storages) await storage.store(batch, signal);
      expect(await storages[0]?.reader.countUsage()).to.equal(3);
      await Promise.all(storages.map((storage) => storage.close()));
      expect(await tables('made')).to.deep.equal(['made', 'made_summary']);
    });

    it('makes no table with readOnly, nor for tools, and writes nothing', async () => {
      const options = { ...clickHouseOptions(database.url), tableName: 'read_only' };
      const openings = [
        () => ClickHouseStorage.connect({ ...options, readOnly: true }),
        () => ClickHouseStorage.connectToExisting(options),
      ];
      for (const open of openings) {
        const error = await caught(open());
        expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_SETUP' });
        expect(error.message).to.match(
          /^The table 'read_only' cannot be read: .*(?:Unknown table|does not exist)[^.]*\. Check the names/,
        );
        expect(error.message).to.not.match(/select|visitor/i);
      }
      expect(await tables('read_only')).to.deep.equal([]);

      await execute(database.url, clickHouseTables('read_only')[0] ?? '');
      const storage = await ClickHouseStorage.connect({ ...options, readOnly: true });
      expect(await storage.reader.getUsage()).to.deep.equal([]);
      for (const use of [
        () => storage.store([makeRecord()], signal),
        () => storage.deleteBefore(new Date('2030-01-01'), 10, signal),
        () => storage.erase({ username: 'ada' }, signal),
      ])
        expect((await caught(use())).message).to.equal(
          "The storage 'clickhouse' was opened with readOnly: true, and writes nothing. Open it without that option.",
        );
      await storage.close();
      expect(await tables('read_only')).to.deep.equal(['read_only']);
    });

    it('says which column a table lacks', async () => {
      const [records = ''] = clickHouseTables('odd');
      await execute(database.url, records.replace('  `visitor`', '  `somebody`'));
      const columns = await caught(connectClickHouse(database, { tableName: 'odd' }));
      expect(columns.message).to.match(
        /^The table 'odd' cannot be read: [^.]*`visitor`\. .*clickHouseTables\(\)/,
      );
    });

    it('has no summaries where the application has made no table for them, says so, and begins when it has', async () => {
      const [records = '', rows = ''] = clickHouseTables('bare');
      await execute(database.url, records);
      const client = applicationClient(database.url);
      const storage = new ClickHouseStorage(client, { tableName: 'bare' });
      const warnings = await warningsOf(async () => {
        expect(await storage.store(makeRecords(2), signal)).to.deep.equal({ stored: 2, refused: [] });
        expect(await storage.register?.prepare(true, signal)).to.equal(false);
      });
      expect(warnings).to.have.lengthOf(1);
      expect(warnings[0]).to.match(
        /there are no summaries, .*The table 'bare_summary' is missing\. .*run: create table if not exists `bare_summary` \(.*; Without them, /,
      );
      expect(await storage.summaries?.isReady(signal)).to.equal(false);
      expect((await storage.reader.getSummary({ by: 'server' })).rows[0]).to.include({ hits: 2 });
      await storage.close();
      await execute(database.url, rows);
      const other = new ClickHouseStorage(client, { tableName: 'bare' });
      expect(await other.summaries?.isReady(signal)).to.equal(true);
      await other.close();
      await client.close();
    });

    it('rejects where the cluster is missing, and says so', async () => {
      const error = await caught(connectClickHouse(database, { tableName: 'far', cluster: 'nowhere' }));
      expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.match(
        /^The table 'far' cannot be made: [^.]*'nowhere' not found\. Check the names/,
      );
    });

    it('rejects where the database is missing, and says so', async () => {
      const options = { ...clickHouseOptions(database.url), database: 'nowhere' };
      const error = await caught(ClickHouseStorage.connect(options));
      expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.match(
        /^The table 'koa_usage' cannot be read: Database nowhere does not exist\. Make the database first \(create database\)/,
      );
    });
  });

  it('rejects soon where nothing listens, with what to check and without the password', async () => {
    const error = await caught(
      ClickHouseStorage.connect({ url: 'http://127.0.0.1:9', username: 'ada', password: 'pencil99' }),
    );
    expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_CONNECT' });
    expect(error.message).to.match(
      /^ClickHouseStorage\.connect: the ClickHouse database default on 127\.0\.0\.1:9 cannot be reached: .*8443 with TLS\.$/,
    );
    expect(inspect(error, { depth: 9 })).to.not.include('pencil99');
  });

  it('refuses options that the client cannot be made of', async () => {
    const error = await caught(
      ClickHouseStorage.connect({ clientOptions: { compression: { response: 'none' } } }),
    );
    expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'INVALID_OPTION' });
    expect(error.message).to.match(
      /^ClickHouseStorage\.connect: '@clickhouse\/client' makes no client of 'clientOptions': /,
    );
  });

  it('refuses what is no client', async () => {
    const error = await thrown(() => new ClickHouseStorage({} as never));
    expect(error).to.include({ code: 'INVALID_OPTION' });
    expect(error.message).to.match(
      /^new ClickHouseStorage: expected the application's client .*connect\(\{ url/,
    );
  });

  describe('refuses as an option', () => {
    const cases: [options: object, says: RegExp][] = [
      [{ url: 'clickhouse://host' }, /'url' cannot be used .*a URL with http: or https:/],
      [{ url: 'http://ada:pencil99@host' }, /'url' cannot be used .*user, password and database are options/],
      [
        { url: 'http://host:8123/usage' },
        /'url' cannot be used .*ends with host and port: .*clientOptions\.pathname/,
      ],
      [
        { url: 'http://host:8123/?database=usage' },
        /'url' cannot be used .*database are options of their own/,
      ],
      [{ database: 'a.b' }, /'database' is 'a\.b'; expected a name of letters/],
      [{ tableName: 'a b' }, /'tableName' is 'a b'/],
      [{ cluster: 'c', readOnly: true }, /'cluster' is 'c'; expected none with readOnly/],
      [{ password: 7 }, /'password' cannot be used/],
      [{ clientOptions: 'tls' }, /'clientOptions' is 'tls'; expected an object/],
      [
        { clientOptions: { host: 'http://other' } },
        /'clientOptions\.host' .*none: 'url' is an option beside/,
      ],
      [{ clientOptions: { url: 'http://other' } }, /'clientOptions\.url' .*none: 'url' is an option beside/],
      [
        { clientOptions: { password: 'pencil99' } },
        /'clientOptions\.password' .*none: 'password' is an option/,
      ],
      [
        { password: 'pencil99', clientOptions: { access_token: 'x' } },
        /'password' .*none beside clientOptions\.access_token/,
      ],
      [{ table: 'x' }, /there is no option 'table'.*'tableName'/],
    ];
    for (const [options, says] of cases) {
      it(inspect(options, { breakLength: Infinity }).replaceAll('pencil99', '…'), async () => {
        const error = await thrown(() => resolveConnection(options));
        expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'INVALID_OPTION' });
        expect(error.message)
          .to.match(/^ClickHouseStorage\.connect: /)
          .and.match(says);
        expect(error.message).to.not.include('pencil99');
      });
    }
  });
});
