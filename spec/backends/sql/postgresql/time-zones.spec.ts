import { expect } from 'chai';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { describeOn } from '../../../support/describe-on.js';
import { initPostgresOrm, postgresClient } from '../../../support/postgresql.js';
import { makeRecord } from '../../../support/records.js';
import type { FreshDatabase } from '../../../support/servers.js';

const { signal } = new AbortController();

/** An hour that Berlin has twice, and one that it does not have. */
const DATES = ['2026-10-25T00:30:00.001Z', '2026-10-25T01:30:00.002Z', '2026-03-29T01:30:00.999Z'];

const SETTINGS = {
  'forceUtcTimezone off': { forceUtcTimezone: false },
  'a timezone': { timezone: '+05:30' },
  'connections made ready': {
    onCreateConnection: async () => {},
  },
};

describeOn('postgresql', (server) => {
  describe('SqlStorage in other time zones', () => {
    let database: FreshDatabase;

    before(async () => {
      database = await server().freshDatabase();
    });

    after(() => database.drop());

    for (const [title, options] of Object.entries(SETTINGS)) {
      for (const zone of ['UTC', 'Europe/Berlin', 'Asia/Kathmandu']) {
        it(`keeps the instant with ${title} in MikroORM and a session in ${zone}`, async () => {
          const orm = await initPostgresOrm(database, {
            ...options,
            driverOptions: { options: `-c TimeZone=${zone}` },
          });
          await orm.schema.refresh();
          const storage = new SqlStorage(orm);
          const records = DATES.map((date) => makeRecord({ date: new Date(date) }));
          await storage.store(records, signal);
          const client = await postgresClient(database);
          const { rows } = await client.query(
            'select to_char(date at time zone \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\') as date from koa_usage order by id',
          );
          await client.end();
          expect(rows.map(({ date }: { date: string }) => date)).to.deep.equal(DATES);
          const found = new Map((await storage.reader.getUsage()).map((record) => [record.id, record]));
          for (const record of records) expect(found.get(record.id)).to.deep.equal(record);
          const [first] = records;
          const only = await storage.reader.getUsage({ startDate: DATES[0], endDate: DATES[1] });
          expect(only).to.deep.equal([first]);
          await orm.close(true);
        });
      }
    }
  });
});
