import { metrics } from '@opentelemetry/api';
import {
  InMemoryMetricExporter,
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import fc from 'fast-check';
import { ManualClock } from '../../src/testing/index.js';
import { type ConsumeOptions, type UsageWorker, consumeUsage } from '../../src/worker/index.js';
import { expectBalanced } from '../support/accounts.js';
import { FaultyStorage } from '../support/faulty-storage.js';
import { ListedSource } from '../support/listed-source.js';
import { makeRecords } from '../support/records.js';
import { until } from '../support/until.js';

const SILENT = { warn() {}, error() {} };

/** A worker on a stream in memory, with a clock that stands still. */
function makeWorker(options: ConsumeOptions = {}) {
  const clock = new ManualClock();
  const source = new ListedSource();
  const storage = new FaultyStorage();
  const worker = consumeUsage(source, storage, {
    clock,
    logger: SILENT,
    metrics: false,
    batch: { maxRecords: 10, maxDelayMs: 100 },
    retry: { minDelayMs: 10, maxDelayMs: 100 },
    ...options,
  });
  return { clock, source, storage, worker };
}

/** Lets time pass until something is so. */
function passesUntil(clock: ManualClock, condition: () => boolean): Promise<void> {
  return until(async () => {
    await clock.advance(100);
    return condition();
  }, 'it is so');
}

/** What happens to a worker. */
const anyEvents = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ publish: fc.integer({ min: 1, max: 15 }), poison: fc.boolean() }) },
    { weight: 1, arbitrary: fc.constant({ damage: true as const }) },
    { weight: 2, arbitrary: fc.record({ mood: fc.constantFrom('store', 'reject', 'hang', 'refuse-first') }) },
    { weight: 1, arbitrary: fc.record({ isAway: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ refusesLetters: fc.boolean() }) },
  ),
  { minLength: 1, maxLength: 12 },
);

