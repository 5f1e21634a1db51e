import { randomBytes } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import type { ReadableUsageStorage } from '../src/storage/usage-storage.js';
import { ManualClock } from '../src/testing/manual-clock.js';
import { describeOn } from './support/describe-on.js';
import { connectMongo } from './support/mongo.js';
import { connectMySql } from './support/mysql.js';
import { connectPostgres } from './support/postgresql.js';
import { run } from './support/run.js';
import type { FreshDatabase } from './support/servers.js';
import { type Served, serve } from './support/serve.js';
import { connectSqlite, openNative, useTemporaryFolder } from './support/sqlite.js';
import { until } from './support/until.js';

const ID = /^[\da-f]{64}$/;
const NOON = '2026-03-01T12:00:00Z';
const { signal } = new AbortController();

interface Process {
  readonly served: Served;
  readonly storage: ReadableUsageStorage;
  readonly clock: ManualClock;
  readonly lines: readonly string[];
}

/** A tracker as a process of its own would have it. */
async function startOn(storage: ReadableUsageStorage, options: object = {}, time = NOON): Promise<Process> {
  const clock = new ManualClock(new Date(time));
  const lines: string[] = [];
  const log = (line: string): void => void lines.push(line);
  const served = await serve({
    tracker: {
      storage,
      clock,
      visitors: true,
      serverName: 'shop',
      defaultPolicy: 'include',
      trackUnmatched: true,
      trustProxy: 'loopback',
      logger: { warn: log, error: log },
      ...options,
    },
    after: [(context) => void (context.body = 'served')],
  });
  return { served, storage, clock, lines };
}

/** Makes a request, and waits until its record is stored. */
async function visit(
  { served, storage }: Process,
  headers: Record<string, string> = {},
): Promise<string | null> {
  const seen = new Set((await storage.reader.getUsage()).map(({ id }) => id));
  await (await fetch(served.origin, { headers: { 'user-agent': 'the same', ...headers } })).text();
  await served.records();
  const [record, ...others] = (await storage.reader.getUsage()).filter(({ id }) => !seen.has(id));
  expect(others).to.deep.equal([]);
  if (record === undefined) throw new Error('There is no record.');
  return record.visitor;
}

async function stop({ served }: Process): Promise<void> {
  await served.close();
}

/** Two processes that write to one database. */
function describeVisitors(open: () => Promise<ReadableUsageStorage>): void {
  it('have one name a day in two processes, and nobody knows which when two days are over', async () => {
    const started = await Promise.all([startOn(await open()), startOn(await open())]);
    const [one, two] = started;
    const name = await visit(one);
    expect(name).to.match(ID);
    expect(await visit(two, { 'x-forwarded-for': '127.0.0.1' })).to.equal(name);
    expect(await visit(two, { 'x-forwarded-for': '192.0.2.9' }))
      .to.match(ID)
      .and.not.equal(name);
    const kept = await one.storage.salts?.claim('2026-03-01', 'ab'.repeat(32), signal);
    expect(kept).to.match(ID).and.not.equal('ab'.repeat(32));
    const late = await startOn(await open(), {}, '2026-03-03T00:00:00Z');
    const other = randomBytes(32).toString('hex');
    await until(() => late.clock.pendingTimers > 0, 'the tracker has started');
    expect(await visit(late))
      .to.match(ID)
      .and.not.equal(name);
    const again = (): Promise<string> | undefined => late.storage.salts?.claim('2026-03-01', other, signal);
    await until(async () => (await again()) !== kept, 'the salt is deleted');
    expect(await again()).to.equal(other);
    await Promise.all([...started, late].map(stop));
  });
}

