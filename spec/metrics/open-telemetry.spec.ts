import { type ObservableCallback, metrics } from '@opentelemetry/api';
import {
  AggregationTemporality,
  DataPointType,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import { Container } from 'typedi';
import { type TrackUsageOptions, type UsageMiddleware, trackUsage } from '../../src/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { FaultyStorage } from '../support/faulty-storage.js';
import { serveHandler } from '../support/serve-handler.js';
import type { Served } from '../support/serve.js';
import { makeRecord } from '../support/records.js';
import { SummarizedStorage } from '../support/summarized-storage.js';
import { until } from '../support/until.js';

const STORAGE = 'koa_track_usage.storage.name';
const INSTANCE = 'koa_track_usage.storage.instance';

/** A meter provider that throws where it is told to, and collects by `callbacks`. */
function brokenProvider(method: string, callbacks: ObservableCallback[]): MeterProvider {
  const breakable = <Answer>(name: string, answer: Answer): (() => Answer) => {
    if (name !== method) return () => answer;
    return () => {
      throw new Error(`no ${name}`);
    };
  };
  const instrument = {
    addCallback: (callback: ObservableCallback) => {
      callbacks.push(callback);
      breakable('addCallback', undefined)();
    },
    removeCallback: breakable('removeCallback', undefined),
  };
  const meter = {
    createObservableCounter: breakable('createObservableCounter', instrument),
    createObservableGauge: () => instrument,
    createObservableUpDownCounter: () => instrument,
  };
  return { getMeter: breakable('getMeter', meter) } as unknown as MeterProvider;
}

describe('The metrics of OpenTelemetry', () => {
  let exporter: InMemoryMetricExporter;
  let provider: MeterProvider;
  let served: Served | null;
  let others: UsageMiddleware[];

  beforeEach(() => {
    exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    provider = new MeterProvider({ readers: [reader] });
    metrics.setGlobalMeterProvider(provider);
    served = null;
    others = [];
  });

  afterEach(async () => {
    await served?.close();
    for (const { tracker } of others) await tracker.close({ timeoutMs: 0 });
    await provider.shutdown();
    metrics.disable();
  });

  /** What is measured now. */
  async function collect(): Promise<MetricData[]> {
    exporter.reset();
    await provider.forceFlush();
    const scopes = exporter.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics);
    return scopes.filter(({ scope }) => scope.name === 'koa-track-usage').flatMap((scope) => scope.metrics);
  }

  /** The values of one metric, each with its attributes. */
  const pointsOf = (found: readonly MetricData[], name: string): unknown[] =>
    found
      .filter(({ descriptor }) => descriptor.name === `koa_track_usage.${name}`)
      .flatMap(({ dataPoints }) => dataPoints.map(({ attributes, value }) => ({ ...attributes, value })));

  /** A server whose requests go to two storages, one of which fails; it has served so many. */
  async function serveTwo(requests: number, tracker: TrackUsageOptions = {}): Promise<FaultyStorage[]> {
    const storages = [new FaultyStorage('good'), new FaultyStorage('bad')];
    const [, bad] = storages;
    if (bad !== undefined) bad.mood = 'reject';
    served = await serveHandler(
      (context) => {
        context.body = 'served';
      },
      { storage: storages, queue: { maxRecords: 4 }, logger: { warn() {}, error() {} }, ...tracker },
    );
    const { origin, usage } = served;
    for (let sent = 0; sent < requests; sent += 1) {
      await (await fetch(origin)).text();
      await usage.tracker.flush();
    }
    await until(() => usage.tracker.stats().accepted === 2 * requests, 'all is handed over');
    await usage.tracker.flush();
    return storages;
  }

  it('have names, kinds and units', async () => {
    await serveTwo(6);
    await until(async () => (await collect()).length > 0, 'there are metrics');
    const found = await collect();
    const described = found.map((data) => {
      const kind = data.dataPointType === DataPointType.GAUGE ? 'gauge' : 'level';
      const isCounter = data.dataPointType === DataPointType.SUM && data.isMonotonic;
      return [data.descriptor.name, isCounter ? 'counter' : kind, data.descriptor.unit];
    });
    expect(described).to.have.deep.members([
      ['koa_track_usage.record.accepted', 'counter', '{record}'],
      ['koa_track_usage.record.stored', 'counter', '{record}'],
      ['koa_track_usage.record.dropped', 'counter', '{record}'],
      ['koa_track_usage.record.queued', 'level', '{record}'],
      ['koa_track_usage.record.in_flight', 'level', '{record}'],
      ['koa_track_usage.record.spooled', 'level', '{record}'],
      ['koa_track_usage.record.oldest.age', 'gauge', 's'],
      ['koa_track_usage.storage.retries', 'counter', '{attempt}'],
    ]);
    expect(found.filter(({ descriptor }) => descriptor.description === '')).to.deep.equal([]);
  });

  it('are the figures of stats(), for each storage and each reason of a loss', async () => {
    await serveTwo(6);
    await until(async () => (await collect()).length > 0, 'there are metrics');
    const oldestSeconds = (): number =>
      (served?.usage.tracker.stats().storages[1]?.oldestAgeMs ?? NaN) / 1000;
    const earlier = oldestSeconds();
    const found = await collect();
    const later = oldestSeconds();
    const both = (good: number, bad: number): unknown[] => [
      { [STORAGE]: 'good', value: good },
      { [STORAGE]: 'bad', value: bad },
    ];
    expect(pointsOf(found, 'record.accepted')).to.deep.equal(both(6, 6));
    expect(pointsOf(found, 'record.stored')).to.deep.equal(both(6, 0));
    expect(pointsOf(found, 'record.queued')).to.deep.equal(both(0, 4));
    expect(pointsOf(found, 'record.in_flight')).to.deep.equal(both(0, 0));
    expect(pointsOf(found, 'record.spooled')).to.deep.equal(both(0, 0));
    expect(pointsOf(found, 'record.dropped')).to.deep.equal([
      { [STORAGE]: 'bad', 'error.type': 'queue-full', value: 2 },
    ]);
    const retries = served?.usage.tracker.stats().storages[1]?.retries ?? 0;
    expect(retries).to.be.greaterThan(0);
    expect(pointsOf(found, 'storage.retries')).to.deep.equal(both(0, retries));
    const [age, ...further] = pointsOf(found, 'record.oldest.age') as Record<string, unknown>[];
    expect(further).to.deep.equal([]);
    expect(age).to.include({ [STORAGE]: 'bad' });
    expect(age?.['value']).to.be.within(earlier, later);
  });

  it('tell how far summaries are behind, and how often folding has failed, of storages of one name too', async () => {
    const storages = [new SummarizedStorage(), new SummarizedStorage(), new FaultyStorage('unsummed')];
    const clock = new ManualClock(new Date());
    const usage = trackUsage({ storage: storages, clock, logger: { warn() {}, error() {} } });
    others.push(usage);
    const [folded, failing] = storages as [SummarizedStorage, SummarizedStorage];
    for (const { marker } of [folded, failing]) {
      await marker.around([makeRecord()], new AbortController().signal, async () => {});
      await marker.settle();
    }
    failing.rows.calls = 0;
    const stats = () => usage.tracker.stats().summaries;
    await until(async () => {
      await clock.advance(15_000);
      return stats()[0]?.behindMs !== null && Number(stats()[1]?.failures) > 0;
    }, 'one storage is folded, and the other is not');
    await until(async () => (await collect()).length > 0, 'there are metrics');
    const found = await collect();
    expect(pointsOf(found, 'summary.behind')).to.deep.equal([
      { [STORAGE]: 'memory', value: Number(stats()[0]?.behindMs) / 1000 },
    ]);
    expect(pointsOf(found, 'summary.failures')).to.deep.equal([
      { [STORAGE]: 'memory', value: 0 },
      { [STORAGE]: 'memory', [INSTANCE]: 2, value: stats()[1]?.failures },
    ]);
    const kinds = found.flatMap(({ descriptor: { name, unit }, dataPointType }) =>
      name.includes('.summary.') ? [[name, unit, dataPointType]] : [],
    );
    expect(kinds).to.deep.equal([
      ['koa_track_usage.summary.behind', 's', DataPointType.GAUGE],
      ['koa_track_usage.summary.failures', '{attempt}', DataPointType.SUM],
    ]);
  });

  it('count what came while there was no storage, by reason and without the name of one', async () => {
    served = await serveHandler(
      (context) => {
        context.body = 'served';
      },
      { storage: undefined, container: Container.of('metrics'), logger: { warn() {}, error() {} } },
    );
    await (await fetch(served.origin)).text();
    const { tracker } = served.usage;
    await until(() => tracker.stats().dropped['no-storage'] === 1, 'the record is counted');
    await until(async () => (await collect()).length > 0, 'there are metrics');
    const found = await collect();
    expect(pointsOf(found, 'record.accepted')).to.deep.equal([{ value: 1 }]);
    expect(pointsOf(found, 'record.dropped')).to.deep.equal([{ 'error.type': 'no-storage', value: 1 }]);
    expect(new Set(found.map(({ descriptor }) => descriptor.name)).size).to.equal(2);
  });

  it('tell what became of the records when the tracker was closed, and are then taken back', async () => {
    await serveTwo(6);
    await until(async () => (await collect()).length > 0, 'there are metrics');
    await served?.usage.tracker.close({ timeoutMs: 0 });
    const last = await collect();
    expect(pointsOf(last, 'record.queued')).to.deep.include({ [STORAGE]: 'bad', value: 0 });
    expect(pointsOf(last, 'record.dropped')).to.deep.include({
      [STORAGE]: 'bad',
      'error.type': 'shutdown-timeout',
      value: 4,
    });
    await (await fetch(served?.origin ?? '')).text();
    await until(() => served?.usage.tracker.stats().dropped.late === 2, 'a late request is counted');
    expect(pointsOf(await collect(), 'record.accepted')).to.deep.equal(pointsOf(last, 'record.accepted'));
  });

  it('tell storages of one name apart, in one tracker and in several', async () => {
    const openThird = (): UsageMiddleware => trackUsage({ storage: new FaultyStorage('good') });
    await serveTwo(3, { storage: [new FaultyStorage('good'), new FaultyStorage('good')] });
    others.push(openThird());
    const accepted = async (): Promise<unknown[]> => pointsOf(await collect(), 'record.accepted');
    await until(async () => (await accepted()).length > 0, 'there are metrics');
    const three = [
      { [STORAGE]: 'good', value: 3 },
      { [STORAGE]: 'good', [INSTANCE]: 2, value: 3 },
      { [STORAGE]: 'good', [INSTANCE]: 3, value: 0 },
    ];
    await until(async () => (await accepted()).length === 3, 'both trackers are observed');
    expect(await accepted()).to.deep.equal(three);
    await others.pop()?.tracker.close({ timeoutMs: 0 });
    await collect();
    await new Promise((resolve) => setImmediate(resolve));
    others.push(openThird());
    await until(async () => (await accepted()).length === 3, 'the new tracker is observed');
    expect(await accepted()).to.deep.equal(three);
  });

  for (const method of ['getMeter', 'createObservableCounter', 'addCallback', 'removeCallback'] as const) {
    it(`are done without where the meter provider throws in ${method}, and that is logged`, async () => {
      metrics.disable();
      const callbacks: ObservableCallback[] = [];
      metrics.setGlobalMeterProvider(brokenProvider(method, callbacks));
      const lines: string[] = [];
      const log = (line: string): void => void lines.push(line);
      const { tracker } = trackUsage({
        storage: new FaultyStorage(),
        logger: { warn: log, error: log },
      });
      await import('@opentelemetry/api');
      await new Promise((resolve) => setImmediate(resolve));
      expect(await tracker.close({ timeoutMs: 0 })).to.include({ stored: 0 });
      for (const callback of callbacks) void callback({ observe() {} });
      await new Promise((resolve) => setImmediate(resolve));
      expect(lines).to.deep.equal([`koa-track-usage: the option 'metrics' failed: Error: no ${method}`]);
    });
  }

  it('are not made where they are not wanted', async () => {
    await serveTwo(1, { metrics: false });
    const wanted = trackUsage({ storage: new FaultyStorage('wanted') });
    others.push(wanted);
    await until(async () => (await collect()).length > 0, 'there are metrics');
    const names = (await collect()).flatMap((data) =>
      data.dataPoints.map(({ attributes }) => attributes[STORAGE]),
    );
    expect([...new Set(names)]).to.deep.equal(['wanted']);
  });

  it('are told once also of a tracker that is closed at once', async () => {
    const brief = trackUsage({ storage: new FaultyStorage('brief') });
    await brief.tracker.close({ timeoutMs: 0 });
    await until(async () => (await collect()).length > 0, 'there are metrics');
    expect(pointsOf(await collect(), 'record.accepted')).to.deep.equal([{ [STORAGE]: 'brief', value: 0 }]);
  });
});
