import type { MikroORM } from '@mikro-orm/core';
import { expect } from 'chai';
import { SqlStorage, Usage } from '../../../../src/backends/sql/index.js';
import { describeOn } from '../../../support/describe-on.js';
import { QUOTING_TEXTS } from '../../../support/hostile-values.js';
import { postgresOrm, suiteDatabase } from '../../../support/postgresql.js';
import { makeRecord } from '../../../support/records.js';

const { signal } = new AbortController();

describeOn('postgresql', (server) => {
  describe('SqlStorage where backslashes escape in texts of SQL', () => {
    const { database, run } = suiteDatabase(server);
    const records = QUOTING_TEXTS.map((username) => makeRecord({ username }));
    let orm: MikroORM;

    before(async () => {
      await run(`alter database "${database().name}" set standard_conforming_strings = off`);
      orm = await postgresOrm(database());
    });

    after(() => orm.close(true));

    it('finds what was asked for, whatever strangers are called', async () => {
      const storage = new SqlStorage(orm);
      await storage.store(records, signal);
      for (const record of records) {
        const username = record.username as string;
        expect(await storage.reader.getUsage({ username }), username).to.deep.equal([record]);
        expect(await orm.em.fork().count(Usage, { username: { $in: [username] } })).to.equal(1);
      }
    });
  });
});
