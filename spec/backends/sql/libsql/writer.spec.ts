import type { MikroORM } from '@mikro-orm/core';
import { LibSqlDriver } from '@mikro-orm/libsql';
import { expect } from 'chai';
import { Usage } from '../../../../src/backends/sql/index.js';
import type { SqlWriter } from '../../../../src/backends/sql/dialect.js';
import { createLibSqlServerWriter } from '../../../../src/backends/sql/libsql/writer.js';
import { findUsageTable } from '../../../../src/backends/sql/usage-table.js';
import { caught } from '../../../support/caught.js';
import { makeRecord, makeRecords } from '../../../support/records.js';
import { applicationOrm } from '../../../support/sqlite.js';

const { signal } = new AbortController();

/** There is no libSQL server to be had; the statements are the same for a file. */
describe('What is written to a libSQL server, written to a file', () => {
  let orm: MikroORM;
  let writer: SqlWriter;

  beforeEach(async () => {
    orm = await applicationOrm({ driver: LibSqlDriver });
    writer = createLibSqlServerWriter(orm, findUsageTable(orm));
  });

  afterEach(() => orm.close(true));

  const execute = (sql: string): Promise<unknown> => orm.em.getConnection().execute(sql);

  it('reads back as it was, once for each id', async () => {
    const records = makeRecords(250, { query: { page: '2' }, bot: true });
    expect(await writer.write(records.slice(100), signal)).to.deep.equal({ stored: 150, refused: [] });
    expect(await writer.write(records, signal)).to.deep.equal({ stored: 250, refused: [] });
    expect(await orm.em.getRepository(Usage).getUsage()).to.deep.equal(records.toReversed());
  });

  it('is refused as a batch, so that the tracker looks for the record that is to blame', async () => {
    await execute('create unique index once on koa_usage (username)');
    const twice = makeRecords(2, { username: 'ada' });
    expect(await caught(writer.write(twice, signal))).to.include({ code: 'BATCH_REFUSED' });
    await writer.write(twice.slice(0, 1), signal);
    expect(await caught(writer.write(twice.slice(1), signal))).to.include({ code: 'BATCH_REFUSED' });
  });

  it('waits for a missing table to be made', async () => {
    await execute('drop table koa_usage');
    const error = await caught(writer.write([makeRecord()], signal));
    expect(error).to.include({ code: 'STORAGE_SETUP' });
    expect(error.message).to.include('run the migrations');
  });

  it("waits for the application's transaction, but no longer than the tracker", async () => {
    const abort = new AbortController();
    const writing = await orm.em.fork().transactional(async () => {
      const begun = caught(writer.write([makeRecord()], abort.signal));
      abort.abort(new Error('too slow'));
      return { begun };
    });
    expect(await writing.begun).to.include({ code: 'STORAGE_UNAVAILABLE' });
    expect(await writer.write([makeRecord()], signal)).to.deep.equal({ stored: 1, refused: [] });
    expect(await orm.em.fork().count(Usage)).to.equal(1);
  });
});
