import { metrics } from '@opentelemetry/api';
import {
  InMemoryMetricExporter,
  AggregationTemporality,
  MeterProvider,
  PeriodicExportingMetricReader,
} from '@opentelemetry/sdk-metrics';
import { expect } from 'chai';
import fc from 'fast-check';
import type { UsageWorker } from '../../src/worker/index.js';
import { expectBalanced } from '../support/accounts.js';
import { KeepingLogger } from '../support/crash-watch.js';
import type { FaultyStorage } from '../support/faulty-storage.js';
import { makeWorker, passesUntil, publish } from '../support/listed-worker.js';
import { makeRecords } from '../support/records.js';

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
            publish(source, records);
          } else if ('damage' in event) {
            damaged += 1;
            source.publish(Buffer.from(`damage ${damaged}`));
          } else if ('mood' in event) storage.mood = event.mood as FaultyStorage['mood'];
          else if ('isAway' in event) source.isAway = event.isAway;
          else source.letterRoom = event.refusesLetters ? 0 : Infinity;
          await clock.advance(150);
          expectBalanced(worker.stats());
        }
        Object.assign(storage, { mood: 'store' });
        Object.assign(source, { isAway: false, letterRoom: Infinity });
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
    source.maxMessageBytes = source.messageBytes = 20_000_000;
    for (const record of makeRecords(5)) source.publish(Buffer.from(JSON.stringify(record)));
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

  it('is never more than fits, whatever comes after small messages', async () => {
    const { clock, source, storage, worker } = makeWorker({ batch: { maxRecords: 10_000 } });
    opened.push(worker);
    source.maxMessageBytes = 4_000_000;
    for (const record of makeRecords(50)) publish(source, [record]);
    await passesUntil(clock, () => worker.stats().stored === 50);
    storage.mood = 'reject';
    source.messageBytes = 4_000_000;
    for (const record of makeRecords(50)) publish(source, [record]);
    await passesUntil(clock, () => worker.stats().retries > 2);
    const held = source.count('held');
    storage.mood = 'store';
    await passesUntil(clock, () => worker.stats().stored === 100);
    expect(held).to.equal(8);
    expect(Math.max(...source.pulls)).to.equal(8);
  });

  it('does not keep others from being tried, though the storage refuses more of it than two batches', async () => {
    const { clock, source, storage, worker } = makeWorker();
    opened.push(worker);
    const bad = makeRecords(60);
    for (const record of bad) {
      storage.poison.add(record.id);
      publish(source, [record]);
    }
    publish(source, makeRecords(1));
    await passesUntil(clock, () => source.count('acknowledged') === 61);
    expect(source.letters).to.have.lengthOf(60);
    expect(worker.stats()).to.include({ stored: 1, spooled: 0 });
  });

  it('is never too old for a worker, as it is safe in the stream', async () => {
    const { clock, source, storage, worker } = makeWorker({
      retry: { minDelayMs: 3_600_000, maxDelayMs: 3_600_000 },
      summaries: false,
    });
    opened.push(worker);
    source.holdEveryMs = 86_400_000;
    storage.mood = 'reject';
    publish(source, makeRecords(3));
    await clock.advance(40 * 86_400_000);
    storage.mood = 'store';
    await clock.advance(3_600_000);
    expect(worker.stats()).to.include({ stored: 3, spooled: 0 });
  });

  it('is told of with how much waits behind it, while nothing comes; not where that is not known', async () => {
    const { clock, source, storage, worker } = makeWorker();
    opened.push(worker);
    await passesUntil(clock, () => worker.stats().source.waiting === 0);
    storage.mood = 'reject';
    for (const record of makeRecords(20)) publish(source, [record]);
    await passesUntil(clock, () => worker.stats().accepted === 20);
    expect(worker.stats().source.waiting).to.equal(0);
    for (const record of makeRecords(7)) publish(source, [record]);
    await clock.advance(1000);
    expect(worker.stats().source.waiting).to.equal(7);
    source.isAway = true;
    await clock.advance(1000);
    expect(worker.stats().source.waiting).to.equal(null);
    source.isAway = false;
    storage.mood = 'store';
    await passesUntil(clock, () => worker.stats().stored === 27);
  });

  it('is told of with how much waits behind it, where others take all that comes', async () => {
    const { clock, source, worker } = makeWorker();
    opened.push(worker);
    await passesUntil(clock, () => worker.stats().source.waiting === 0);
    source.waiting = async () => 7;
    source.endPull();
    await passesUntil(clock, () => worker.stats().source.waiting === 7);
  });

  for (const [how, closing, line] of [
    ['throws', () => Promise.reject(new Error('no')), /closing the stream 'listed' failed: Error: no/],
    ['hangs', () => new Promise<void>(() => {}), /closing the stream 'listed' takes longer than \d+ ms/],
  ] as const) {
    it(`is settled in time, and told of, where closing the stream ${how}`, async () => {
      const logger = new KeepingLogger();
      const { clock, worker } = makeWorker({ logger }, closing);
      let isClosed = false;
      void worker.close({ timeoutMs: 1000 }).then(() => (isClosed = true));
      await clock.advance(1250);
      expect(isClosed).to.equal(true);
      expect(logger.lines).to.have.lengthOf(1);
      expect(logger.lines[0]).to.match(line);
    });
  }
});
