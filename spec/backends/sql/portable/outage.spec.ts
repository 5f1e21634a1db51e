import type { MikroORM } from '@mikro-orm/core';
import { PostgreSqlDriver } from '@mikro-orm/postgresql';
import { expect } from 'chai';
import { portableDialect } from '../../../../src/backends/sql/portable/dialect.js';
import type { SqlWriter } from '../../../../src/backends/sql/dialect.js';
import { Usage } from '../../../../src/backends/sql/index.js';
import { findUsageTable } from '../../../../src/backends/sql/usage-table.js';
import { caught } from '../../../support/caught.js';
import { describeOnOwn } from '../../../support/describe-on.js';
import { makeRecords } from '../../../support/records.js';
import { initOrm } from '../../../support/sqlite.js';

const { signal } = new AbortController();

describe('The portable writer in an outage', () => {
  describeOnOwn('postgresql', (server) => {
    let orm: MikroORM;
    let writer: SqlWriter;
    let connections = 0;

    beforeEach(async () => {
      const { url } = await server().freshDatabase();
      orm = await initOrm({
        driver: PostgreSqlDriver,
        dbName: new URL(url).pathname.slice(1),
        clientUrl: url,
        entities: [Usage],
        pool: { min: 0, max: 5 },
        onCreateConnection: async () => {
          connections += 1;
        },
      });
      await orm.schema.create();
      writer = portableDialect.createWriter(orm, findUsageTable(orm), false);
      await writer.write(makeRecords(1), signal);
      connections = 0;
    });

    afterEach(() => orm.close(true));

    it('waits for a server that hangs no longer than the tracker, with one connection, and recovers', async () => {
      const records = makeRecords(10);
      server().freeze();
      for (let attempt = 0; attempt < 3; attempt += 1) {
        const abort = new AbortController();
        const writing = caught(writer.write(records, abort.signal));
        setImmediate(() => abort.abort(new Error('too slow')));
        expect(await writing).to.include({ code: 'STORAGE_UNAVAILABLE' });
      }
      server().thaw();
      expect(await writer.write(records, signal)).to.deep.equal({ stored: 10, refused: [] });
      expect(await orm.em.fork().count(Usage)).to.equal(11);
      expect(connections).to.equal(0);
    });

    it('is unavailable while the server is down, and stores when it is back', async () => {
      const records = makeRecords(10);
      await server().kill();
      for (let attempt = 0; attempt < 2; attempt += 1) {
        expect(await caught(writer.write(records, signal))).to.include({ code: 'STORAGE_UNAVAILABLE' });
      }
      await server().start();
      expect(await writer.write(records, signal)).to.deep.equal({ stored: 10, refused: [] });
    });
  });
});
