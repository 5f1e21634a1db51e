import { expect } from 'chai';
import type { Collection } from 'mongodb';
import { MongoClient } from 'mongodb';
import { MongoPiggybackStorage } from '../../../src/backends/mongo/index.js';
import { caught } from '../../support/caught.js';
import { describeOnOwn } from '../../support/describe-on.js';
import { connectMongo } from '../../support/mongo.js';
import { makeRecord, makeRecords } from '../../support/records.js';
import { until } from '../../support/until.js';

const { signal } = new AbortController();

interface Tally {
  started: number;
  ended: number;
}

/** Counts what a client has begun and ended. */
function watch(client: MongoClient): Record<'inserts' | 'checkouts' | 'connections', Tally> {
  const tally = {
    inserts: { started: 0, ended: 0 },
    checkouts: { started: 0, ended: 0 },
    connections: { started: 0, ended: 0 },
  };
  const onInsert = (field: keyof Tally) => (event: { commandName: string }) => {
    if (event.commandName === 'insert') tally.inserts[field] += 1;
  };
  client.on('commandStarted', onInsert('started'));
  client.on('commandSucceeded', onInsert('ended')).on('commandFailed', onInsert('ended'));
  client.on('connectionCheckOutStarted', () => (tally.checkouts.started += 1));
  client.on('connectionCreated', () => (tally.connections.started += 1));
  client.on('connectionClosed', () => (tally.connections.ended += 1));
  return tally;
}

describe('A storage on MongoDB, while the server is away', function () {
  this.timeout(30_000);

  describeOnOwn('mongodb', (server) => {
    it('gives up at once when it is told to, piles up nothing, and stores all when the server is back', async () => {
      const database = await server().freshDatabase();
      const client = new MongoClient(database.url, { monitorCommands: true });
      const { inserts, checkouts, connections } = watch(client);
      const storage = new MongoPiggybackStorage(client.db(database.name).collection('koa_usage'));
      await storage.store([makeRecord()], signal);
      server().freeze();
      try {
        const batch = makeRecords(3);
        for (let attempt = 1; attempt <= 10; attempt += 1) {
          const before = checkouts.started;
          const stop = new AbortController();
          const storing = caught(storage.store(batch, stop.signal));
          await until(() => checkouts.started > before, 'a connection is wanted');
          const reason = new Error(`attempt ${attempt} takes too long`);
          stop.abort(reason);
          expect(await storing).to.equal(reason);
          await until(() => inserts.started === inserts.ended, 'nothing is on its way any more');
        }
        expect(connections.started - connections.ended).to.be.at.most(3);
        server().thaw();
        expect(await storage.store(batch, signal)).to.deep.equal({ stored: 3, refused: [] });
        expect(await storage.reader.countUsage()).to.equal(4);
      } finally {
        server().thaw();
        await client.close();
      }
    });

    it('lets nobody else write before what hangs has ended, and lets those who wait give up', async () => {
      const database = await server().freshDatabase();
      const { promise: hanging, resolve: end } = Promise.withResolvers<void>();
      const calls: number[] = [];
      const client = new MongoClient(database.url);
      const collection = client.db(database.name).collection('koa_usage');
      // A driver that does not know signals, as older ones.
      const deaf = Object.assign(Object.create(collection) as Collection, {
        initializeUnorderedBulkOp() {
          const bulk = collection.initializeUnorderedBulkOp();
          return {
            insert: (document: object) => bulk.insert(document),
            async execute() {
              calls.push(bulk.length);
              if (calls.length === 1) await hanging;
              return bulk.execute();
            },
          };
        },
      });
      const storage = new MongoPiggybackStorage(deaf);
      for (let attempt = 1; attempt <= 3; attempt += 1) {
        const stop = new AbortController();
        const storing = caught(storage.store(makeRecords(2), stop.signal));
        await until(() => calls.length === 1, 'the first insert is on its way');
        const reason = new Error(`attempt ${attempt}`);
        stop.abort(reason);
        expect(await storing).to.equal(reason);
      }
      const waiting = storage.store(makeRecords(5), signal);
      expect(calls).to.deep.equal([2]);
      end();
      expect(await waiting).to.deep.equal({ stored: 5, refused: [] });
      expect(calls).to.deep.equal([2, 5]);
      await client.close();
    });

    it('says that it cannot write now when the server was killed, and writes when it runs again', async () => {
      const database = await server().freshDatabase();
      const storage = await connectMongo(database, { driverOptions: { serverSelectionTimeoutMS: 100 } });
      const [first, second] = [makeRecord(), makeRecord()];
      await storage.store([first], signal);
      await server().kill();
      const error = await caught(storage.store([second], signal));
      expect(error).to.include({ code: 'STORAGE_UNAVAILABLE' });
      expect(error.message).to.match(/^The collection 'koa_usage' cannot be written now: /);
      await server().start();
      const batch = [first, second];
      let result: unknown = null;
      for (let attempt = 0; result === null && attempt < 100; attempt += 1) {
        result = await storage.store(batch, signal).catch(() => null);
      }
      expect(result).to.deep.equal({ stored: 2, refused: [] });
      expect(await storage.reader.countUsage()).to.equal(2);
      await storage.close();
    });
  });
});
