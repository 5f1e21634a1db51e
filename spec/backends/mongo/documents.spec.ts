import type { MikroORM } from '@mikro-orm/mongodb';
import { expect } from 'chai';
import { MongoPiggybackStorage, Usage } from '../../../src/backends/mongo/index.js';
import { documentOf, fieldName } from '../../../src/backends/mongo/usage-document.js';
import { USAGE_COLUMNS } from '../../../src/record/columns.js';
import { describeOn } from '../../support/describe-on.js';
import { documentsOf, initMongoOrm, nativeClient } from '../../support/mongo.js';
import { makeRecord, makeRecords } from '../../support/records.js';
import type { FreshDatabase } from '../../support/servers.js';

const { signal } = new AbortController();

describe('The documents of usage records', () => {
  it('have exactly the fields of the entity', () => {
    const { properties } = Usage.meta;
    const fields = Object.values(properties).map(
      (property) => (property as { fieldName?: string }).fieldName,
    );
    expect(Object.keys(documentOf(makeRecord()))).to.deep.equal(
      USAGE_COLUMNS.map(({ property }) => fieldName(property)),
    );
    expect(Object.keys(documentOf(makeRecord()))).to.have.members(fields);
  });

  describeOn('mongodb', (server) => {
    let database: FreshDatabase;
    let orm: MikroORM;
    let storage: MongoPiggybackStorage;
    const client = nativeClient(server);
    const collection = () => client().db(database.name).collection('koa_usage');

    before(async () => {
      database = await server().freshDatabase();
      orm = await initMongoOrm(database);
      storage = new MongoPiggybackStorage(orm);
    });

    beforeEach(() => collection().deleteMany({}));

    after(async () => {
      await orm.close(true);
      await database.drop();
    });

    it('have the id as their _id, dates of milliseconds, and the fields of the table', async () => {
      const record = makeRecord({ trackVar: { plan: 'pro' } });
      await storage.store([record], signal);
      const [document] = await documentsOf(collection());
      expect(document).to.include({
        _id: record.id,
        duration_ms: 12.345,
        ua_browser: 'Firefox',
        route: '/users/:id',
      });
      expect(document?.['date']).to.deep.equal(new Date('2026-03-01T12:00:00.123Z'));
      expect(document).to.deep.include({ params: { id: '7' }, track_var: { plan: 'pro' }, ip_info: null });
    });

    it('are found by what the query, the route and the application named', async () => {
      const records = [
        makeRecord({ params: { id: '7' } }),
        makeRecord({ params: { id: '8' }, trackVar: { a: { b: 1 } } }),
      ];
      await storage.store(records, signal);
      const found = await collection().find({ 'params.id': '8', 'track_var.a.b': 1 }).toArray();
      expect(found.map(({ _id }) => String(_id))).to.deep.equal([records[1]?.id]);
    });

    it('hold operators and paths as data, and are updated by none of them', async () => {
      const query = { $inc: '5', 'a.b': ['1', '2'], $where: 'while(true);', __proto__: 'x' };
      const record = makeRecord({
        query,
        trackVar: { $set: { url: 'x' }, 'user.name': 'ada', list: [[1], [{ $ne: 1 }]] },
      });
      await storage.store([record, ...makeRecords(2)], signal);
      const [document] = await collection().find({ 'query.%24inc': '5' }).toArray();
      expect(document?.['url']).to.equal(record.url);
      expect(document?.['query']).to.have.property('a%2Eb').that.deep.equals(['1', '2']);
      expect(await storage.reader.getUsage({ limit: 10 })).to.deep.include(record);
    });

    it('are entities of MikroORM with the same values', async () => {
      const record = makeRecord({ query: { $inc: '5', 'a.b': 'c' }, params: null, requestBytes: 2 ** 40 });
      await storage.store([record], signal);
      const entity = await orm.em.fork().findOneOrFail(Usage, { id: record.id });
      expect(entity.query).to.deep.equal({ $inc: '5', 'a.b': 'c' });
      expect(entity.params).to.equal(null);
      expect(entity.date).to.deep.equal(record.date);
      expect(entity).to.include({
        id: record.id,
        requestBytes: 2 ** 40,
        durationMs: 12.345,
        uaBrowser: 'Firefox',
      });
    });

    it('are compared by MikroORM as what they are', async () => {
      const records = [5, 40, 300].map((responseBytes) => makeRecord({ responseBytes }));
      await storage.store(records, signal);
      const query = { responseBytes: { $gt: 30 }, date: { $gte: new Date('2026-03-01T00:00:00Z') } };
      expect(await orm.em.fork().count(Usage, query)).to.equal(2);
    });

    it('that MikroORM wrote are records', async () => {
      const record = makeRecord({ query: { 'a.b': '1' }, trackVar: { $inc: [['x']] } });
      const { userAgent, ...fields } = record;
      const { browser, version, platform, language, string } = userAgent;
      const em = orm.em.fork();
      const entity = em.create(Usage, {
        ...fields,
        uaBrowser: browser,
        uaVersion: version,
        uaPlatform: platform,
        uaLanguage: language,
        uaString: string,
      });
      await em.persist(entity).flush();
      expect(await storage.reader.getUsage()).to.deep.equal([record]);
    });

    it('are read with plain numbers, whatever the client makes of BSON', async () => {
      const record = makeRecord({
        requestBytes: 2 ** 40,
        responseBytes: 7,
        trackVar: { n: 2 ** 33, m: 1.5 },
      });
      await storage.store([record], signal);
      for (const options of [
        { promoteValues: false },
        { promoteLongs: false },
        { useBigInt64: true },
        { raw: true },
      ]) {
        const odd = new MongoPiggybackStorage(client().db(database.name, options).collection('koa_usage'));
        expect(await odd.reader.getUsage()).to.deep.equal([record]);
      }
    });

    it('are acknowledged, even where the application asks for no acknowledgement', async () => {
      const careless = client()
        .db(database.name)
        .collection('koa_usage', { writeConcern: { w: 0 } });
      const piggyback = new MongoPiggybackStorage(careless);
      const records = makeRecords(3);
      expect(await piggyback.store(records, signal)).to.deep.equal({ stored: 3, refused: [] });
      expect(await collection().countDocuments()).to.equal(3);
    });
  });
});
