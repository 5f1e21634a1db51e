import { PassThrough } from 'node:stream';
import { expect } from 'chai';
import { PrinterStorage } from '../../src/backends/printer/printer-storage.js';
import { SqlStorage } from '../../src/backends/sql/index.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { caught } from '../support/caught.js';
import { describeOn } from '../support/describe-on.js';
import { connectMongo } from '../support/mongo.js';
import { connectMySql, mySqlOrm } from '../support/mysql.js';
import { assumePortable } from '../support/portable.js';
import { connectPostgres, initPostgresOrm, postgresOrm } from '../support/postgresql.js';
import { makeRecord } from '../support/records.js';

/** Has MikroORM make connections ready, which writers must not go past. */
const HOOK = { onCreateConnection: () => Promise.resolve() };

const RECORDS = 40;

/** The most records that a writer encodes before it looks at the clock. */
const MOST_RECORDS = 8;

/** Longer than a turn may take, in milliseconds. */
const ENCODING_MS = 0.6;

type Store = (batch: readonly UsageRecord[], signal: AbortSignal) => Promise<unknown>;

/** Records each of which takes longer to encode than a turn may take. */
function slowRecords(onEncoding: (index: number) => void): UsageRecord[] {
  return Array.from({ length: RECORDS }, (_, index) => ({
    ...makeRecord(),
    trackVar: {
      get slow() {
        const end = performance.now() + ENCODING_MS;
        while (performance.now() < end);
        onEncoding(index);
        return 1;
      },
    },
  }));
}

/** How many records were encoded in a turn of the event loop, at most. */
async function mostOfATurn(store: Store): Promise<number> {
  const all = new Set<number>();
  const ofTurns: Set<number>[] = [new Set()];
  let watches = true;
  const count = (): void => {
    ofTurns.push(new Set());
    if (watches) setImmediate(count);
  };
  setImmediate(count);
  const records = slowRecords((index) => {
    all.add(index);
    ofTurns.at(-1)?.add(index);
  });
  await store(records, new AbortController().signal);
  watches = false;
  expect(all.size).to.equal(RECORDS);
  return Math.max(...ofTurns.map(({ size }) => size));
}

/** How many records were encoded of a batch whose signal was aborted with the first of them. */
async function encodedAfterAbort(store: Store): Promise<number> {
  const abort = new AbortController();
  const encoded = new Set<number>();
  const records = slowRecords((index) => {
    encoded.add(index);
    abort.abort(new Error('too slow'));
  });
  expect((await caught(store(records, abort.signal))).message).to.include('too slow');
  return encoded.size;
}

function leavesTheLoop(title: string, run: (use: (store: Store) => Promise<void>) => Promise<void>): void {
  it(`leaves the event loop to others after a few large records, and ends with the signal: ${title}`, () =>
    run(async (store) => {
      expect(await mostOfATurn(store)).to.be.within(1, MOST_RECORDS);
      expect(await encodedAfterAbort(store)).to.be.within(1, MOST_RECORDS);
    }));
}

describe('A storage that encodes a batch', function () {
  this.timeout(30_000);

  it('leaves the event loop to others after each line that takes long to make', async () => {
    const storage = new PrinterStorage({ output: new PassThrough().resume(), format: 'json' });
    expect(await mostOfATurn((batch, signal) => storage.store(batch, signal))).to.equal(1);
  });

  describeOn('postgresql', (server) => {
    leavesTheLoop('PostgreSQL by arrays', async (use) => {
      const database = await server().freshDatabase();
      const storage = await connectPostgres(database);
      await use((batch, signal) => storage.store(batch, signal));
      await storage.close();
      await database.drop();
    });

    leavesTheLoop('PostgreSQL by JSON', async (use) => {
      const database = await server().freshDatabase();
      const orm = await postgresOrm(database, HOOK);
      const storage = new SqlStorage(orm);
      await use((batch, signal) => storage.store(batch, signal));
      await orm.close(true);
      await database.drop();
    });

    leavesTheLoop('the portable writer', async (use) => {
      const database = await server().freshDatabase();
      const storage = await assumePortable(await initPostgresOrm(database));
      await use((batch, signal) => storage.store(batch, signal));
      await storage.close();
      await database.drop();
    });
  });

  describeOn('mariadb', (server) => {
    leavesTheLoop('MariaDB by parameters', async (use) => {
      const database = await server().freshDatabase();
      const storage = await connectMySql(database.url);
      await use((batch, signal) => storage.store(batch, signal));
      await storage.close();
      await database.drop();
    });

    leavesTheLoop('MariaDB by literals', async (use) => {
      const database = await server().freshDatabase();
      const orm = await mySqlOrm(database.url, HOOK);
      const storage = new SqlStorage(orm);
      await use((batch, signal) => storage.store(batch, signal));
      await orm.close(true);
      await database.drop();
    });
  });

  describeOn('mongodb', (server) => {
    leavesTheLoop('MongoDB', async (use) => {
      const database = await server().freshDatabase();
      const storage = await connectMongo(database);
      await use((batch, signal) => storage.store(batch, signal));
      await storage.close();
      await database.drop();
    });
  });
});
