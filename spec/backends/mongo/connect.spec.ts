import { inspect } from 'node:util';
import { expect } from 'chai';
import { TrackUsageError } from '../../../src/errors.js';
import { resolveConnection } from '../../../src/backends/mongo/connect-options.js';
import { MongoPiggybackStorage, MongoStorage, UsageRepository } from '../../../src/backends/mongo/index.js';
import { caught, thrown } from '../../support/caught.js';
import { describeOn } from '../../support/describe-on.js';
import { connectMongo, nativeClient } from '../../support/mongo.js';
import { makeRecord, makeRecords } from '../../support/records.js';
import type { FreshDatabase } from '../../support/servers.js';

const { signal } = new AbortController();
const NOWHERE = { host: '127.0.0.1', port: 9, database: 'usage' };

describe('MongoStorage.connect', () => {
  describeOn('mongodb', (server) => {
    let database: FreshDatabase;
    const client = nativeClient(server);

    before(async () => {
      database = await server().freshDatabase();
    });

    after(() => database.drop());

    it('takes host, port, database and collection', async () => {
      const { host, port, user: username, password } = server();
      const authSource = new URLSearchParams(database.url.split('?')[1]).get('authSource') ?? undefined;
      const storage = await MongoStorage.connect({
        host,
        port,
        database: database.name,
        collection: 'hits',
        ...(username !== '' && { username, password, authSource }),
      });
      const record = makeRecord();
      await storage.store([record], signal);
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      await storage.close();
      expect(await client().db(database.name).collection('hits').countDocuments()).to.equal(1);
    });

    it('takes the database from the URL, and calls the collection koa_usage', async () => {
      const storage = await MongoStorage.connect({ clientUrl: database.url });
      await storage.store(makeRecords(2), signal);
      await storage.close();
      expect(await client().db(database.name).collection('koa_usage').countDocuments()).to.equal(2);
    });

    it('hands out a repository that refuses after close, instead of connecting again', async () => {
      const storage = await MongoStorage.connect({ clientUrl: database.url });
      const repository = storage.provides[0]?.value as UsageRepository;
      await storage.close();
      const uses = [
        () => repository.getUsage(),
        () => repository.countUsage(),
        () => repository.streamUsage().next(),
      ];
      for (const use of uses) expect(await caught(use())).to.include({ code: 'STORAGE_CLOSED' });
    });

    it('makes the index that pages are read by, several times at once and again', async () => {
      const storages = await Promise.all(
        [1, 2, 3, 4].map(() => connectMongo(database, { collection: 'indexed' })),
      );
      storages.push(await connectMongo(database, { collection: 'indexed' }));
      await Promise.all(storages.map((storage) => storage.close()));
      const indexes = await client().db(database.name).collection('indexed').indexes();
      expect(indexes.map(({ key }) => key)).to.deep.equal([{ _id: 1 }, { date: 1, _id: 1 }]);
    });

    it('makes an index for each field that is named, and leaves one alone that no longer is', async () => {
      for (const fields of [['serverName'], ['username', 'status'], []] as const)
        await (await connectMongo(database, { collection: 'by_fields', indexes: fields })).close();
      const indexes = await client().db(database.name).collection('by_fields').indexes();
      expect(indexes.map(({ key }) => key)).to.have.deep.members([
        { _id: 1 },
        { date: 1, _id: 1 },
        { server_name: 1, date: 1, _id: 1 },
        { username: 1, date: 1, _id: 1 },
        { status: 1, date: 1, _id: 1 },
      ]);
    });

    it('makes no index with readOnly, and says so', async () => {
      const error = await caught(connectMongo(database, { readOnly: true, indexes: ['route'] }));
      expect(error.message).to.equal(
        "MongoStorage.connect: the option 'indexes' is [ 'route' ]; expected none with readOnly, which makes nothing.",
      );
    });

    it('waits for the answer about its index, and for all others, where none are asked for', async () => {
      const driverOptions = { writeConcern: { w: 0 } };
      const storage = await connectMongo(database, { collection: 'careless', driverOptions });
      await storage.store(makeRecords(2), signal);
      expect(await storage.reader.countUsage()).to.equal(2);
      await storage.close();
      const indexes = await client().db(database.name).collection('careless').indexes();
      expect(indexes.map(({ key }) => key)).to.deep.equal([{ _id: 1 }, { date: 1, _id: 1 }]);
    });

    it('takes an index of the same keys by another name for its own', async () => {
      const collection = client().db(database.name).collection('named');
      await collection.createIndex({ date: 1, _id: 1 }, { name: 'newest' });
      const storage = await connectMongo(database, { collection: 'named' });
      await storage.store(makeRecords(2), signal);
      expect(await storage.reader.getUsage()).to.have.lengthOf(2);
      await storage.close();
    });

    it('says which index is in the way of its own, until that is there under another name', async () => {
      const collection = client().db(database.name).collection('in_the_way');
      await collection.createIndex({ path: 1 }, { name: 'date_1__id_1' });
      const error = await caught(connectMongo(database, { collection: 'in_the_way' }));
      expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_SETUP' });
      expect(error.message)
        .to.match(/'in_the_way' cannot be given the index \{ date: 1, _id: 1 \} .*same name.*path: 1/)
        .and.include("('in_the_way').createIndex({ date: 1, _id: 1 }, { name: 'usage_by_date' })");
      await collection.createIndex({ date: 1, _id: 1 }, { name: 'usage_by_date' });
      await (await connectMongo(database, { collection: 'in_the_way' })).close();
    });

    it('makes neither a collection nor an index with readOnly, and writes nothing', async () => {
      const db = client().db(database.name);
      const options = { collection: 'read_only', readOnly: true };
      const missing = await caught(connectMongo(database, options));
      expect(missing).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_SETUP' });
      const why = /^The collection 'read_only' cannot be read: .*None is made here/;
      expect(missing.message).to.match(why);
      expect(await db.listCollections({ name: 'read_only' }).toArray()).to.deep.equal([]);

      await db.createCollection('read_only');
      const writer = new MongoPiggybackStorage(db.collection<{ _id: string }>('read_only'));
      const storage = await connectMongo(database, options);
      expect(await storage.reader.getUsage()).to.deep.equal([]);
      const record = makeRecord();
      await writer.store([record], signal);
      await writer.close();
      await db.dropCollection('read_only_summary');
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
      for (const use of [
        () => storage.store([makeRecord()], signal),
        () => storage.deleteBefore(new Date('2030-01-01'), 10, signal),
        () => storage.salts.claim('2026-03-01', 'ab'.repeat(32), signal),
      ])
        expect((await caught(use())).message).to.equal(
          "The storage 'mongo' was opened with readOnly: true, and writes nothing. Open it without that option.",
        );
      await storage.close();
      expect(await db.listCollections({ name: /^read_only/ }).toArray()).to.have.lengthOf(1);
      expect(await db.collection('read_only').indexes()).to.have.lengthOf(1);
      expect(await db.collection('read_only').countDocuments()).to.equal(1);
    });

    it('offers the container its repository', async () => {
      const storage = await connectMongo(database, { collection: 'offered', name: 'archive' });
      expect(storage.name).to.equal('archive');
      expect(storage.provides.map(({ id }) => id)).to.deep.equal([UsageRepository]);
      const repository = storage.provides[0]?.value as UsageRepository;
      const record = makeRecord();
      await storage.store([record], signal);
      expect(repository).to.be.an.instanceOf(UsageRepository);
      expect(await repository.getUsage()).to.deep.equal([record]);
      await storage.close();
    });

    it('is not led astray by the variables that configure the application’s MikroORM', async () => {
      const variables = {
        CLIENT_URL: 'mongodb://127.0.0.1:1/none',
        USER: 'foo',
        PASSWORD: 'foo',
        HOST: 'foo',
        DEBUG: '1',
      };
      for (const [name, value] of Object.entries(variables)) process.env[`MIKRO_ORM_${name}`] = value;
      try {
        const storage = await connectMongo(database, { collection: 'environment' });
        await storage.store([makeRecord()], signal);
        expect(await storage.reader.countUsage()).to.equal(1);
        await storage.close();
      } finally {
        for (const name of Object.keys(variables)) delete process.env[`MIKRO_ORM_${name}`];
      }
    });

    it('leaves it as it was how dates are inspected', async () => {
      const dates: object = Date.prototype;
      const before = Object.getOwnPropertyDescriptor(dates, inspect.custom);
      const shown = { value: () => 'a date', configurable: true, writable: true };
      try {
        for (const custom of [undefined, shown]) {
          if (custom === undefined) Reflect.deleteProperty(dates, inspect.custom);
          else Object.defineProperty(dates, inspect.custom, custom);
          const storage = await connectMongo(database);
          expect(inspect(new Date(0))).to.equal(custom === undefined ? '1970-01-01T00:00:00.000Z' : 'a date');
          await storage.close();
        }
      } finally {
        Reflect.deleteProperty(dates, inspect.custom);
        if (before !== undefined) Object.defineProperty(dates, inspect.custom, before);
      }
    });

    it('closes once, however often it is called', async () => {
      const storage = await connectMongo(database);
      await Promise.all([storage.close(), storage.close()]);
      await storage.close();
      expect(await caught(storage.store([makeRecord()], signal))).to.include({ code: 'STORAGE_CLOSED' });
    });
  });

  it('rejects soon where nothing listens, with what to check and without the password', async () => {
    const driverOptions = { serverSelectionTimeoutMS: 50 };
    const given = [
      { ...NOWHERE, username: 'ada', password: 'pencil99', driverOptions },
      { clientUrl: 'mongodb://ada:pencil99@127.0.0.1:9/usage', driverOptions },
    ];
    for (const options of given) {
      const error = await caught(MongoStorage.connect(options));
      expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'STORAGE_CONNECT' });
      expect(error.message).to.match(
        /^MongoStorage\.connect: the MongoDB database usage on 127\.0\.0\.1:9 cannot be reached: .*host and port\.$/,
      );
      expect(inspect(error, { depth: 9 })).to.not.include('pencil99');
    }
  });

  it('has the defaults of Flask-Track-Usage, and koa_usage', () => {
    const { target, collection, name, orm } = resolveConnection({ database: 'db' });
    expect({ target, collection, name }).to.deep.equal({
      target: 'db on 127.0.0.1:27017',
      collection: 'koa_usage',
      name: 'mongo',
    });
    expect(orm).to.deep.include({ clientUrl: 'mongodb://127.0.0.1:27017', dbName: 'db' });
  });

  it('looks for the user in the database itself, as Flask-Track-Usage does, or where it is told', () => {
    const user = { database: 'db', username: 'ada', password: 'pencil99' };
    const driverOptions = (options: object): unknown =>
      (resolveConnection({ ...user, ...options }).orm as { driverOptions: unknown }).driverOptions;
    const auth = { username: 'ada', password: 'pencil99' };
    expect(driverOptions({})).to.deep.include({ auth, authSource: 'db' });
    expect(driverOptions({ authSource: 'admin' })).to.deep.include({ auth, authSource: 'admin' });
  });

  it('lets the URL and the options of the driver decide how long is waited', () => {
    const options = {
      clientUrl: 'mongodb://h1,h2:27018/db?replicaSet=rs0&maxpoolsize=9',
      driverOptions: { socketTimeoutMS: 7 },
    };
    const { target, orm } = resolveConnection(options);
    expect(target).to.equal('db on h1,h2:27018');
    const { driverOptions } = orm as { driverOptions: object };
    expect(driverOptions).to.include({ socketTimeoutMS: 7, serverSelectionTimeoutMS: 5000 });
    expect(driverOptions).to.not.have.property('maxPoolSize');
  });

  it('writes addresses of IPv6 as URLs do', () => {
    expect(resolveConnection({ database: 'db', host: '::1' }).target).to.equal('db on [::1]:27017');
  });

  describe('refuses as an option', () => {
    const cases: [options: object, says: RegExp][] = [
      [{}, /'database' is undefined; expected a database's name/],
      [{ database: 'a b' }, /'database' is 'a b'/],
      [{ database: '$x' }, /'database' is '\$x'/],
      [{ database: 'db', collection: 'a$b' }, /'collection' is 'a\$b'; expected a collection's name/],
      [{ database: 'db', collection: 'system.users' }, /'collection'/],
      [{ database: 'db', collection: 'mongodb://ada:hunter2@host/db' }, /'collection' is 'mongodb:…'/],
      [{ database: 'db', port: 0 }, /'port' is 0; expected an integer from 1 to 65535/],
      [{ database: 'db', host: 'a/b' }, /'host' is 'a\/b'/],
      [{ database: 'db', username: 'ada' }, /'password' is undefined; .*go together/],
      [{ database: 'db', password: 'pencil99' }, /'username' is undefined; .*go together/],
      [{ database: 'db', username: 'ada', password: 'pencil99'.split('') }, /'password' cannot be used/],
      [
        { clientUrl: 'postgres://ada:pencil99@host/db' },
        /'clientUrl' cannot be used \(its value is not shown\)/,
      ],
      [{ clientUrl: 'mongodb://ada:pencil99@host/' }, /'database' is undefined/],
      [{ clientUrl: 'mongodb://host/%E0%A4%A' }, /'database' is undefined/],
      [
        { clientUrl: 'mongodb://host/db', password: 'pencil99' },
        /'password' cannot be used .*; expected nothing beside 'clientUrl'/,
      ],
      [{ database: 'db', driverOptions: 'tls' }, /'driverOptions' is 'tls'; expected an object/],
      [{ database: 'db', tableName: 'x' }, /there is no option 'tableName'.*'collection'/],
    ];
    for (const [options, says] of cases) {
      it(inspect(options, { breakLength: Infinity }).replaceAll('pencil99', '…'), async () => {
        const error = await thrown(() => resolveConnection(options));
        expect(error).to.be.an.instanceOf(TrackUsageError).and.include({ code: 'INVALID_OPTION' });
        expect(error.message)
          .to.match(/^MongoStorage\.connect: /)
          .and.match(says);
        expect(error.message).to.not.include('pencil99');
      });
    }
  });
});
