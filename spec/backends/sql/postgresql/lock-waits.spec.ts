import { expect } from 'chai';
import type { Client } from 'pg';
import { SqlStorage } from '../../../../src/backends/sql/index.js';
import { insertRow } from '../../../faults/sql-engine.js';
import { caught } from '../../../support/caught.js';
import { describeOn } from '../../../support/describe-on.js';
import { itAtOnce } from '../../../support/it-at-once.js';
import { initPostgresOrm, postgresClient } from '../../../support/postgresql.js';
import { makeRecord } from '../../../support/records.js';
import { until } from '../../../support/until.js';

const { signal } = new AbortController();

const LOCK_TABLE = 'lock table koa_usage in exclusive mode';

const BUSY_INSERTS =
  "select 1 from pg_stat_activity where state = 'active' and query like 'insert into %koa_usage%' and pid <> pg_backend_pid() and datname = current_database()";

type Body = (application: { readonly storage: SqlStorage; readonly other: Client }) => Promise<void>;

describe('SqlStorage waiting for a lock of PostgreSQL', function () {
  this.timeout(30_000);

  describeOn('postgresql', (server) => {
    /** Beside a program that keeps a lock, an application with one connection, whose session has to stay as it was. */
    async function whileLocked(lock: string, body: Body): Promise<void> {
      const database = await server().freshDatabase();
      const other = await postgresClient(database);
      const orm = await initPostgresOrm(database, { pool: { max: 1 } });
      try {
        await orm.schema.create();
        await other.query(`begin; ${lock}`);
        await body({ storage: new SqlStorage(orm), other });
        const settings = await orm.em.getConnection().execute('show lock_timeout');
        expect(settings).to.deep.equal([{ lock_timeout: '0' }]);
      } finally {
        await orm.close(true);
        await other.end();
        await database.drop();
      }
    }

    const record = makeRecord();
    const givesUp: Body = async ({ storage, other }) => {
      const error = await caught(storage.store([record], signal));
      expect(error).to.include({ code: 'STORAGE_UNAVAILABLE' });
      expect(error.message).to.include('lock timeout');
      await other.query('rollback');
      expect(await storage.store([record], signal)).to.deep.equal({ stored: 1, refused: [] });
    };

    itAtOnce({
      "gives up the lock of a table after some seconds, and leaves the application's session as it was": () =>
        whileLocked(LOCK_TABLE, givesUp),
      "gives up the lock of a row after some seconds, and leaves the application's session as it was": () =>
        whileLocked(insertRow(record.id, '"authorization"'), givesUp),
      'leaves no insert in the server that nobody waits for any more': () =>
        whileLocked(LOCK_TABLE, async ({ storage, other }) => {
          const busyInserts = async (): Promise<number> => {
            // Within a transaction, the statistics are as they were when it first asked.
            await other.query('select pg_stat_clear_snapshot()');
            return (await other.query(BUSY_INSERTS)).rows.length;
          };
          const abort = new AbortController();
          const storing = caught(storage.store([record], abort.signal));
          await until(async () => (await busyInserts()) === 1, 'the insert waits for the lock');
          abort.abort(new Error('too slow'));
          await storing;
          await until(async () => (await busyInserts()) === 0, 'the server gives up by itself', 50);
        }),
    });
  });
});
