import { expect } from 'chai';
import { TrackUsageError } from '../../../src/errors.js';
import type { UsageRecord } from '../../../src/record/usage-record.js';
import type { UsagePage } from '../../../src/storage/usage-page.js';
import type { UsageCountQuery, UsagePageQuery, UsageQuery } from '../../../src/storage/usage-query.js';
import type { StoreResult } from '../../../src/storage/usage-storage.js';
import { storageContract } from '../../../src/testing/contract/storage-contract.js';
import type { StorageSubject } from '../../../src/testing/contract/subject.js';
import { MemoryStorage } from '../../../src/testing/memory-storage.js';
import { makeRecord } from '../../support/records.js';

/** A storage that can be closed and poisoned, for others to be broken. */
class Sound extends MemoryStorage {
  protected readonly poisoned = new Set<string>();
  protected isClosed = false;

  poison(ids: readonly string[]): void {
    for (const id of ids) this.poisoned.add(id);
  }

  override async store(batch: readonly UsageRecord[], signal?: AbortSignal): Promise<StoreResult> {
    if (this.isClosed)
      throw new TrackUsageError('STORAGE_CLOSED', `The storage 'memory' was used after close().`);
    const kept = batch.filter(({ id }) => !this.poisoned.has(id));
    const { stored } = await super.store(kept, signal);
    const refused = batch.filter(({ id }) => this.poisoned.has(id));
    return { stored, refused: refused.map(({ id }) => ({ id, error: new Error('poisoned') })) };
  }
}

class LastOneWins extends Sound {
  override async store(batch: readonly UsageRecord[], signal?: AbortSignal): Promise<StoreResult> {
    const others = this.records.filter(({ id }) => !batch.some((record) => record.id === id));
    this.clear();
    await super.store(others);
    return super.store(batch, signal);
  }
}

class ToTheSecond extends Sound {
  override store(batch: readonly UsageRecord[], signal?: AbortSignal): Promise<StoreResult> {
    const cut = batch.map((record) =>
      makeRecord({ ...record, date: new Date(Math.floor(record.date.getTime() / 1000) * 1000) }),
    );
    return super.store(cut, signal);
  }
}

class WritesAgainEveryTime extends Sound {
  override store(batch: readonly UsageRecord[], signal?: AbortSignal): Promise<StoreResult> {
    const known = new Set(this.records.map(({ id }) => id));
    const again = batch.map((record) =>
      known.has(record.id) ? makeRecord({ ...record, id: `${record.id}x` }) : record,
    );
    return super.store(again, signal);
  }
}

class LosesPoisonedBatches extends Sound {
  override async store(batch: readonly UsageRecord[], signal?: AbortSignal): Promise<StoreResult> {
    if (!batch.some(({ id }) => this.poisoned.has(id))) return super.store(batch, signal);
    return { stored: 0, refused: batch.map(({ id }) => ({ id, error: new Error('poisoned') })) };
  }
}

class StaysBrokenAfterAbort extends Sound {
  #isBroken = false;

