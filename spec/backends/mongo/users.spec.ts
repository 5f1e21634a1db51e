import { inspect } from 'node:util';
import { expect } from 'chai';
import { MongoClient } from 'mongodb';
import { MongoPiggybackStorage, MongoStorage } from '../../../src/backends/mongo/index.js';
import { caught } from '../../support/caught.js';
import { describeOn } from '../../support/describe-on.js';
import { asksForPasswords, nativeClient } from '../../support/mongo.js';
import { leavePending } from '../../support/pending.js';
import { makeRecord, makeRecords } from '../../support/records.js';
import type { FreshDatabase } from '../../support/servers.js';

const { signal } = new AbortController();
const ADA = { username: 'ada', password: 'pencil99' };

// MongoDB asks for nobody's password unless it was started with --auth, but refuses wrong ones all the same.
describe('Users of MongoDB', () => {
  describeOn('mongod', (server) => {
    let database: FreshDatabase;
    const client = nativeClient(server);

    before(async () => {
      database = await server().freshDatabase();
      const createUser = { createUser: 'ada', pwd: ADA.password, roles: ['readWrite'] };
      await client().db(database.name).command(createUser);
    });

    after(async () => {
      await client().db(database.name).command({ dropAllUsersFromDatabase: 1 });
      await database.drop();
    });

    const where = () => ({ host: server().host, port: server().port, database: database.name });

    it('are known to the database itself by default', async () => {
      const storage = await MongoStorage.connect({ ...where(), ...ADA });
      const record = makeRecord();
      await storage.store([record], signal);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      await storage.close();
    });

    for (const wrong of [{ password: 'pencil98' }, { username: 'eve' }, { authSource: 'admin' }]) {
      it(`are not let in with another ${Object.keys(wrong)[0]}`, async () => {
        const error = await caught(MongoStorage.connect({ ...where(), ...ADA, ...wrong }));
        expect(error).to.include({ code: 'STORAGE_CONNECT' });
        expect(error.message).to.match(
          /does not let the user in: .*'authSource' is the database that knows the user/,
        );
        expect(inspect(error, { depth: 9 })).to.not.match(/pencil9\d/);
      });
    }

    it('without the right to write are for a person to mend', async function () {
      if (!(await asksForPasswords(server()))) leavePending(this, 'It takes MongoDB itself with --auth');
      const createUser = { createUser: 'reader', pwd: ADA.password, roles: ['read'] };
      await client().db(database.name).command(createUser);
      const { host, port } = server();
      const reader = new MongoClient(`mongodb://reader:${ADA.password}@${host}:${port}/${database.name}`);
      const storage = new MongoPiggybackStorage(reader.db(database.name).collection('koa_usage'));
      const error = await caught(storage.store(makeRecords(2), signal));
      await reader.close();
      expect(error).to.include({ code: 'STORAGE_SETUP' });
      expect(error.message).to.match(/role 'readWrite' on the database/);
    });
  });
});
