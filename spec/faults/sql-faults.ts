import { expect } from 'chai';
import { FaultLane } from '../support/fault-lane.js';
import { makeRecords } from '../support/records.js';
import { until } from '../support/until.js';
import type { Advice, FaultEngine, SqlFaults } from './fault-engine.js';
import type { FaultScene } from './storage-faults.js';

/** InnoDB shows its transactions as they were until nobody has asked for a tenth of a second. */
const POLL_MS = 150;

/** What a storage on an SQL server has to come through besides: locks, rights and passwords. */
export function describeSqlFaults(
  engine: FaultEngine & { readonly sql: SqlFaults; readonly advice: Advice },
  scene: () => FaultScene,
): void {
  const { sql, advice } = engine;

  async function laneTo(url: string, attemptTimeoutMs?: number): Promise<FaultLane> {
    const storage = await engine.connect(scene().proxy.through(url));
    const lane = new FaultLane(storage, attemptTimeoutMs === undefined ? {} : { attemptTimeoutMs });
    scene().closing(() => storage.close?.() ?? Promise.resolve());
    scene().closing(() => lane.pipeline.close(0));
    return lane;
  }

  async function writer() {
    const { database } = scene();
    const owner = await engine.connect(database.url);
    // Without a record, too, a batch makes the table of summaries, on which the writer gets rights.
    await owner.store([], new AbortController().signal);
    await owner.close?.();
    return sql.makeWriter(database.url);
  }

  it('comes out of a deadlock with the application, which can go on', async () => {
    const { database } = scene();
    const records = await laneTo(database.url, 10_000);
    records.accept(10);
    await records.stored();
    const application = await sql.session(database.url);
    scene().closing(() => application.end());
    // MySQL's writer has a statement for a power of two of them.
    const batch = makeRecords(8, { date: new Date() });
    const [first = '', last = ''] = [batch.at(0)?.id, batch.at(-1)?.id];
    await application.run('begin');
    await application.run(sql.insertRow(last));
    // Servers let the transaction go on that has written more.
    for (const { id } of makeRecords(30)) await application.run(sql.insertRow(id));
    records.accept(batch);
    await until(() => sql.isWaiting(database.url), 'the batch waits for the application', POLL_MS);
    await application.run(sql.insertRow(first));
    await application.run('rollback');
    await records.stored();
    expect(await engine.ids(database.url)).to.deep.equal(records.ids);
    records.expectTransient();
    expect(records.errors.map(({ message }) => message).join()).to.match(/deadlock/i);
  });

  it('gives up a connection on which nothing is heard any more, and stores on another', async () => {
    const { database, proxy } = scene();
    const records = await laneTo(database.url);
    records.accept(50);
    await records.stored();
    proxy.strand();
    records.accept(150);
    await records.stored();
    records.expectTransient();
    expect(await engine.ids(database.url)).to.deep.equal(records.ids);
  });

  it('waits for a right that was revoked, and says what to grant', async () => {
    const { database } = scene();
    const user = await writer();
    const records = await laneTo(user.url);
    records.accept(50);
    await records.stored();
    await user.revoke();
    records.accept(150);
    expect(await records.asked()).to.match(advice.right);
    await user.grant();
    await records.stored();
    records.expectTransient('STORAGE_SETUP');
    expect(await engine.ids(database.url)).to.deep.equal(records.ids);
  });

  it('waits while its password is wrong, and says so without it', async () => {
    const { database } = scene();
    const user = await writer();
    const records = await laneTo(user.url);
    records.accept(50);
    await records.stored();
    await user.changePassword('second');
    records.accept(150);
    expect(await records.asked()).to.match(advice.password);
    for (const { message } of records.errors) expect(message).not.to.include(user.password);
    await user.changePassword(user.password);
    await records.stored();
    records.expectTransient('STORAGE_SETUP');
    expect(await engine.ids(database.url)).to.deep.equal(records.ids);
  });
}
