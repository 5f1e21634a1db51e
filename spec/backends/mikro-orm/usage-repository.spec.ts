import { expect } from 'chai';
import type { MikroORM } from '@mikro-orm/core';
import { SqlStorage, Usage, type UsageRepository } from '../../../src/backends/sql/index.js';
import { sqliteConnection } from '../../../src/backends/sql/sqlite/native-client.js';
import type { UsagePageQuery } from '../../../src/storage/usage-query.js';
import { patience } from '../../contract/subject.js';
import { makeRecord, makeRecords, newestFirst } from '../../support/records.js';
import { applicationOrm } from '../../support/sqlite.js';
import { countTurns } from '../../support/turns.js';

const INDEX = 'koa_usage_date_id_index';

describe('UsageRepository on SQLite', () => {
  let orm: MikroORM | null = null;
  let statements: string[] = [];

  async function openOrm(): Promise<{ orm: MikroORM; repository: UsageRepository; storage: SqlStorage }> {
    const logger = (line: string): void => {
      statements.push(line.replace(/^\[query\] /, '').replace(/ \[took .*$/s, ''));
    };
    orm = await applicationOrm({ debug: ['query', 'query-params'], colors: false, logger });
    return { orm, repository: orm.em.fork().getRepository(Usage), storage: new SqlStorage(orm) };
  }

  /** How SQLite answers the statement that was made last. */
  async function lastPlan(opened: MikroORM): Promise<string> {
    const database = await sqliteConnection(opened).getNativeClient();
    const rows = database.prepare(`explain query plan ${statements.at(-1)}`).all([]) as { detail: string }[];
    return rows.map(({ detail }) => detail).join('; ');
  }

  afterEach(async () => {
    await orm?.close(true);
    orm = null;
    statements = [];
  });

  const dates = { startDate: '2026-01-01', endDate: '2027-01-01' };
  const plans: [string, UsagePageQuery, string][] = [
    ['dates', dates, '(date>? AND date<?)'],
    ['dates and filters', { ...dates, status: 200, username: 'ada' }, '(date>? AND date<?)'],
    ['a start', { startDate: '2026-01-01' }, '(date>? AND date<?)'],
    ['an end', { endDate: '2027-01-01' }, '(date<?)'],
    ['nothing but the cursor', {}, '(date<?)'],
  ];

  for (const [title, query, bounds] of plans) {
    for (const analyzed of [false, true]) {
      it(`seeks a page by ${title} in the index and sorts nothing${analyzed ? ', once analysed' : ''}`, async () => {
        const { repository, storage, orm: opened } = await openOrm();
        await storage.store(makeRecords(300), patience());
        if (analyzed) (await sqliteConnection(opened).getNativeClient()).exec('analyze');
        const { nextCursor } = await repository.getUsagePage({ ...query, limit: 100 });
        const { items } = await repository.getUsagePage({ ...query, limit: 100, cursor: nextCursor });
        expect(items).to.have.lengthOf(100);
        expect(await lastPlan(opened))
          .to.match(/^SEARCH \w+ USING INDEX (\w+) \(.*\)$/)
          .and.include(`${INDEX} ${bounds}`);
      });
    }
  }

  it("seeks from the cursor's date and not from endDate, which all the pages before lie behind", async () => {
    const { repository, storage } = await openOrm();
    const records = makeRecords(4);
    await storage.store(records, patience());
    const { nextCursor } = await repository.getUsagePage({ ...dates, limit: 2 });
    await repository.getUsagePage({ ...dates, limit: 2, cursor: nextCursor });
    expect(statements.at(-1)).to.include(String(records[2]?.date.getTime()));
    expect(statements.at(-1)).not.to.include(String(Date.parse(dates.endDate)));
  });

  it('asks for one record more than the page has, and for nothing else', async () => {
    const { repository, storage } = await openOrm();
    await storage.store(makeRecords(4), patience());
    statements = [];
    await repository.getUsagePage({ limit: 2 });
    expect(statements).to.have.lengthOf(1);
    expect(statements[0]).to.match(/ limit 3$/);
  });

  it('asks for a class of statuses by a range, which an index can find', async () => {
    const { repository } = await openOrm();
    await repository.getUsagePage({ status: '5xx' });
    expect(statements.at(-1)).to.match(/where \S+`status` >= 500 and \S+`status` < 600 order by/);
  });

  it('counts in the database', async () => {
    const { repository, storage } = await openOrm();
    await storage.store(makeRecords(4), patience());
    statements = [];
    expect(await repository.countUsage({ status: 200 })).to.equal(4);
    expect(statements.at(-1)).to.match(/^select count\(/);
  });

  it('streams as many records at a time as it is told, in statements of their own', async () => {
    const { repository, storage } = await openOrm();
    await storage.store(makeRecords(10), patience());
    statements = [];
    let count = 0;
    for await (const _ of repository.streamUsage({ batchSize: 4 })) count += 1;
    expect(count).to.equal(10);
    expect(statements.map((statement) => / limit (\d+)$/.exec(statement)?.[1])).to.deep.equal([
      '5',
      '5',
      '5',
    ]);
  });

  it('gives the event loop turns while it pages, counts and streams', async () => {
    const { repository, storage } = await openOrm();
    await storage.store(makeRecords(8100), patience());
    expect(await countTurns(() => repository.getUsage({ limit: 1000 }))).to.be.at.least(9);
    expect(await countTurns(() => repository.getUsage({ limit: 1, page: 1000 }))).to.be.at.least(9);
    expect(await countTurns(() => repository.getUsagePage({ username: 'nobody' }))).to.be.at.least(80);
    expect(await countTurns(() => repository.countUsage({ username: 'nobody' }))).to.be.at.least(4);
    const streaming = async (): Promise<void> => {
      for await (const _ of repository.streamUsage({ batchSize: 100 }));
    };
    expect(await countTurns(streaming)).to.be.at.least(81);
  });

  it('finds in steps what is there, and no more', async () => {
    const { repository, storage } = await openOrm();
    const day = Date.parse('2026-01-01T00:00:00Z');
    // Many share a millisecond, so that steps end between them.
    const records = Array.from({ length: 4500 }, (_, index) =>
      makeRecord({
        date: new Date(day + Math.floor(index / 7) * 1000),
        status: index % 97 === 0 ? 500 : 200,
      }),
    );
    await storage.store(records, patience());
    const all = records.toSorted(newestFirst);
    const errors = all.filter(({ status }) => status === 500);
    for (const [status, expected] of [
      [undefined, all],
      [500, errors],
    ] as const) {
      expect(await repository.countUsage({ status })).to.equal(expected.length);
      for (const [limit, page] of [
        [10_000, 1],
        [101, 1],
        [7, 3],
        [202, 2],
        [404, 5],
        [303, 15],
        [5000, 2],
      ] as const) {
        const found = await repository.getUsage({ status, limit, page });
        expect(found).to.deep.equal(expected.slice((page - 1) * limit, page * limit));
      }
      const streamed = [];
      for await (const record of repository.streamUsage({ status, batchSize: 150 })) streamed.push(record);
      expect(streamed).to.deep.equal(expected);
    }
    const startDate = all[3000]?.date;
    const endDate = all[500]?.date;
    if (startDate === undefined || endDate === undefined) throw new Error('no records');
    const within = all.filter(({ date }) => date >= startDate && date < endDate);
    expect(await repository.countUsage({ startDate, endDate })).to.equal(within.length);
    expect(await repository.getUsage({ startDate, endDate, limit: 5000 })).to.deep.equal(within);
  });

  it('asks once for a short page without filters', async () => {
    const { repository, storage } = await openOrm();
    await storage.store(makeRecords(120), patience());
    statements = [];
    await repository.getUsagePage({ limit: 100 });
    await repository.getUsage({ limit: 100 });
    expect(statements).to.have.lengthOf(2);
  });

  it("leaves MikroORM's own count and stream to MikroORM", async () => {
    const { repository, storage } = await openOrm();
    const [first, second, third] = [makeRecord(), makeRecord(), makeRecord()];
    await storage.store([first, second, third], patience());
    expect(await repository.count({ id: { $ne: first.id } })).to.equal(2);
    const ids: string[] = [];
    for await (const { id } of repository.stream({
      where: { id: { $ne: first.id } },
      orderBy: { id: 'asc' },
    }))
      ids.push(id);
    expect(ids).to.deep.equal([second.id, third.id]);
  });

  it("reads within the application's transaction what that has written", async () => {
    const { orm: opened, repository } = await openOrm();
    const record = makeRecord();
    const { userAgent, ...columns } = record;
    await opened.em.fork().transactional(async (em) => {
      const own = em.getRepository(Usage);
      await em.insert(Usage, {
        ...columns,
        uaBrowser: userAgent.browser,
        uaVersion: userAgent.version,
        uaPlatform: userAgent.platform,
        uaLanguage: userAgent.language,
        uaString: userAgent.string,
      });
      expect((await own.getUsagePage()).items).to.deep.equal([record]);
      expect(await own.countUsage()).to.equal(1);
      expect((await own.streamUsage().next()).value).to.deep.equal(record);
    });
    expect(await repository.countUsage()).to.equal(1);
  });
});
