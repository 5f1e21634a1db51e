import { inspect } from 'node:util';
import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import {
  MongoPiggybackStorage,
  MongoStorage,
  type MongoStorageOptions,
} from '../../../src/backends/mongo/index.js';
import { caught } from '../../support/caught.js';
import { asksForPasswords, describeOnMongod, nativeClient } from '../../support/mongo.js';
import { leavePending } from '../../support/pending.js';
import { makeRecord, makeRecords } from '../../support/records.js';
import type { FreshDatabase } from '../../support/servers.js';

const { signal } = new AbortController();
const ADA = { username: 'ada', password: 'pencil99' };
const EVE = { ...ADA, username: 'eve' };
const READER = { ...ADA, username: 'reader' };
const NEED_ROLE = /role 'readWrite' on the database/;

// MongoDB asks for nobody's password unless it was started with --auth, but refuses wrong ones all the same.
describe('Users of MongoDB', () => {
  describeOnMongod((server) => {
    let database: FreshDatabase;
    let elsewhere: FreshDatabase;

    // It is said before the client's own hook, which closes it.
    after(async () => {
      for (const { name } of [database, elsewhere])
        await client().db(name).command({ dropAllUsersFromDatabase: 1 });
      await Promise.all([database.drop(), elsewhere.drop()]);
    });

    const client = nativeClient(server);

    function createUser({ name }: FreshDatabase, username: string, role: unknown): Promise<unknown> {
      return client()
        .db(name)
        .command({ createUser: username, pwd: ADA.password, roles: [role] });
    }

    before(async () => {
      database = await server().freshDatabase();
      elsewhere = await server().freshDatabase();
      await createUser(database, ADA.username, 'readWrite');
      await createUser(database, READER.username, 'read');
      await createUser(elsewhere, EVE.username, { role: 'readWrite', db: database.name });
    });

    function connect(options: Partial<MongoStorageOptions>): Promise<MongoStorage> {
      const { host, port } = server();
      return MongoStorage.connect({ host, port, database: database.name, ...options });
    }

    async function expectKept(options: Partial<MongoStorageOptions>): Promise<void> {
      const storage = await connect({ ...options, collection: `usage_of_${options.username}` });
      const record = makeRecord();
      await storage.store([record], signal);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      await storage.close();
    }

    it('are known to the database itself by default', () => expectKept(ADA));

    it('are known to another database, where authSource names it', () =>
      expectKept({ ...EVE, authSource: elsewhere.name }));

    for (const wrong of [{ password: 'pencil98' }, { username: 'eve' }, { authSource: 'admin' }]) {
      it(`are not let in with another ${Object.keys(wrong)[0]}`, async () => {
        const error = await caught(connect({ ...ADA, ...wrong }));
        expect(error).to.include({ code: 'STORAGE_SETUP' });
        expect(error.message).to.match(
          /does not let the user in: .*'authSource' is the database that knows the user/,
        );
        expect(inspect(error, { depth: 9 })).to.not.match(/pencil9\d/);
      });
    }

    describe('where everybody has to be one', () => {
      beforeEach(async function () {
        if (!(await asksForPasswords(server()))) leavePending(this, 'It takes MongoDB itself with --auth');
      });

      it('are asked for, and what to check is said', async () => {
        const error = await caught(connect({}));
        expect(error).to.include({ code: 'STORAGE_SETUP' });
        expect(error.message).to.match(/authentication.*that user and password are right/i);
      });

      it('without the right to write are for a person to mend', async () => {
        const { host, port } = server();
        const { username, password } = READER;
        const reader = new MongoClient(`mongodb://${username}:${password}@${host}:${port}/${database.name}`);
        const storage = new MongoPiggybackStorage(reader.db(database.name).collection('koa_usage'));
        const error = await caught(storage.store(makeRecords(2), signal));
        await reader.close();
        for (const refused of [error, await caught(connect(READER))]) {
          expect(refused).to.include({ code: 'STORAGE_SETUP' });
          expect(refused.message).to.match(NEED_ROLE);
        }
      });

      it('with the right to read alone read all there is, with readOnly', async () => {
        const writer = await connect({ ...ADA, collection: 'read' });
        const record = makeRecord();
        await writer.store([record], signal);
        await writer.close();
        const storage = await connect({ ...READER, collection: 'read', readOnly: true });
        expect(await storage.reader.getUsage()).to.deep.equal([record]);
        const summary = await storage.reader.getSummary({ by: 'endpoint' });
        expect(summary.rows).to.have.lengthOf(1);
        await storage.close();
      });

      it('of another database are told which role they lack, with readOnly', async () => {
        const options = { ...READER, authSource: database.name, readOnly: true };
        const error = await caught(connect({ ...options, database: elsewhere.name }));
        expect(error).to.include({ code: 'STORAGE_SETUP' });
        expect(error.message).to.match(/cannot be read: .*the role 'read' on the database/);
      });

      it('without the right to read are told so', async () => {
        await client().db(database.name).command({ createUser: 'nobody', pwd: ADA.password, roles: [] });
        const { host, port } = server();
        const nobody = new MongoClient(`mongodb://nobody:${ADA.password}@${host}:${port}/${database.name}`);
        const storage = new MongoPiggybackStorage(nobody.db(database.name).collection('koa_usage'));
        const error = await caught(storage.reader.getUsage());
        await nobody.close();
        expect(error).to.include({ code: 'STORAGE_SETUP' });
        expect(error.message).to.match(/role 'read' on the database/);
      });
    });
  });
});