  override async store(batch: readonly UsageRecord[], signal?: AbortSignal): Promise<StoreResult> {
    if (this.#isBroken) throw new Error('still in a transaction');
    await new Promise((resolve) => setImmediate(resolve));
    this.#isBroken = signal?.aborted ?? false;
    return super.store(batch, signal);
  }
}

class WritesAfterClose extends Sound {
  async close(): Promise<void> {}
}

class IgnoresCursors extends Sound {
  override getUsagePage({ cursor: _, ...query }: UsagePageQuery = {}): Promise<UsagePage> {
    return super.getUsagePage(query);
  }
}

class HoldsCasesEqual extends Sound {
  override async getUsage(query: UsageQuery = {}): Promise<UsageRecord[]> {
    const { username, ...others } = query;
    if (typeof username !== 'string') return super.getUsage(query);
    const found = await super.getUsage({ ...others, limit: 10_000, page: 1 });
    return found.filter((record) => record.username?.toLowerCase() === username.toLowerCase());
  }
}

class StreamsAll extends Sound {
  override streamUsage(): AsyncIterableIterator<UsageRecord> {
    return super.streamUsage();
  }
}

class PagesForgetDates extends Sound {
  override async getUsagePage(query: UsagePageQuery = {}): Promise<UsagePage> {
    const { items } = await super.getUsagePage({ ...query, startDate: undefined, cursor: null });
    return { items, nextCursor: null };
  }
}

class CountsWithoutFilters extends Sound {
  override countUsage({ startDate, endDate }: UsageCountQuery = {}): Promise<number> {
    return super.countUsage({ startDate, endDate });
  }
}

class CountsBotsAsAll extends Sound {
  override countUsage({ bot: _, ...query }: UsageCountQuery = {}): Promise<number> {
    return super.countUsage(query);
  }
}

class TakesTheFirstStatus extends Sound {
  override getUsagePage({ status, ...query }: UsagePageQuery = {}): Promise<UsagePage> {
    const [first] = [status ?? []].flat();
    return super.getUsagePage({ ...query, ...(status === undefined ? {} : { status: first }) });
  }
}

class CountsOnePage extends Sound {
  override async countUsage(query?: UsageCountQuery): Promise<number> {
    return Math.min(500, await super.countUsage(query));
  }
}

class TakesLocalTime extends Sound {
  override store(batch: readonly UsageRecord[], signal?: AbortSignal): Promise<StoreResult> {
    const local = batch.map((record) => {
      const { date } = record;
      const wall = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
      return makeRecord({ ...record, date: new Date(wall.toISOString().slice(0, -1)) });
    });
    return super.store(local, signal);
  }
}

class DeletesTheDateItself extends Sound {
  override deleteBefore(date: Date, limit: number, signal?: AbortSignal): Promise<number> {
    return super.deleteBefore(new Date(date.getTime() + 1), limit, signal);
  }
}

class DeletesAllAtOnce extends Sound {
  override deleteBefore(date: Date, _limit: number, signal?: AbortSignal): Promise<number> {
    return super.deleteBefore(date, Infinity, signal);
  }
}

class DeletesEqualDatesBackwards extends Sound {
  override async deleteBefore(date: Date, limit: number, signal?: AbortSignal): Promise<number> {
    signal?.throwIfAborted();
    const byDate = this.records.toSorted(
      (a, b) => a.date.getTime() - b.date.getTime() || (a.id < b.id ? 1 : -1),
    );
    const old = byDate.filter((record) => record.date < date).slice(0, limit);
    const kept = this.records.filter((record) => !old.includes(record));
    this.clear();
    await super.store(kept);
    return old.length;
  }
}

class DeletesAllBeforeADate extends Sound {
  override deleteUsage({ endDate }: UsageCountQuery, limit: number, signal?: AbortSignal): Promise<number> {
    return super.deleteUsage({ endDate }, limit, signal);
  }
}

class TakesTheLastSalt extends Sound {
  override readonly salts = {
    claim: (_day: string, proposal: string) => Promise.resolve(proposal),
    deleteBefore: () => Promise.resolve(0),
  };
}

class DeletesAllSalts extends Sound {
  readonly #kept = new Map<string, string>();
  override readonly salts = {
    claim: (day: string, proposal: string) => {
      const salt = this.#kept.get(day) ?? proposal;
      this.#kept.set(day, salt);
      return Promise.resolve(salt);
    },
    deleteBefore: () => {
      const { size } = this.#kept;
      this.#kept.clear();
      return Promise.resolve(Math.min(2, size));
    },
  };
}

class OldestFirst extends Sound {
  override async getUsage(query?: UsageQuery): Promise<UsageRecord[]> {
    return (await super.getUsage(query)).toReversed();
  }
}

const BROKEN: readonly (readonly [what: string, Storage: typeof Sound, check: string])[] = [
  [
    'keeps the last of two records with one id',
    LastOneWins,
    'writing keeps what is there when a record comes again',
  ],
  ['cuts milliseconds', ToTheSecond, 'what is read back has every millisecond'],
  ['is not idempotent', WritesAgainEveryTime, 'writing keeps each record once when a batch is stored again'],
  [
    'loses the batch of a poisoned record',
    LosesPoisonedBatches,
    'a storage at fault refuses one poisoned record',
  ],
  ['stays broken after an abort', StaysBrokenAfterAbort, 'a storage at fault that was aborted in mid-write'],
  ['writes after close', WritesAfterClose, 'life cycle refuses to write after close'],
  ['ignores cursors', IgnoresCursors, 'pages by cursor neither repeat nor hide'],
  ['holds upper and lower case equal', HoldsCasesEqual, 'filters tell texts apart'],
  ['streams all that it keeps', StreamsAll, 'filters find the records within the dates'],
  ['forgets the dates of pages', PagesForgetDates, 'startDate and endDate include the start'],
  ['counts without filters', CountsWithoutFilters, 'filters find just the records with a certain route'],
  ['does not know bots', CountsBotsAsAll, 'filters find just the records with a certain bot'],
  [
    'takes the first status of a list',
    TakesTheFirstStatus,
    'filters find the records of a class of statuses',
  ],
  ['counts one page', CountsOnePage, 'countUsage counts all records'],
  ['takes dates for local time', TakesLocalTime, 'time zones of the process'],
  ['deletes the date itself', DeletesTheDateItself, 'deleteBefore deletes what is older than the date'],
  ['deletes all at once', DeletesAllAtOnce, 'deleteBefore deletes the oldest first, no more than the limit'],
  [
    'deletes equal dates in another order',
    DeletesEqualDatesBackwards,
    'deleteBefore goes through equal dates by ascending id',
  ],
  [
    'deletes other actions as well',
    DeletesAllBeforeADate,
    'deleteUsage deletes the records of an action before a date',
  ],
  ['takes the last salt', TakesTheLastSalt, 'salts are the same for 6 who ask at once'],
  ['deletes the salts that are needed', DeletesAllSalts, 'salts are deleted before a day, and no others'],
  ['reads the oldest first', OldestFirst, 'order and pages returns the newest first'],
];

describe('storageContract', function () {
  this.timeout(30_000);

  const open = async (Storage: typeof Sound): Promise<StorageSubject> => {
    const storage = new Storage();
    return { storage, poison: async (ids) => storage.poison(ids), close: async () => {} };
  };

  it('has a title of its own for each check', () => {
    const titles = storageContract(() => open(Sound)).map(({ title }) => title);
    expect(titles.length).to.be.greaterThan(100);
    expect(new Set(titles).size).to.equal(titles.length);
  });

  it('opens nothing until a check is run, and closes what it opened, also after a failure', async () => {
    const calls: string[] = [];
    const checks = storageContract(async () => {
      calls.push('open');
      return { storage: new ToTheSecond(), close: async () => void calls.push('close') };
    });
    expect(calls).to.deep.equal([]);
    const failing = checks.find(({ title }) => title.includes('every millisecond'));
    expect(await failing?.run().catch((error: unknown) => error)).to.be.an.instanceOf(Error);
    expect(calls).to.deep.equal(['open', 'close']);
  });

  it('says which checks need what a subject may leave out, and passes them without it', async () => {
    const needing = storageContract(async () => ({ storage: new Sound(), close: async () => {} })).filter(
      ({ needs }) => needs !== null,
    );
    const needs = new Set(needing.map((check) => check.needs));
    expect([...needs]).to.have.members(['reopen', 'openAnother', 'poison', 'reopenInOtherZone']);
    for (const { run } of needing) await run();
  });

  for (const [what, Storage, title] of BROKEN) {
    it(`fails a storage that ${what}, and not one that does not`, async () => {
      const pick = (Kind: typeof Sound) =>
        storageContract(() => open(Kind)).filter((check) => check.title.startsWith(title));
      const broken = await Promise.allSettled(pick(Storage).map(({ run }) => run()));
      expect(broken.map(({ status }) => status)).to.include('rejected');
      for (const { run } of pick(Sound)) await run();
    });
  }
});
