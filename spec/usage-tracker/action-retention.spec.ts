import { Router, type RouterMiddleware } from '@koa/router';
import { expect } from 'chai';
import { Get, JsonController } from 'routing-controllers';
import type { SqlStorage } from '../../src/backends/sql/index.js';
import {
  PrinterStorage,
  type SummaryOf,
  type TrackUsageOptions,
  Tracked,
  TrackedController,
  renderInventory,
  tracked,
} from '../../src/index.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { forgetDeclared } from '../support/declared.js';
import { mountable } from '../support/mountable.js';
import { ObservedStorage } from '../support/pruned.js';
import { makeRecord } from '../support/records.js';
import { refusalOf } from '../support/refusal.js';
import { type Served, serve } from '../support/serve.js';
import { connectSqlite, useTemporaryFolder } from '../support/sqlite.js';
import { DAY_MS, HOUR_MS, SUMMED, TODAY } from '../support/summarized.js';

const { signal } = new AbortController();

/** The beginning of the first day whose records of two days are kept, and of four. */
const [TWO_DAYS, FOUR_DAYS] = [new Date('2026-06-28T00:00:00Z'), new Date('2026-06-26T00:00:00Z')];

@TrackedController({ retention: { days: 2 } })
@JsonController('/patients')
class PatientController {
  @Get('/')
  search() {
    return [];
  }

  @Tracked({ retention: { years: 2 }, name: 'read' })
  @Get('/:id')
  one() {
    return {};
  }

  @Tracked({ retention: { days: 4 } })
  @Get('/:id/visits')
  visits() {
    return [];
  }
}

const answer: RouterMiddleware = (context) => {
  context.body = 'ok';
};

/** The names of actions, by their paths. */
const ACTIONS: Readonly<Record<string, Pick<UsageRecord, 'controller' | 'action' | 'route'>>> = {
  search: { controller: 'PatientController', action: 'search', route: '/patients' },
  read: { controller: 'PatientController', action: 'read', route: '/patients/:id' },
  visits: { controller: 'PatientController', action: 'visits', route: '/patients/:id/visits' },
  export: { controller: null, action: 'export', route: '/export' },
  plain: { controller: null, action: null, route: '/plain' },
};

/** Records of six days, one of each action and caller at the same times. */
function recordsOfSixDays(serverName = 'spec'): UsageRecord[] {
  const names = Object.values(ACTIONS);
  return Array.from({ length: 6 }, (_, day) =>
    names.flatMap((action, index) =>
      ['ada', 'bob'].map((username) => {
        const date = new Date(TODAY.getTime() - day * DAY_MS - index * HOUR_MS);
        return makeRecord({ ...action, date, username, serverName, durationMs: 1.5 * day + index });
      }),
    ),
  ).flat();
}

