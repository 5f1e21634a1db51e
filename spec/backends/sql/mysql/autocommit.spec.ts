import { expect } from 'chai';
import type { Connection } from 'mysql2/promise';
import { describeOnOwnMySql, openMySql } from '../../../support/mysql.js';
import { makeRecord, makeRecords } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';

const { signal } = new AbortController();

describe('SqlStorage.connect to a server whose sessions do not commit by themselves', () => {
  // The setting is the whole server's.
  describeOnOwnMySql(function (server, { connectMySql }) {
    this.timeout(60_000);
    let database: FreshDatabase;
    let other: Connection;

    before(async () => {
      database = await server().freshDatabase();
      other = await openMySql(database.url);
      await other.query('set global autocommit = 0');
    });

    after(async () => {
      await other.end();
    });

    it('reads what others have stored since it read before, on every connection, and leaves no transaction open', async () => {
      const [one, writer] = [await connectMySql(database.url), await connectMySql(database.url)];
      const readOnly = await connectMySql(database.url, { readOnly: true });
      const counts = (): Promise<number[]> =>
        Promise.all([one, one, writer, readOnly, readOnly].map(({ reader }) => reader.countUsage()));
      expect(await counts()).to.deep.equal([0, 0, 0, 0, 0]);
      await writer.store(makeRecords(3), signal);
      expect(await counts()).to.deep.equal([3, 3, 3, 3, 3]);
      await writer.store([makeRecord()], signal);
      expect(await one.deleteBefore(new Date('2027-01-01'), 100, signal)).to.equal(4);
      expect(await counts()).to.deep.equal([0, 0, 0, 0, 0]);
      const [open] = await other.query('select trx_id from information_schema.innodb_trx');
      expect(open).to.deep.equal([]);
      await Promise.all([one.close(), writer.close(), readOnly.close()]);
    });
  });
});
