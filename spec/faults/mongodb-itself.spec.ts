import { expect } from 'chai';
import { MongoNetworkError } from 'mongodb';
import { MongoPiggybackStorage, MongoStorage } from '../../src/backends/mongo/index.js';
import { FaultLane } from '../support/fault-lane.js';
import {
  asksForPasswords,
  describeOnMongod,
  hasTransactions,
  isReplicaSet,
  nativeClient,
} from '../support/mongo.js';
import { leavePending } from '../support/pending.js';
import { makeRecords } from '../support/records.js';
import type { FreshDatabase } from '../support/servers.js';
import { TcpProxy } from '../support/tcp-proxy.js';
import { mongodbFaults } from './mongodb-faults.js';

const WRITER = { username: 'writer', password: 'pencil99' };

describe('A storage on MongoDB itself', function () {
  this.timeout(30_000);

  describeOnMongod((server) => {
    let database: FreshDatabase;
    const toClose: (() => Promise<unknown>)[] = [];
    const client = nativeClient(server);
    const command = (what: object) => client().db(database.name).command(what);
    const ids = () => mongodbFaults.ids(database.url);

    beforeEach(async () => {
      database = await server().freshDatabase();
    });

    afterEach(async () => {
      for (const close of toClose.splice(0)) await close();
      await database.drop();
    });

    function laneTo(storage: MongoStorage | MongoPiggybackStorage): FaultLane {
      const lane = new FaultLane(storage);
      toClose.unshift(
        () => lane.pipeline.close(0),
        () => storage.close(),
      );
      return lane;
    }

    /** A user who may do no more than write to this database, and a storage of that user's behind a proxy. */
    async function writer(context: Mocha.Context): Promise<{ records: FaultLane; proxy: TcpProxy }> {
      if (!(await asksForPasswords(server()))) leavePending(context, 'It takes MongoDB itself with --auth');
      const { username, password } = WRITER;
      await command({ createUser: username, pwd: password, roles: ['readWrite'] });
      toClose.unshift(() => command({ dropUser: username }));
      const proxy = await TcpProxy.start(server());
      toClose.unshift(async () => proxy.close());
      const { host, port } = proxy;
      // A replica set would tell the driver to go past the proxy.
      const driverOptions = { directConnection: true };
      const where = { host, port, database: database.name, driverOptions };
      return { records: laneTo(await MongoStorage.connect({ ...where, ...WRITER })), proxy };
    }

    it('waits for a right that was revoked, and says what to grant', async function () {
      const { records, proxy } = await writer(this);
      records.accept(50);
      await records.stored();
      await command({ revokeRolesFromUser: WRITER.username, roles: ['readWrite'] });
      // SecantusDB knows of it when the user comes again.
      proxy.cut();
      records.accept(150);
      expect(await records.asked()).to.match(/not authorized .*has the role 'readWrite' on the database/s);
      await command({ grantRolesToUser: WRITER.username, roles: ['readWrite'] });
      proxy.cut();
      await records.stored();
      records.expectTransient('STORAGE_SETUP');
      expect(await ids()).to.deep.equal(records.ids);
    });

    it('waits while its password is wrong, and says so without it', async function () {
      const { records, proxy } = await writer(this);
      records.accept(50);
      await records.stored();
      await command({ updateUser: WRITER.username, pwd: 'another' });
      // Who was let in stays in.
      proxy.cut();
      records.accept(150);
      expect(await records.asked()).to.match(/authentication failed.*user and password are right/is);
      for (const { message } of records.errors) expect(message).not.to.include(WRITER.password);
      await command({ updateUser: WRITER.username, pwd: WRITER.password });
      await records.stored();
      records.expectTransient('STORAGE_SETUP');
      expect(await ids()).to.deep.equal(records.ids);
    });

    it('loses nothing while no member of the set is primary', async function () {
      if (!(await isReplicaSet(client())))
        leavePending(this, 'It takes MongoDB itself as a replica set, for a failover');
      // SecantusDB does not tell by itself who is primary, and is asked every ten seconds otherwise.
      const driverOptions = { heartbeatFrequencyMS: 500 };
      const records = laneTo(await MongoStorage.connect({ clientUrl: database.url, driverOptions }));
      records.accept(50);
      await records.stored();
      records.accept(150);
      const stepDown = { replSetStepDown: 3, secondaryCatchUpPeriodSecs: 1, force: true };
      // A primary that steps down may cut the connection on which it was told to.
      await client()
        .db('admin')
        .command(stepDown)
        .catch((error: unknown) => {
          if (!(error instanceof MongoNetworkError)) throw error;
        });
      records.accept(150);
      await records.stored();
      // The driver may come out of it by itself.
      if (records.errors.length > 0) records.expectTransient();
      expect(await ids()).to.deep.equal(records.ids);
    });

    it('comes out of a write conflict with the application, which can go on', async function () {
      if (!(await hasTransactions(client())))
        leavePending(this, 'It takes MongoDB itself as a replica set, for transactions');
      const usage = client().db(database.name).collection<{ _id: string }>('koa_usage');
      const records = laneTo(new MongoPiggybackStorage(usage));
      records.accept(50);
      await records.stored();
      const batch = makeRecords(8, { date: new Date() });
      const [first = '', last = ''] = [batch.at(0)?.id, batch.at(-1)?.id];
      await client().withSession(async (session) => {
        session.startTransaction();
        await usage.insertOne({ _id: last }, { session });
        records.accept(batch);
        // A write outside of a transaction waits for the one that was first.
        await records.failed(2);
        await usage.insertOne({ _id: `${first}-other` }, { session });
        await session.abortTransaction();
      });
      await records.stored();
      records.expectTransient();
      expect(await ids()).to.deep.equal(records.ids);
    });
  });
});
