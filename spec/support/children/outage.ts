/** Ten minutes without a storage, at 200 requests a second, in simulated time: `outage.js MODE FOLDER`. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { resolveTrackerOptions } from '../../../src/options/tracker-options.js';
import type { TrackerStats } from '../../../src/pipeline/telling/accounting.js';
import { Pipeline } from '../../../src/pipeline/pipeline.js';
import type { UsageStorage } from '../../../src/storage/usage-storage.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import { makeRecord } from '../records.js';

/** What became of the records, and how much memory the outage took. */
export interface OutageReport {
  readonly during: TrackerStats;
  readonly after: TrackerStats;
  readonly storedIds: number;
  /** Bytes of the heap at the outage's end, over those after its first minute. */
  readonly heapGrowth: number;
}

const SECONDS = 600;
const RATE = 200;

const [, , mode = 'none', dir = ''] = process.argv;
const clock = new ManualClock(new Date());
const stored = new Set<string>();
let isAway = true;
const storage: UsageStorage = {
  name: 'away',
  async store(batch) {
    if (isAway) throw new Error('away');
    for (const { id } of batch) stored.add(id);
    return { stored: batch.length, refused: [] };
  },
};
const silent = { warn: () => {}, error: () => {} };
const settings = resolveTrackerOptions({
  clock,
  logger: silent,
  serverName: 'outage',
  ...(mode !== 'none' && { spool: { dir, mode: mode as 'overflow' | 'wal' } }),
});
const pipeline = new Pipeline(settings, () => [storage]);

let heapAfterFirstMinute = 0;
for (let second = 1; second <= SECONDS; second += 1) {
  for (let made = 0; made < RATE; made += 1) pipeline.accept(makeRecord({ date: new Date(clock.now()) }));
  await clock.advance(1000);
  // The disk takes real time: what a second brings is written before the next one comes.
  await until(() => mode === 'none' || pipeline.stats().queued <= (mode === 'wal' ? RATE : 10_000));
  if (second === 60) heapAfterFirstMinute = heapUsed();
}
await until(() => {
  const { queued, inFlight, spooled } = pipeline.stats();
  return mode === 'none' || spooled + inFlight >= SECONDS * RATE - 10_000 || queued + inFlight === 0;
});
const heapGrowth = heapUsed() - heapAfterFirstMinute;
const during = pipeline.stats();

isAway = false;
await until(async () => {
  await clock.advance(1000);
  await pipeline.flush();
  const { queued, inFlight, spooled } = pipeline.stats();
  return queued + inFlight + spooled === 0;
});
const after = pipeline.stats();
const closing = pipeline.close(0);
await clock.advance(1000);
await closing;
const report: OutageReport = { during, after, storedIds: stored.size, heapGrowth };
process.stdout.write(JSON.stringify(report));

function heapUsed(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await nextTurn();
}
