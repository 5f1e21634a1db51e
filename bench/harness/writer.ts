// The program of a child process: a tracker's pipeline, which is given records as fast as it takes them.
import { setTimeout as pause } from 'node:timers/promises';
import type { UsageRecord } from 'koa-track-usage';
import { resolveTrackerOptions } from '../../src/options/tracker-options.js';
import { batchFor, queueFor } from '../../src/pipeline/lane/lane-settings.js';
import { Pipeline } from '../../src/pipeline/pipeline.js';
import { pastRecords } from '../engines/past-records.js';
import { PLACES } from '../engines/shared-place.js';
import type { WriterOrder, Written } from './writers.js';

/** Records that are handed over between two looks at the queue, and that it always has room for. */
const STEP_RECORDS = 100;

/** What the queue takes one of them for, at most. */
const RECORD_BYTES = 1200;

/** For so long, records are handed over at most. */
const LIMIT_MS = 60_000;

const { place, address, options } = JSON.parse(process.argv[2] ?? '') as WriterOrder;
const storage = await PLACES[place].open(address);
const settings = resolveTrackerOptions({ serverName: 'bench', ...options });
const pipeline = new Pipeline(settings, () => [storage]);
const queue = queueFor(settings.queue, batchFor(storage, settings));
const mostRecords = Math.min(queue.maxRecords, queue.maxBytes / RECORD_BYTES);
let records: UsageRecord[] = [];
let batches = 0;
pipeline.events.on('flush', () => (batches += 1));

// A number of records has them made; none has them written.
process.on('message', (count: number) => void answer(count));
process.on('disconnect', () => void pipeline.close(5000).then(() => process.exit()));
process.send?.({ url: address });

async function answer(count: number): Promise<void> {
  if (count > 0) makeReady(count);
  const written = count > 0 ? null : await write();
  process.send?.(written);
}

/** Makes records of the last minute, as those are that a tracker hands over. */
function makeReady(count: number): void {
  const endMs = Date.now();
  records = [...pastRecords(count, { startMs: endMs - 60_000, endMs }, STEP_RECORDS)].flat();
}

async function write(): Promise<Written> {
  const storedBefore = pipeline.stats().stored;
  batches = 0;
  const cpu = process.cpuUsage();
  const endMs = performance.now() + LIMIT_MS;
  let handed = 0;
  for (const record of records) {
    if (handed % STEP_RECORDS === 0) {
      if (performance.now() > endMs) break;
      while (isFull()) await pause(1);
    }
    pipeline.accept(record);
    handed += 1;
  }
  await pipeline.flush();
  // What failed is tried again by itself.
  while (isUnsettled() && performance.now() < endMs + LIMIT_MS) await pause(1);
  const { user, system } = process.cpuUsage(cpu);
  const { stored, lastError } = pipeline.stats();
  if (stored - storedBefore !== handed)
    throw new Error(`${stored - storedBefore} of ${handed} records were stored. ${lastError?.message}`);
  return { records: handed, batches, cpuUs: user + system };
}

function isUnsettled(): boolean {
  const { queued, inFlight } = pipeline.stats();
  return queued + inFlight > 0;
}

function isFull(): boolean {
  const { queued, inFlight } = pipeline.stats();
  return queued + inFlight + STEP_RECORDS > mostRecords;
}
