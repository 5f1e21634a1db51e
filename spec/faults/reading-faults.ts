import { expect } from 'chai';
import { TrackUsageError, type TrackUsageErrorCode } from '../../src/errors.js';
import type { SummaryReader } from '../../src/storage/usage-summary.js';
import type { ReadableUsageStorage } from '../../src/storage/usage-storage.js';
import { caught } from '../support/caught.js';
import { makeRecord } from '../support/records.js';
import type { Advice, FaultEngine, SqlFaults } from './fault-engine.js';
import type { FaultScene } from './storage-faults.js';

const { signal } = new AbortController();

type Read = (storage: ReadableUsageStorage) => Promise<unknown>;

const OF_RECORDS: Readonly<Record<string, Read>> = {
  getUsage: ({ reader }) => reader.getUsage({ username: 'ada' }),
  getUsagePage: ({ reader }) => reader.getUsagePage(),
  countUsage: ({ reader }) => reader.countUsage(),
  streamUsage: ({ reader }) => reader.streamUsage().next(),
  getSummary: ({ reader }) => (reader as unknown as SummaryReader).getSummary({ by: 'endpoint' }),
};

/** The reads of a register, which not every application has made a place for. */
const OF_REGISTER: Readonly<Record<string, Read>> = {
  register: async ({ register }) => register?.find({ kinds: ['build'] }, signal),
};

/** Each read is told by an error of ours, of which the database's own is the cause. */
async function refuses(
  storage: ReadableUsageStorage,
  reads: Readonly<Record<string, Read>>,
  code: TrackUsageErrorCode,
  says: RegExp,
): Promise<void> {
  for (const [name, read] of Object.entries(reads)) {
    const error = await caught(read(storage));
    expect(error, `${name}: ${error.stack}`).to.be.instanceOf(TrackUsageError);
    expect(error, name).to.include({ code });
    expect(error.message, name).to.match(says);
    expect(error.cause, name).to.be.instanceOf(Error).and.not.instanceOf(TrackUsageError);
  }
}

/** MongoDB's driver waits half a minute for a server, unless it is told otherwise. */
function impatient(url: string): string {
  return url.startsWith('mongodb:') ? `${url}?serverSelectionTimeoutMS=300` : url;
}

/** How every storage on a server tells its readers what the database says. */
export function describeReadingFaults(engine: FaultEngine, scene: () => FaultScene): void {
  /** Storages on a connection of their own and on the application's, with one record. */
  async function openBoth(): Promise<ReadableUsageStorage[]> {
    const url = impatient(scene().database.url);
    // Its schema is made as if there were none.
    const application = await engine.application(url, 2);
    scene().closing(() => application.close());
    const own = await engine.connect(url);
    scene().closing(async () => own.close?.());
    await own.store([makeRecord({ username: 'ada' })], signal);
    return [own, application.storage] as ReadableUsageStorage[];
  }

  it('tells readers that the server is away', async () => {
    const storages = await openBoth();
    for (const storage of storages) expect(await storage.reader.countUsage()).to.equal(1);
    await scene().server.kill();
    for (const storage of storages) {
      const reads = storage.register === undefined ? OF_RECORDS : { ...OF_RECORDS, ...OF_REGISTER };
      await refuses(storage, reads, 'STORAGE_UNAVAILABLE', /koa_usage.* now: ./s);
    }
  });

  it('tells readers that the table is missing, or finds nothing where tables come by themselves', async () => {
    const storages = await openBoth();
    await engine.dropTable(scene().database.url);
    for (const storage of storages) {
      if (engine.advice === null) expect(await storage.reader.getUsage()).to.deep.equal([]);
      else await refuses(storage, OF_RECORDS, 'STORAGE_SETUP', engine.advice.table);
    }
  });
}

/** How every storage on a server of SQL tells its readers of users. */
export function describeSqlReadingFaults(
  engine: FaultEngine & { readonly sql: SqlFaults; readonly advice: Advice },
  scene: () => FaultScene,
): void {
  it('tells readers which right is missing, and asks for no right to write', async () => {
    const { database } = scene();
    const owner = (await engine.connect(database.url)) as ReadableUsageStorage;
    scene().closing(async () => owner.close?.());
    await owner.store([], signal);
    const user = await engine.sql.makeWriter(database.url);
    const storage = (await engine.connect(user.url)) as ReadableUsageStorage;
    scene().closing(async () => storage.close?.());
    expect(await storage.reader.getUsage()).to.deep.equal([]);
    await user.revoke();
    await refuses(storage, OF_RECORDS, 'STORAGE_SETUP', /denied.* grant the user select on the table\.$/s);
    await user.grant();
    expect(await storage.reader.getUsage()).to.deep.equal([]);
  });
}
