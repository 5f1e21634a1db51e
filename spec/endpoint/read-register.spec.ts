import { expect } from 'chai';
import { tidyRegister } from '../../src/endpoint/merging.js';
import type { EndpointDeclaration, RegisteredEndpoint } from '../../src/endpoint/register.js';
import {
  type InstanceFigures,
  type RegisterSettings,
  RegisterWriter,
} from '../../src/endpoint/register-writer.js';
import { MemorySummaryStore } from '../support/memory-summary-store.js';
import { readFrom } from '../support/register.js';
import { declare, writerSettings } from '../support/register-writers.js';

const { signal } = new AbortController();
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const NOON_MS = Date.parse('2026-03-01T12:00:00Z');

describe('What is read of the register', () => {
  let store: MemorySummaryStore;
  let nowMs: number;

  beforeEach(() => {
    store = new MemorySummaryStore();
    nowMs = NOON_MS;
  });

  function open(
    given: Partial<RegisterSettings> & { readonly routes?: readonly EndpointDeclaration[] } = {},
  ) {
    const { routes, ...settings } = given;
    const declared = routes && { declared: () => [routes] };
    return new RegisterWriter(writerSettings(store, () => nowMs, { ...declared, ...settings }));
  }

  async function find(route: string, span?: { startMs: number; endMs: number }): Promise<RegisteredEndpoint> {
    const { endpoints } = await readFrom({ register: store }, span);
    return endpoints.find((endpoint) => endpoint.route === route) as RegisteredEndpoint;
  }

  const write = async (writer: RegisterWriter, isLast = false): Promise<void> => {
    await writer.write(isLast, signal);
  };

  it('is nothing where nothing was written', async () => {
    expect(await readFrom({ register: store })).to.deep.equal({ endpoints: [], days: [], knownSince: null });
  });

  it('has both builds while a new one is rolled out, and says what the new one says', async () => {
    const old = open({ routes: [declare('/a', { action: 'before' }), declare('/gone')] });
    await write(old);
    nowMs += HOUR_MS;
    const fresh = open({ routes: [declare('/a', { action: 'after' }), declare('/new')], version: '2.0.0' });
    await write(fresh);
    nowMs += 60_000;
    await write(old);
    expect(await find('/gone')).to.include({ isDeclared: true });
    expect(await find('/new')).to.include({ isDeclared: true, firstVersion: '2.0.0' });
    expect(await find('/a')).to.include({ action: 'after', firstVersion: '1.0.0', isDeclared: true });
    await write(old, true);
    expect(await find('/gone')).to.include({ isDeclared: false, lastVersion: '1.0.0' });
    expect((await find('/gone')).lastDeclared.getTime()).to.equal(nowMs);
  });

  it('takes a process that was killed for gone after two hours, and tells of it', async () => {
    await write(open({ routes: [declare('/gone')] }));
    const other = open({ routes: [declare('/a')] });
    nowMs += 2 * HOUR_MS;
    await write(other);
    expect(await find('/gone')).to.include({ isDeclared: true });
    expect((await readFrom({ register: store })).days[0]).to.include({ instances: 2, unclosed: 0 });
    nowMs += 60_000;
    await write(other);
    expect(await find('/gone')).to.include({ isDeclared: false });
    expect((await readFrom({ register: store })).days[0]).to.include({ instances: 2, unclosed: 1 });
  });

  it('counts what is gone from when the last process that declared it closed, or could have answered', async () => {
    const [closing, killed] = [open({ routes: [declare('/x')] }), open({ routes: [declare('/y')] })];
    for (const writer of [closing, killed]) await write(writer);
    const killedMs = nowMs;
    expect(await find('/x')).to.include({ goneSince: null });
    nowMs += HOUR_MS;
    await write(closing, true);
    const closedMs = nowMs;
    nowMs += 3 * HOUR_MS;
    await write(open({ routes: [declare('/a')] }));
    expect((await find('/x')).goneSince).to.deep.equal(new Date(closedMs));
    expect((await find('/y')).goneSince).to.deep.equal(new Date(killedMs + 2 * HOUR_MS));
  });

  it('has the build alone that was there last, of which all processes have ended', async () => {
    const old = open({ routes: [declare('/a'), declare('/legacy')] });
    await write(old, true);
    nowMs += 60_000;
    const lists = (met: string[]) => () => [[declare('/a')], met.map((route) => declare(route))];
    const fresh = [open({ declared: lists(['/met']) }), open({ declared: lists([]) })] as const;
    const isGone = async () => (await find('/legacy')).goneSince !== null;
    for (const writer of fresh) await write(writer);
    expect(await isGone()).to.equal(true);
    for (const writer of fresh) {
      nowMs += 60_000;
      await write(writer, true);
      expect(await isGone()).to.equal(true);
    }
    expect(await find('/met')).to.include({ isDeclared: true });
    await write(open({ declared: lists([]) }));
    expect(await isGone()).to.equal(true);
  });

  it('has what was declared last when all processes have ended', async () => {
    const writer = open();
    await write(writer, true);
    nowMs += 90 * DAY_MS;
    expect(await find('/a')).to.include({ isDeclared: true });
  });

  it('knows since when an endpoint is tracked without a break, also behind days without any process', async () => {
    const days = [['/a'], ['/a', '/b'], [], ['/a', '/b'], ['/b'], ['/a', '/b']];
    for (const [index, tracked] of days.entries()) {
      nowMs = NOON_MS + index * DAY_MS;
      const routes = ['/a', '/b'].map((route) => declare(route, { tracked: tracked.includes(route) }));
      if (tracked.length > 0) await write(open({ routes }), true);
    }
    expect((await find('/a')).trackedSince).to.deep.equal(new Date(NOON_MS + 5 * DAY_MS));
    expect((await find('/b')).trackedSince).to.deep.equal(new Date(NOON_MS + DAY_MS));
    expect(await find('/a')).to.include({ watchedDays: 1 });
    expect(await find('/b', { startMs: NOON_MS + DAY_MS, endMs: nowMs })).to.include({ watchedDays: 4 });
    nowMs += 1;
    await write(open({ routes: [declare('/a', { tracked: false })] }), true);
    expect(await find('/a')).to.include({ trackedSince: null, tracked: false });
  });

  it('counts no day that answers tell nothing of any more', async () => {
    const writer = open({ answersDays: 3 });
    for (let day = 0; day < 10; day += 1) {
      await write(writer);
      nowMs += DAY_MS;
    }
    expect(await find('/a')).to.include({ watchedDays: 3 });
  });

  it('counts no day on which records went that no summary tells of, for their endpoint alone', async () => {
    const writer = open({ routes: [declare('/a', { recordsDays: 3 }), declare('/b')] });
    for (let day = 0; day < 10; day += 1) {
      await write(writer);
      nowMs += DAY_MS;
    }
    expect(await find('/a')).to.include({ watchedDays: 3 });
    expect(await find('/b')).to.include({ watchedDays: 10 });
  });

  for (const service of ['shop', 'mail'])
    it(`counts no day that an instance of ${service} has deleted the answers of, though others keep more`, async () => {
      const [writer, brief] = [open(), open({ service, answersDays: 3 })];
      for (let day = 0; day < 10; day += 1) {
        await write(writer);
        if (day === 6) await write(brief, true);
        nowMs += DAY_MS;
      }
      expect(await find('/a')).to.include({ watchedDays: 6 });
      const { knownSince } = await readFrom({ register: store });
      expect(knownSince).to.deep.equal(new Date(NOON_MS + 3 * DAY_MS));
    });

  it('has the lowest share of requests that was recorded in the span', async () => {
    for (const sampleRate of [0.01, 0.2, 1, null]) {
      await write(open({ routes: [declare('/a', { sampleRate })] }), true);
      nowMs += DAY_MS;
    }
    const from = (days: number, until: number) => ({
      startMs: NOON_MS + days * DAY_MS,
      endMs: NOON_MS + (until - 0.9) * DAY_MS,
    });
    expect(await find('/a', from(0, 3))).to.include({ lowestSampleRate: 0.01 });
    expect(await find('/a', from(1, 3))).to.include({ lowestSampleRate: 0.2 });
    expect(await find('/a', from(1, 4))).to.include({ lowestSampleRate: null });
    expect(await find('/a', from(8, 9))).to.include({ lowestSampleRate: 1, watchedDays: 0 });
  });

  it('gives skipped requests to the endpoint that answers their method', async () => {
    const skipped = (method: string, route: string) => ({ method, route, skipped: { ignored: 1, bot: 2 } });
    const endpoints = [
      ...['GET', 'HEAD', 'POST'].map((method) => skipped(method, '/a')),
      ...['GET', 'PUT'].map((method) => skipped(method, '/any')),
    ];
    const figures = (): InstanceFigures => ({
      accepted: 0,
      dropped: {},
      skipped: { ignored: 5, bot: 10 },
      endpoints,
    });
    const routes = [declare('/a'), declare('/any', { method: 'ALL' })];
    await write(open({ figures, routes }));
    expect((await find('/a')).skipped).to.deep.equal({ ignored: 2, bot: 4 });
    expect((await find('/any')).skipped).to.deep.equal({ ignored: 2, bot: 4 });
    expect((await readFrom({ register: store })).days[0]?.skipped).to.deep.equal({ ignored: 5, bot: 10 });
  });

  it('keeps services apart, and adds their instances up', async () => {
    for (const service of ['shop', 'shop', 'admin']) {
      const figures = (): InstanceFigures => ({
        accepted: 2,
        dropped: { late: 1 },
        skipped: {},
        endpoints: [],
      });
      await write(open({ service, figures }), true);
    }
    const { days, endpoints } = await readFrom({ register: store });
    const start = new Date('2026-03-01');
    const day = { start, unclosed: 0, asOf: new Date(nowMs), skipped: {} };
    expect(days).to.have.deep.members([
      { service: 'shop', instances: 2, accepted: 4, dropped: { late: 2 }, ...day },
      { service: 'admin', instances: 1, accepted: 2, dropped: { late: 1 }, ...day },
    ]);
    expect(endpoints.map(({ service, route }) => `${service} ${route}`)).to.have.members([
      'shop /a',
      'shop /b',
      'admin /a',
      'admin /b',
    ]);
  });

  it('is what it was when days were merged, of which many instances are told apart by build and version', async () => {
    for (let index = 0; index < 30; index += 1) {
      const version = index < 20 ? '1.0.0' : '2.0.0';
      await write(
        open({ version, routes: [declare('/a'), declare(index < 10 ? '/x' : '/y')] }),
        index % 3 > 0,
      );
      nowMs += HOUR_MS;
    }
    nowMs += 4 * DAY_MS;
    await write(open());
    const before = await readFrom({ register: store });
    await tidyRegister(store, nowMs, 100 * DAY_MS, signal);
    expect(await readFrom({ register: store })).to.deep.equal(before);
    expect(store.rows.filter(({ kind }) => kind === 'watch')).to.have.lengthOf(3);
  });

  it('is kept for so long, and so are the builds that it names', async () => {
    await write(open({ routes: [declare('/old')] }), true);
    nowMs += 60 * DAY_MS;
    await write(open({ routes: [declare('/new')] }));
    await tidyRegister(store, nowMs, 100 * DAY_MS, signal);
    expect(store.rows).to.have.lengthOf(4);
    await tidyRegister(store, nowMs, 50 * DAY_MS, signal);
    expect(store.rows).to.have.lengthOf(2);
    expect((await readFrom({ register: store })).endpoints.map(({ route }) => route)).to.deep.equal(['/new']);
  });

  it('has every endpoint of a large application, and dates of deprecations', async () => {
    const deprecation = { since: new Date(NOON_MS), sunset: null, replacement: '/new', link: null };
    const routes = Array.from({ length: 450 }, (_, index) => declare(`/r${index}/«ü»`, { deprecation }));
    await write(open({ routes }));
    const { endpoints } = await readFrom({ register: store });
    expect(endpoints).to.have.lengthOf(450);
    expect(endpoints[0]?.deprecation).to.deep.equal(deprecation);
  });
});
