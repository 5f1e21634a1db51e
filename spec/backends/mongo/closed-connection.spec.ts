import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { MongoPiggybackStorage, Usage } from '../../../src/backends/mongo/index.js';
import { caught } from '../../support/caught.js';
import { describeOn } from '../../support/describe-on.js';
import { connectMongo, initMongoOrm } from '../../support/mongo.js';
import { makeRecord } from '../../support/records.js';
import { run } from '../../support/run.js';
import type { FreshDatabase } from '../../support/servers.js';

const PROGRAM = fileURLToPath(new URL('../../support/children/closed-orm.js', import.meta.url));

const { signal } = new AbortController();

async function refusesAll(storage: MongoPiggybackStorage, advice: string): Promise<void> {
  const uses: readonly (() => Promise<unknown>)[] = [
    () => storage.store([makeRecord()], signal),
    () => storage.deleteBefore(new Date(), 1, signal),
    () => storage.now(),
    () => storage.salts.claim('2026-01-01', 'a'.repeat(64), signal),
    () => storage.reader.getUsage(),
    () => storage.reader.countUsage(),
  ];
  for (const use of uses) {
    const error = await caught(use());
    expect(error).to.include({ code: 'STORAGE_CLOSED' });
    expect(error.message).to.include(`await tracker.close(), then ${advice}`);
  }
}

describe("The application's connection to MongoDB, closed before the tracker", function () {
  this.timeout(20_000);

  describeOn('mongodb', (server) => {
    let database: FreshDatabase;

    beforeEach(async () => {
      database = await server().freshDatabase();
    });

    afterEach(() => database.drop());

    it('is not opened again on MikroORM, until the application does', async () => {
      const orm = await initMongoOrm(database);
      const storage = new MongoPiggybackStorage(orm);
      await storage.store([makeRecord()], signal);
      await orm.close();
      await refusesAll(storage, 'orm.close()');
      const ofApplication = orm.em.fork().getRepository(Usage);
      expect(await caught(ofApplication.getUsage())).to.include({ code: 'STORAGE_CLOSED' });
      await orm.reconnect();
      await storage.store([makeRecord()], signal);
      expect(await storage.reader.countUsage()).to.equal(2);
      await orm.close();
    });

    it('is not opened again under a collection, until the application does', async () => {
      const client = new MongoClient(database.url);
      const storage = new MongoPiggybackStorage(client.db(database.name).collection('usage'));
      await storage.store([makeRecord()], signal);
      await client.close();
      await refusesAll(storage, 'client.close()');
      await client.connect();
      await storage.store([makeRecord()], signal);
      expect(await storage.reader.countUsage()).to.equal(2);
      await client.close();
    });

    it('is none of a storage on a connection of its own', async () => {
      const orm = await initMongoOrm(database);
      const storage = await connectMongo(database);
      await orm.close();
      await storage.store([makeRecord()], signal);
      expect(await storage.reader.countUsage()).to.equal(1);
      await storage.close();
    });

    for (const kind of ['mongodb', 'mongodb-collection']) {
      for (const use of ['used', 'unused']) {
        it(`lets the process end with ${kind}, where it was ${use}`, async () => {
          const { code, stdout, stderr } = await run(process.execPath, [PROGRAM, kind, database.url, use]);
          expect(stderr).to.equal('');
          expect(code).to.equal(0);
          const { closed, lastError } = JSON.parse(stdout) as { closed: object; lastError: object };
          expect(closed).to.include({ stored: 0, dropped: 1 });
          expect(JSON.stringify(lastError)).to.include('Close the tracker first');
        });
      }
    }
  });
});