describe('A retention of an action', () => {
  const opened: { close(): Promise<unknown> }[] = [];
  const warnings: string[] = [];
  const folder = useTemporaryFolder(async () => {
    for (const each of opened.splice(0).toReversed()) await each.close();
    warnings.length = 0;
    forgetDeclared();
  });

  async function start(tracker: TrackUsageOptions, clock = new ManualClock(TODAY)): Promise<Served> {
    const router = new Router();
    router.get('/export', tracked({ name: 'export', retention: { days: 2 } }), answer);
    router.get('/plain', tracked(), answer);
    const logger = { warn: (line: string) => void warnings.push(line), error() {} };
    const controllers = [PatientController];
    const served = await serve({
      controllers,
      between: mountable(router),
      tracker: { clock, logger, ...tracker },
    });
    opened.push(served);
    return served;
  }

  async function filled(): Promise<SqlStorage> {
    const storage = await connectSqlite(folder.file('usage.db'));
    opened.push(storage);
    await storage.store([...recordsOfSixDays(), ...recordsOfSixDays('another')], signal);
    return storage;
  }

  /** How many records there are of each action before a moment. */
  async function countsBefore(
    { reader }: Pick<SqlStorage, 'reader'>,
    endDate: Date,
    serverName = 'spec',
  ): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const [name, { controller, action }] of Object.entries(ACTIONS))
      counts[name] = await reader.countUsage({ controller, action, endDate, serverName });
    return counts;
  }

  const summaryOf = async ({ reader }: SqlStorage, by: string) =>
    (await reader.getSummary({ by, period: 'day', limit: 100_000 } as never)).rows;

  it('deletes the records of that action, keeps all others, and keeps every answer but who called it', async () => {
    const storage = await filled();
    const answers = async () =>
      Promise.all(SUMMED.map(async ({ name }) => [name, await summaryOf(storage, name)] as const));
    const before = new Map(await answers());
    const ofTwoDays = await countsBefore(storage, TWO_DAYS);
    const ofFourDays = await countsBefore(storage, FOUR_DAYS);
    const { usage } = await start({ storage, retention: { records: { days: 30 } } });
    const retention = await usage.tracker.prune();
    expect(retention).to.include({ deleted: 2 * 3 * 2 + 2, failures: 0 });
    expect(await countsBefore(storage, TWO_DAYS)).to.deep.equal({
      ...ofTwoDays,
      search: 0,
      export: 0,
      visits: 4,
    });
    const gone = { search: 0, export: 0, visits: 0 };
    expect(await countsBefore(storage, FOUR_DAYS)).to.deep.equal({ ...ofFourDays, ...gone });
    expect(await countsBefore(storage, TWO_DAYS, 'another')).to.deep.equal(ofTwoDays);
    expect(await storage.reader.countUsage({ action: 'search', serverName: 'spec' })).to.equal(6);
    const { sealedUntil } = await storage.reader.getSummary({ by: 'server' });
    expect(sealedUntil).to.deep.equal(TWO_DAYS);
    for (const [by, rows] of await answers()) {
      const kept = before.get(by)?.filter((row) => {
        const {
          service,
          action,
          start: day,
        } = row as unknown as { service: string; action: string; start: Date };
        const until = { search: TWO_DAYS, export: TWO_DAYS, visits: FOUR_DAYS }[action] ?? new Date(0);
        return by !== 'endpointCaller' || service !== 'spec' || day >= until;
      });
      expect(rows, by).to.deep.equal(kept);
    }
  });

  it('does nothing more the second time, in this process and in another', async () => {
    const storage = await filled();
    const { usage } = await start({ storage, retention: { records: { days: 30 } } });
    const first = await usage.tracker.prune();
    const rows = await summaryOf(storage, 'endpointCaller');
    expect(await usage.tracker.prune()).to.deep.equal(first);
    const other = await start({ storage, retention: { records: { days: 30 } } });
    expect(await other.usage.tracker.prune()).to.include({ deleted: 0 });
    expect(await summaryOf(storage, 'endpointCaller')).to.deep.equal(rows);
  });

  it('holds without the option for these records alone, for good', async () => {
    const storage = await filled();
    const all = await countsBefore(storage, TWO_DAYS);
    const { usage } = await start({ storage });
    const callers = await summaryOf(storage, 'caller');
    const retention = await usage.tracker.prune();
    expect(retention).to.deep.equal({ deleted: 2 * 3 * 2 + 2, failures: 0, lastRunAt: TODAY });
    expect(await countsBefore(storage, TWO_DAYS)).to.deep.equal({ ...all, search: 0, export: 0, visits: 4 });
    expect(await summaryOf(storage, 'caller')).to.deep.equal(callers);
    expect(usage.tracker.stats().retention).to.deep.equal(retention);
    // The day is sealed for all actions.
    const late = makeRecord({ ...ACTIONS['plain'], date: new Date(TWO_DAYS.getTime() - 1) });
    const { refused } = await storage.store([late], signal);
    expect(refused[0]?.error).to.include({ code: 'RECORD_EXPIRED' });
  });

  it('has no effect on records where it is longer than that of all, but on who called the action', async () => {
    const storage = await filled();
    const { usage } = await start({ storage, retention: { records: { days: 1 }, callers: { days: 30 } } });
    await usage.tracker.prune();
    const cut = new Date('2026-06-29T00:00:00Z');
    expect(Object.values(await countsBefore(storage, cut))).to.deep.equal([0, 0, 0, 0, 0]);
    const { sealedUntil } = await storage.reader.getSummary({ by: 'server' });
    expect(sealedUntil).to.deep.equal(cut);
    expect(await storage.reader.countUsage({ startDate: cut, serverName: 'spec' })).to.equal(2 * 10);
    const callers = (await summaryOf(storage, 'endpointCaller')) as unknown as SummaryOf<'endpoint'>[];
    const firstOf = (name: string | null): Date | null | undefined =>
      callers.find(({ service, action }) => service === 'spec' && action === name)?.start;
    const FIRST = new Date('2026-06-25T00:00:00Z');
    expect(['search', 'visits', 'read', null].map(firstOf)).to.deep.equal([
      TWO_DAYS,
      FOUR_DAYS,
      FIRST,
      FIRST,
    ]);
  });

  it('goes by the dates of the records where nothing is summed up', async () => {
    const storage = await filled();
    const all = await countsBefore(storage, TWO_DAYS);
    const { usage } = await start({ storage, summaries: false });
    await usage.tracker.prune();
    expect(await countsBefore(storage, TWO_DAYS)).to.deep.equal({ ...all, search: 0, export: 0, visits: 4 });
  });

  it('holds for the requests of a server as days go by, without being asked', async () => {
    const clock = new ManualClock(new Date('2026-06-01T10:00:00Z'));
    const storage = new ObservedStorage();
    storage.now = async () => new Date(clock.now());
    const served = await start({ storage }, clock);
    const paths = ['/patients', '/patients/7', '/patients/7/visits', '/export', '/plain'];
    for (const path of paths) await (await fetch(served.origin + path)).text();
    await served.records();
    const left = (): unknown[] => storage.records.map(({ controller, action }) => [controller, action]);
    expect(left()).to.have.lengthOf(5);
    await clock.advance(2 * DAY_MS - HOUR_MS);
    expect(left()).to.have.lengthOf(5);
    await clock.advance(DAY_MS);
    expect(left()).to.deep.equal([
      ['PatientController', 'read'],
      ['PatientController', 'visits'],
      [null, null],
    ]);
    await clock.advance(30 * DAY_MS);
    expect(left()).to.deep.equal([
      ['PatientController', 'read'],
      [null, null],
    ]);
    expect(served.usage.tracker.stats().retention).to.include({ deleted: 3, failures: 0 });
  });

  it('deletes nothing while the clocks of process and storage disagree', async () => {
    const storage = new ObservedStorage();
    storage.now = async () => new Date(TODAY.getTime() + 2 * DAY_MS);
    await storage.store(recordsOfSixDays());
    const { usage } = await start({ storage });
    const [error] = await Promise.allSettled([usage.tracker.prune()]);
    expect(error).to.have.nested.property('reason.code', 'STORAGE_SETUP');
    expect(storage.records).to.have.lengthOf(60);
  });

  it('lets a person be erased from sealed days whose records are there, and names the totals', async () => {
    const storage = await filled();
    const { usage } = await start({ storage, retention: { records: { days: 30 } } });
    await usage.tracker.prune();
    const records = await storage.reader.countUsage({ username: 'ada' });
    const totals = await summaryOf(storage, 'server');
    const [report] = await usage.tracker.eraseUser({ username: 'ada' });
    expect(report).to.deep.include({ storage: 'sqlite', records, totalsUntil: TWO_DAYS });
    expect(report?.summaries).to.be.above(6);
    expect(await storage.reader.countUsage({ username: 'ada' })).to.equal(0);
    for (const by of ['caller', 'endpointCaller'])
      expect(
        (await summaryOf(storage, by)).filter((row) => (row as { username?: unknown }).username === 'ada'),
      ).to.deep.equal([]);
    const sealed = ({ start: day }: { start: Date | null }): boolean => Number(day) < TWO_DAYS.getTime();
    expect((await summaryOf(storage, 'server')).filter(sealed)).to.deep.equal(totals.filter(sealed));
  });

  it('is said not to hold by a storage that cannot delete single records', async () => {
    const clock = new ManualClock(TODAY);
    const served = await start({ storage: new PrinterStorage() }, clock);
    await clock.advance(2 * HOUR_MS);
    expect(warnings).to.deep.equal([
      "koa-track-usage: the option retention and the storage 'printer': it has no method deleteUsage, and keeps records of actions with " +
        'a shorter retention as long as others',
    ]);
    expect(served.usage.tracker.inventory().actions.map((entry) => entry.retentionDays)).to.include(null);
  });

  it('is in the inventory', async () => {
    const { usage } = await start({ retention: { records: { days: 30 } } });
    const inventory = usage.tracker.inventory();
    const days = Object.fromEntries(
      inventory.actions.map(({ action, retentionDays }) => [action, retentionDays]),
    );
    expect(days).to.deep.equal({ search: 2, read: 30, visits: 4 });
    expect(renderInventory(inventory)).to.match(/\| PatientController\.search \|.*\| 2 days \|.*\n/);
    const { usage: withoutOption } = await start({});
    const [search] = withoutOption.tracker.inventory().actions;
    expect(search?.retentionDays).to.equal(2);
    expect(withoutOption.tracker.inventory().application.retentionDays).to.equal(null);
  });

  it('needs a name on a route without a class', () => {
    const refusal = refusalOf(() => tracked({ retention: { days: 7 } }));
    expect(refusal.code).to.equal('INVALID_OPTION');
    expect(refusal.message).to.include("tracked(): the option 'name' is undefined; expected text");
  });
});
