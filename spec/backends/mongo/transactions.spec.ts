import { type MikroORM, defineEntity, p } from '@mikro-orm/mongodb';
import { expect } from 'chai';
import type { ClientSession, CommandStartedEvent, Document } from 'mongodb';
import { MongoPiggybackStorage, Usage } from '../../../src/backends/mongo/index.js';
import { caught } from '../../support/caught.js';
import { describeOn } from '../../support/describe-on.js';
import { describeOnMongod, hasTransactions, initMongoOrm, nativeClient } from '../../support/mongo.js';
import { leavePending } from '../../support/pending.js';
import { makeRecord, makeRecords } from '../../support/records.js';
import type { FreshDatabase, TestServer } from '../../support/servers.js';

const { signal } = new AbortController();
const Note = defineEntity({ name: 'Note', properties: { _id: p.string().primary(), body: p.string() } });

describe("MongoPiggybackStorage in the application's transaction", () => {
  /** A suite with the application's MikroORM. */
  function describeWith(
    describeServer: typeof describeOnMongod,
    body: (orm: () => MikroORM, server: () => TestServer) => void,
  ): void {
    describeServer((server) => {
      let database: FreshDatabase;
      let orm: MikroORM;

      before(async () => {
        database = await server().freshDatabase();
        orm = await initMongoOrm(database, {
          entities: [Note, Usage],
          driverOptions: { monitorCommands: true },
        });
      });

      after(async () => {
        await orm.close(true);
        await database.drop();
      });

      body(() => orm, server);
    });
  }

  describeWith(describeOn.bind(null, 'mongodb'), (orm) => {
    it('writes, deletes and keeps salts in other sessions', async () => {
      const storage = new MongoPiggybackStorage(orm());
      await storage.store([makeRecord()], signal);
      const sent: CommandStartedEvent[] = [];
      const client = orm().em.getConnection().getClient();
      client.on('commandStarted', (event) => sent.push(event));
      const session = await orm().em.transactional(async (em) => {
        const batch = makeRecords(3);
        expect(await storage.store(batch, signal)).to.deep.equal({ stored: 3, refused: [] });
        await storage.salts.claim('2026-03-01', 'ab'.repeat(32), signal);
        await storage.salts.deleteBefore('2026-03-02', signal);
        expect(await storage.deleteBefore(new Date(), 10, signal)).to.equal(4);
        return em.getTransactionContext<ClientSession>();
      });
      const application: unknown = session?.id?.id.toString('hex');
      expect(application).to.match(/^[\da-f]{32}$/);
      expect(sent.map(({ commandName }) => commandName)).to.include.members([
        'insert',
        'update',
        'delete',
        'find',
      ]);
      for (const { command } of sent) {
        expect(command).to.not.have.any.keys('autocommit', 'startTransaction');
        expect(sessionOf(command)).to.not.equal(application);
      }
    });
  });

  describeWith(describeOnMongod, (orm, server) => {
    const native = nativeClient(server);

    it('keeps its records when that is rolled back', async function () {
      if (!(await hasTransactions(native())))
        leavePending(this, 'It takes MongoDB itself as a replica set, for transactions');
      const storage = new MongoPiggybackStorage(orm());
      const record = makeRecord();
      const failure = new Error('The application changes its mind.');
      const transaction = orm().em.transactional(async (em) => {
        await em.insert(Note, { _id: 'note', body: 'a note' });
        await storage.store([record], signal);
        throw failure;
      });
      expect(await caught(transaction)).to.equal(failure);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      expect(await orm().em.fork().count(Note)).to.equal(0);
    });
  });
});

function sessionOf({ lsid }: Document): unknown {
  return (lsid as ClientSession['id'])?.id.toString('hex');
}