describe('What a worker holds', () => {
  const opened: UsageWorker[] = [];
  afterEach(async () => {
    for (const worker of opened.splice(0)) await worker.close({ timeoutMs: 0 });
  });

  it('is always booked, and acknowledged only when each record is stored or a dead letter', async () => {
    await fc.assert(
      fc.asyncProperty(anyEvents, async (events) => {
        const { clock, source, storage, worker } = makeWorker();
        worker.on('drop', () => expectBalanced(worker.stats()));
        worker.on('flush', () => expectBalanced(worker.stats()));
        const published = new Set<string>();
        let damaged = 0;
        for (const event of events) {
          if ('publish' in event) {
            const records = makeRecords(event.publish);
            for (const { id } of records) published.add(id);
            if (event.poison) storage.poison.add(String(records[0]?.id));
            source.publish(Buffer.from(records.map((record) => JSON.stringify(record)).join('\n')));
          } else if ('damage' in event) {
            damaged += 1;
            source.publish(Buffer.from(`damage ${damaged}`));
          } else if ('mood' in event) storage.mood = event.mood as FaultyStorage['mood'];
          else if ('isAway' in event) source.isAway = event.isAway;
          else source.refusesLetters = event.refusesLetters;
          await clock.advance(150);
          expectBalanced(worker.stats());
        }
        Object.assign(storage, { mood: 'store' });
        Object.assign(source, { isAway: false, refusesLetters: false });
        storage.release();
        // A record is known to be at fault once another one is stored.
        const [good] = makeRecords(1);
        published.add(String(good?.id));
        source.publish(Buffer.from(JSON.stringify(good)));
        await clock.advance(31_000);
        await passesUntil(
          clock,
          () =>
            source.count('acknowledged') ===
            source.count('held') + source.count('acknowledged') + source.count('waiting'),
        );
        const dead = source.letters.flatMap(({ data }) =>
          data.startsWith('damage') ? [] : [(JSON.parse(data) as { id: string }).id],
        );
        expect(new Set([...storage.stored.keys(), ...dead])).to.deep.equal(published);
        expect(source.letters.filter(({ data }) => data.startsWith('damage'))).to.have.lengthOf(damaged);
        const { accepted, stored, dropped } = worker.stats();
        expect({ accepted, stored, ...dropped }).to.include({
          accepted: published.size + damaged,
          'spool-corrupt': damaged,
          stored: published.size - dropped.refused,
        });
        await worker.close({ timeoutMs: 0 });
      }),
      { numRuns: 30 },
    );
  });

  it('is told to the stream as being worked on, for as long as it is held', async () => {
    const { clock, source, storage, worker } = makeWorker();
    opened.push(worker);
    storage.mood = 'reject';
    source.publish(Buffer.from(JSON.stringify(makeRecords(1)[0])));
    await passesUntil(clock, () => source.holds.length >= 3);
    storage.mood = 'store';
    await passesUntil(clock, () => source.count('acknowledged') === 1);
    const { length } = source.holds;
    await clock.advance(5000);
    expect(source.holds).to.have.lengthOf(length);
  });

  it('is measured, with how many messages wait behind it', async () => {
    const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
    const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 3_600_000 });
    const provider = new MeterProvider({ readers: [reader] });
    metrics.setGlobalMeterProvider(provider);
    const { clock, source, storage, worker } = makeWorker({ metrics: true });
    opened.push(worker);
    storage.mood = 'reject';
    for (const record of makeRecords(25)) source.publish(Buffer.from(JSON.stringify(record)));
    await passesUntil(clock, () => worker.stats().accepted === 20);
    await provider.forceFlush();
    const found = exporter
      .getMetrics()
      .flatMap(({ scopeMetrics }) => scopeMetrics.flatMap((scope) => scope.metrics));
    const valueOf = (name: string): unknown =>
      found.find(({ descriptor }) => descriptor.name === `koa_track_usage.${name}`)?.dataPoints[0]?.value;
    await provider.shutdown();
    metrics.disable();
    storage.mood = 'store';
    expect(valueOf('record.accepted')).to.equal(20);
    expect(valueOf('record.spooled')).to.equal(20);
    expect(valueOf('stream.waiting')).to.equal(5);
  });

  it('is stored before a batch is full, where its bytes leave no room for others', async () => {
    const { clock, source, worker } = makeWorker({ batch: { maxRecords: 1000, maxDelayMs: 3_600_000 } });
    opened.push(worker);
    const startMs = clock.now();
    source.messageBytes = 20_000_000;
    for (const record of makeRecords(3)) source.publish(Buffer.from(JSON.stringify(record)));
    await passesUntil(clock, () => worker.stats().stored >= 2);
    expect(clock.now()).to.be.below(startMs + 3_600_000);
  });

  it('is given back at once where it comes after the end', async () => {
    const { clock, source, worker } = makeWorker();
    await clock.advance(100);
    const closing = worker.close({ timeoutMs: 0 });
    source.publish(Buffer.from(JSON.stringify(makeRecords(1)[0])));
    await closing;
    await passesUntil(clock, () => source.deliveries === 1 && source.count('held') === 0);
    expect(worker.stats().accepted).to.equal(0);
    expect(source.count('waiting')).to.equal(1);
  });

  it('is given back when it is closed, with a record whose dead letter could not be kept', async () => {
    const { clock, source, storage, worker } = makeWorker();
    const records = makeRecords(5);
    storage.poison.add(String(records[0]?.id));
    source.refusesLetters = true;
    source.publish(Buffer.from(records.map((record) => JSON.stringify(record)).join('\n')));
    await passesUntil(clock, () => worker.stats().source.failures > 2);
    expect(worker.health()).to.equal('failing');
    expect(source.count('held')).to.equal(1);
    expect(await worker.close({ timeoutMs: 0 })).to.deep.equal({ stored: 4, spooled: 0, dropped: 1 });
    await passesUntil(clock, () => source.isClosed);
    expect(source.count('waiting')).to.equal(1);
  });
});