describe('Visitors', function () {
  this.timeout(30_000);

  describe('on SQLite', () => {
    const folder = useTemporaryFolder();

    describeVisitors(() => connectSqlite(folder.file('usage.db')));

    it('have one name in processes that start at once, and another one tomorrow', async () => {
      const child = join(import.meta.dirname, 'support/children/claim-salt.js');
      const file = folder.file('usage.db');
      const start = async (time: string): Promise<string> => {
        const { stdout, stderr, code } = await run(process.execPath, [child, file, time]);
        expect([code, stderr]).to.deep.equal([0, '']);
        return stdout;
      };
      const here = await startOn(await connectSqlite(file));
      const [first, second] = await Promise.all([start(NOON), start('2026-03-01T23:00:00Z')]);
      const name = await visit(here);
      expect(first).to.match(ID);
      expect([second, name]).to.deep.equal([first, first]);
      expect(await start('2026-03-02T00:00:00Z'))
        .to.match(ID)
        .and.not.equal(first);
      await stop(here);
    });

    it('leave salt, address and password in no file, line or record but the table of salts', async () => {
      const secret = 'correct horse battery staple';
      const address = '198.51.100.77';
      const storage = await connectSqlite(folder.file('usage.db'));
      const spool = { dir: folder.file('spool'), mode: 'wal', fsync: 'never' };
      const process = await startOn(storage, { spool });
      const headers = {
        'x-forwarded-for': address,
        authorization: `Basic ${Buffer.from(`ada:${secret}`).toString('base64')}`,
      };
      await fetch(process.served.origin, { headers });
      const salt = await storage.salts.claim('2026-03-01', 'ab'.repeat(32), signal);
      let during = '';
      await until(async () => {
        during = await bytesOf(folder.file('spool')).catch(() => '');
        return during.includes('198.51.100.0');
      }, 'the record is in the spool');
      await process.served.records();
      const records = JSON.stringify(await storage.reader.getUsage());
      const { tracker } = process.served.usage;
      const told = [
        JSON.stringify([tracker.stats(), tracker.inventory()]),
        process.lines.join('\n'),
        records,
      ];
      const native = await openNative(folder.file('usage.db'));
      native.database.exec('drop table koa_usage_salt');
      native.database.exec('vacuum');
      native.database.prepare('pragma wal_checkpoint(truncate)').all();
      await native.close();
      await stop(process);
      const files = await bytesOf(folder.path);
      expect(records).to.match(/"visitor":"[\da-f]{64}"/);
      expect(files).to.include('koa_usage');
      const bytes = Buffer.from(salt, 'hex').toString('latin1');
      for (const text of [during, files, ...told]) {
        for (const forbidden of [salt, bytes, address, secret]) expect(text).to.not.include(forbidden);
      }
    });
  });

  describeOn('postgresql', (server) => {
    let database: FreshDatabase;
    before(async () => {
      database = await server().freshDatabase();
    });
    after(() => database.drop());
    describeVisitors(() => connectPostgres(database));
  });

  describeOn('mariadb', (server) => {
    let database: FreshDatabase;
    before(async () => {
      database = await server().freshDatabase();
    });
    after(() => database.drop());
    describeVisitors(() => connectMySql(database.url));
  });

  describeOn('mongodb', (server) => {
    let database: FreshDatabase;
    before(async () => {
      database = await server().freshDatabase();
    });
    after(() => database.drop());
    describeVisitors(() => connectMongo(database));

    it('have their salts in a collection beside, with the day as the key', async () => {
      const storage = await connectMongo(database, { collection: 'visits' });
      const client = await MongoClient.connect(server().url());
      const names = async (): Promise<string[]> => {
        const all = await client.db(database.name).listCollections().toArray();
        return all.map(({ name }) => name).filter((name) => name.startsWith('visits'));
      };
      expect(await names()).to.deep.equal(['visits']);
      await storage.salts.claim('2026-03-01', 'ab'.repeat(32), signal);
      expect(await names()).to.have.members(['visits', 'visits_salt']);
      expect(await client.db(database.name).collection('visits_salt').find().toArray()).to.deep.equal([
        { _id: '2026-03-01', salt: 'ab'.repeat(32) },
      ]);
      await client.close();
      await storage.close();
    });
  });
});

/** What all files below a folder hold, as Latin-1. */
async function bytesOf(folder: string): Promise<string> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const texts = await Promise.all(
    files.map(({ parentPath, name }) => readFile(join(parentPath, name), 'latin1')),
  );
  return texts.join('\n');
}
