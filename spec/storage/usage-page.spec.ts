import { expect } from 'chai';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { type UsagePage, streamUsagePages, usagePageOf } from '../../src/storage/usage-page.js';
import { type UsagePageQuery, resolveUsagePageQuery } from '../../src/storage/usage-query.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { caught } from '../support/caught.js';
import { makeRecords } from '../support/records.js';
import { refusalOf } from '../support/refusal.js';

describe('usagePageOf', () => {
  const [a, b, c] = makeRecords(3).toReversed() as [UsageRecord, UsageRecord, UsageRecord];
  const query = { limit: 2, status: 200 };

  it('leaves out the record that only tells that something follows, and ends before it', () => {
    const { items, nextCursor } = usagePageOf([a, b, c], resolveUsagePageQuery(query));
    expect(items).to.deep.equal([a, b]);
    const { after } = resolveUsagePageQuery({ ...query, cursor: nextCursor });
    expect(after).to.deep.equal({ date: b.date, id: b.id });
  });

  it('has no cursor when no more was found than fits', () => {
    for (const found of [[], [a], [a, b]]) {
      expect(usagePageOf(found, resolveUsagePageQuery(query))).to.deep.equal({
        items: found,
        nextCursor: null,
      });
    }
  });
});

describe('streamUsagePages', () => {
  let asked: UsagePageQuery[] = [];
  let storage = new MemoryStorage();

  const readPage = async (query: UsagePageQuery): Promise<UsagePage> => {
    asked.push(query);
    return storage.getUsagePage(query);
  };

  beforeEach(async () => {
    asked = [];
    storage = new MemoryStorage();
    await storage.store(makeRecords(7));
  });

  it('reads nothing until the first record is asked for, and a page when the one before is used up', async () => {
    const stream = streamUsagePages({ batchSize: 3 }, readPage);
    const pagesRead: number[] = [];
    expect(asked).to.have.lengthOf(0);
    while ((await stream.next()).done !== true) pagesRead.push(asked.length);
    expect(pagesRead).to.deep.equal([1, 1, 1, 2, 2, 2, 3]);
    expect(asked).to.have.lengthOf(3);
    expect(asked.map(({ limit }) => limit)).to.deep.equal([3, 3, 3]);
  });

  it('reads no further page after break', async () => {
    for await (const record of streamUsagePages({ batchSize: 3 }, readPage)) {
      if (record === storage.records[4]) break;
    }
    expect(asked).to.have.lengthOf(1);
  });

  it('asks every page with the dates and filters as they were, whatever becomes of the query', async () => {
    const startDate = new Date('2026-03-01T00:00:00Z');
    const query = { startDate, status: 200, batchSize: 3 };
    const stream = streamUsagePages(query, readPage);
    startDate.setUTCFullYear(2030);
    query.status = 404;
    let count = 0;
    for await (const record of stream) {
      count += 1;
      expect(record.status).to.equal(200);
    }
    expect(count).to.equal(7);
  });

  it('refuses a query when it is called, before anything is read', () => {
    const error = refusalOf(() => streamUsagePages({ batchSize: 0 }, readPage));
    expect(error).to.include({ code: 'INVALID_QUERY' });
    expect(error.message).to.equal("streamUsage: 'batchSize' is 0; expected an integer from 1 to 10000.");
    expect(asked).to.have.lengthOf(0);
  });

  it('rejects with what a page rejects with, and is over then', async () => {
    const failure = new Error('the database is gone');
    const stream = streamUsagePages({ batchSize: 3 }, async (query) => {
      if (query.cursor !== null) throw failure;
      return readPage(query);
    });
    for (let index = 0; index < 3; index += 1) expect((await stream.next()).done).to.equal(false);
    expect(await caught(stream.next())).to.equal(failure);
    expect(await stream.next()).to.deep.equal({ done: true, value: undefined });
  });
});
