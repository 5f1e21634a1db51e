import 'reflect-metadata';
import { expect } from 'chai';
import { Get, JsonController, Param } from 'routing-controllers';
import { Container, Service } from 'typedi';
import { StorageToken, Tracked, TrackedController, Untracked, UsageReports } from '../../src/index.js';
import type { SummaryRow, SummaryRowQuery } from '../../src/storage/summary-store.js';
import type { SummaryQuery, UsageSummary } from '../../src/storage/usage-summary.js';
import type { UsageStorage } from '../../src/storage/usage-storage.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { MemoryRows } from '../../src/testing/memory-rows.js';
import { MemoryStorage } from '../../src/testing/memory-storage.js';
import { caught } from '../support/caught.js';
import { call } from '../support/reports.js';
import { serve } from '../support/serve.js';

@JsonController('/shop')
@TrackedController()
class ShopController {
  @Get('/orders/:id')
  order(@Param('id') id: string): object {
    return { id };
  }

  @Get('/unused')
  unused(): object {
    return {};
  }

  @Tracked({ sampleRate: 0.01 })
  @Get('/sampled')
  sampled(): object {
    return {};
  }

  @Untracked()
  @Get('/health')
  health(): object {
    return {};
  }
}

/** What cannot be read. */
const WRITER: UsageStorage = {
  name: 'writer',
  store: async (batch) => ({ stored: batch.length, refused: [] }),
};

@Service()
class ReportController {
  constructor(readonly reports: UsageReports) {}
}

/** Rows that note each question. */
class ListeningRows extends MemoryRows {
  readonly #asked: string[];

  constructor(asked: string[]) {
    super();
    this.#asked = asked;
  }

  override find(query: SummaryRowQuery, signal: AbortSignal): Promise<SummaryRow[]> {
    this.#asked.push(JSON.stringify(query));
    return super.find(query, signal);
  }
}

describe('UsageReports', () => {
  it('judges the endpoints of a server that has run for 40 days', async () => {
    const storage = new MemoryStorage();
    const clock = new ManualClock(new Date('2026-05-20T12:00:00Z'));
    const served = await serve({
      controllers: [ShopController],
      tracker: { storage, clock, serverName: 'shop', version: '1.0.0' },
    });
    await fetch(`${served.origin}/shop/orders/7`);
    await served.records();
    for (let half = 0; half < 40 * 2; half += 1) await clock.advance(12 * 3_600_000);
    await served.close();
    const reports = new UsageReports(storage, clock);
    const { endpoints, ...basis } = await reports.endpoints({ days: 30 });
    expect(endpoints.map(({ route, verdict, reason }) => [route, verdict, reason])).to.deep.equal([
      ['/shop/orders/:id', 'unused', 'no call in 30 of 30 watched days, last call 2026-05-20'],
      ['/shop/unused', 'unused', 'no call in 30 of 30 watched days, last call never'],
      ['/shop/sampled', 'sampled', 'no recorded call at rate 0.01: with 95 % certainty at most 298 calls'],
      ['/shop/health', 'untracked', 'requests to it are not recorded'],
    ]);
    expect(basis).to.deep.include({ services: ['shop'], days: 30, watchedDays: 30, lost: 0, sampled: true });
  });

  describe('by TypeDI', () => {
    const child = Container.of('UsageReports');

    afterEach(() => {
      Container.remove(StorageToken);
      child.reset({ strategy: 'resetServices' });
    });

    const callsOf = async ({ reports }: ReportController): Promise<number> =>
      (await reports.endpoints({ to: '2026-07-01' })).calls;

    it('reads the first storage that can be read, also one that came later', async () => {
      const controller = Container.get(ReportController);
      expect(controller.reports).to.equal(Container.get(UsageReports));
      const error = await caught(callsOf(controller));
      expect(error).to.include({ code: 'NO_STORAGE' });
      const storage = new MemoryStorage();
      await storage.store([call(1)]);
      Container.set(StorageToken, [WRITER, storage]);
      expect(await callsOf(controller)).to.equal(1);
      Container.set(StorageToken, [WRITER, { ...WRITER, destination: storage }]);
      expect(await callsOf(controller)).to.equal(1);
    });

    it('reads the storage of a child container, and else that of the global one', async () => {
      const [own, common] = [new MemoryStorage(), new MemoryStorage()];
      await own.store([call(1), call(2)]);
      await common.store([call(1)]);
      Container.set(StorageToken, common);
      const controller = child.get(ReportController);
      expect(await callsOf(controller)).to.equal(1);
      child.set(StorageToken, own);
      expect(await callsOf(controller)).to.equal(2);
      expect(await callsOf(Container.get(ReportController))).to.equal(1);
    });
  });

  describe('asked together', () => {
    /** Tells what it is asked for. */
    class Listening extends MemoryStorage {
      readonly asked: string[] = [];
      override readonly register = new ListeningRows(this.asked);

      override getSummary<By extends string>(query: SummaryQuery<By>): Promise<UsageSummary<By>> {
        this.asked.push(JSON.stringify(query));
        return super.getSummary(query);
      }
    }

    const askAll = (reports: UsageReports) =>
      Promise.all([reports.endpoints(), reports.traffic(), reports.callers(), reports.errors()]);

    it('are of one moment, also when requests come in between', async () => {
      const storage = new Listening();
      await storage.store([call(1), call(200)]);
      const clock = new ManualClock(new Date('2026-06-30T12:00:00Z'));
      const page = new UsageReports(storage, clock).together();
      const [first] = await askAll(page);
      await storage.store([call(2)]);
      await clock.advance(60_000);
      for (const { asOf, calls } of await askAll(page)) expect([asOf, calls]).to.deep.equal([first.asOf, 1]);
      expect((await new UsageReports(storage, clock).together().endpoints()).calls).to.equal(2);
    });

    it('ask no question twice, and tell what they do alone', async () => {
      const storage = new Listening();
      await storage.store([call(1), call(2, { username: 'ada', status: 500 }), call(100)]);
      const reports = new UsageReports(storage, { now: () => Date.parse('2026-06-30T12:00:00Z') });
      const alone = await askAll(reports);
      const askedAlone = storage.asked.splice(0);
      expect(await askAll(reports.together())).to.deep.equal(alone);
      expect(storage.asked.length).to.equal(new Set(storage.asked).size);
      expect(new Set(storage.asked)).to.deep.equal(new Set(askedAlone));
    });
  });

  it('reads where a stream has its records stored, and says so of one that does not know', async () => {
    const database = new MemoryStorage();
    await database.store([call(1)]);
    const stream = { ...WRITER, name: 'stream', feed: () => null };
    const reports = new UsageReports({ ...stream, destination: database });
    expect((await reports.endpoints({ to: '2026-07-01' })).calls).to.equal(1);
    const { message } = await caught(new UsageReports(stream).status());
    expect(message).to.equal(
      "UsageReports: the storage 'stream' cannot be read. Give its connect the 'database' that workers fill from it.",
    );
  });

  it('says that a storage cannot be read', async () => {
    const error = await caught(new UsageReports(WRITER).status());
    expect(error).to.include({ code: 'NO_STORAGE' });
    expect(error.message).to.equal(
      "UsageReports: the storage 'writer' cannot be read. Give one that has a reader.",
    );
  });
});
