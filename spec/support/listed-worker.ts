import { ManualClock } from '../../src/testing/index.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { type ConsumeOptions, consumeUsage } from '../../src/worker/index.js';
import { FaultyStorage } from './faulty-storage.js';
import { ListedSource } from './listed-source.js';
import { makeRecords } from './records.js';
import { until } from './until.js';

const SILENT = { warn() {}, error() {} };

/** A worker on a stream in memory, with a clock that stands still. */
export function makeWorker(options: ConsumeOptions = {}, closing: () => Promise<void> = async () => {}) {
  const clock = new ManualClock();
  const source = new ListedSource();
  const storage = new FaultyStorage();
  const given = { name: source.name, feed: () => source, close: closing };
  const worker = consumeUsage(given, storage, {
    clock,
    logger: SILENT,
    metrics: false,
    batch: { maxRecords: 10, maxDelayMs: 100 },
    retry: { minDelayMs: 10, maxDelayMs: 100 },
    ...options,
  });
  return { clock, source, storage, worker };
}

/** Publishes a message. */
export function publish(source: ListedSource, records: readonly UsageRecord[]): void {
  source.publish(Buffer.from(records.map((record) => JSON.stringify(record)).join('\n')));
}

/** Publishes messages of two records each, one of which the storage refuses. */
export function publishPoisoned(source: ListedSource, storage: FaultyStorage, count: number): void {
  for (let index = 0; index < count; index += 1) {
    const records = makeRecords(2);
    storage.poison.add(String(records[0]?.id));
    publish(source, records);
  }
}

/** Lets time pass until something is so. */
export function passesUntil(clock: ManualClock, condition: () => boolean): Promise<void> {
  return until(async () => {
    await clock.advance(100);
    return condition();
  }, 'it is so');
}
