import { expect } from 'chai';
import type { MikroORM } from '@mikro-orm/core';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { Usage, UsageRepository } from '../../src/backends/sql/index.js';
import type { UsagePage } from '../../src/storage/usage-page.js';
import type { UsageFilter } from '../../src/storage/usage-filters.js';
import type { UsageReader } from '../../src/storage/usage-reader.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { caught } from '../support/caught.js';
import { applicationOrm } from '../support/sqlite.js';

/** Each line is an error to the compiler, which fails the build where it is not. Each has to be one at run time too. */
function operators(reader: UsageReader): (() => unknown)[] {
  return [
    // @ts-expect-error a filter is no operator
    () => reader.getUsage({ username: { $ne: null } }),
    // @ts-expect-error a filter is no operator
    () => reader.getUsagePage({ username: { $ne: null } }),
    // @ts-expect-error a filter is no operator
    () => reader.countUsage({ username: { $ne: null } }),
    // @ts-expect-error a filter is no operator
    () => reader.streamUsage({ username: { $ne: null } }),
    // @ts-expect-error a filter is no list
    () => reader.countUsage({ route: ['/a', '/b'] }),
    // @ts-expect-error a status is a number
    () => reader.countUsage({ status: { $gte: 500 } }),
    // @ts-expect-error there are five classes of statuses
    () => reader.countUsage({ status: '6xx' }),
    // @ts-expect-error a list of statuses holds no list
    () => reader.countUsage({ status: [['5xx']] }),
    // @ts-expect-error a list of statuses holds no operator
    () => reader.countUsage({ status: [200, { $gte: 500 }] }),
    // @ts-expect-error a record is a bot's or not
    () => reader.countUsage({ bot: null }),
    // @ts-expect-error a path is always there
    () => reader.countUsage({ path: null }),
    // @ts-expect-error a filter is no operator
    () => reader.countUsage({ visitor: { $ne: null } }),
    // @ts-expect-error a method is always there
    () => reader.countUsage({ method: null }),
    // @ts-expect-error a date is no operator
    () => reader.countUsage({ startDate: { $gt: new Date(0) } }),
    // @ts-expect-error only what is named can be filtered by
    () => reader.countUsage({ $or: [] }),
    // @ts-expect-error a cursor is text
    () => reader.getUsagePage({ cursor: { $gt: '' } }),
    // @ts-expect-error pages by number have no cursor
    () => reader.getUsage({ cursor: null }),
    // @ts-expect-error pages by cursor have no number
    () => reader.getUsagePage({ page: 2 }),
    // @ts-expect-error a count has no limit
    () => reader.countUsage({ limit: 2 }),
  ];
}

/** The same for one reader after the other, as MikroORM's own methods of a repository are inherited. */
async function expectRefused(reader: UsageReader): Promise<void> {
  for (const ask of operators(reader)) {
    const error = await caught(Promise.resolve().then(ask));
    expect(error, String(ask)).to.include({ code: 'INVALID_QUERY' });
  }
}

describe('Filters', () => {
  let orm: MikroORM | null = null;

  after(() => orm?.close(true));

  it('cannot be turned into operators, neither to the compiler nor at run time', async () => {
    await expectRefused(new MemoryStorage());
  });

  it("cannot be turned into operators of MikroORM's by a repository either", async () => {
    orm = await applicationOrm();
    const repository = orm.em.fork().getRepository(Usage);
    expect(repository).to.be.an.instanceOf(UsageRepository);
    await expectRefused(repository);
    const filters: Partial<Record<UsageFilter, unknown>> = { username: { $ne: null } };
    expect(await caught(repository.countUsage(filters as object))).to.include({ code: 'INVALID_QUERY' });
  });

  it('leave the answers of a repository typed', async () => {
    const repository = (orm ?? (await applicationOrm())).em.fork().getRepository(Usage);
    const page: UsagePage = await repository.getUsagePage({ username: null, status: 200, cursor: null });
    const count: number = await repository.countUsage({ route: '/users/:id' });
    const stream: AsyncIterableIterator<UsageRecord> = repository.streamUsage({ batchSize: 10 });
    expect([page.items.length, count, (await stream.next()).done]).to.deep.equal([0, 0, true]);
  });
});
