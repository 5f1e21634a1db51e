import type { UsageRecord } from 'koa-track-usage';
import type { ReadableUsageStorage } from 'koa-track-usage/storage';
import type { Engine } from '../engines/engine.js';
import { pastRecords } from '../engines/past-records.js';
import { postgresql } from '../engines/postgresql.js';
import { sqlite } from '../engines/sqlite.js';
import { type Benchmark, type Finding, type Scale, judge } from '../harness/finding.js';
import { HOUR_MS, type Span, foldAfter, pastDays, storeAll } from '../harness/folding.js';
import { type Estimate, estimateMedian } from '../harness/statistics.js';
import { type Effort, takeTurns } from '../harness/take-turns.js';

const ENGINES: readonly Engine[] = [sqlite, postgresql];
const SLICES = 12;
const SLICE_MS = HOUR_MS / SLICES;

/**
 * What folding costs who writes: a round is an hour, whose slices are written, and folded when they are over, as in the life of a
 * server. It ends with the fold that sums up the hour.
 */
export const p11: Benchmark = {
  id: 'P11',
  async run(scale) {
    const findings: Finding[] = [];
    for (const engine of ENGINES) findings.push(await measure(engine, scale));
    return findings;
  },
};

async function measure(engine: Engine, scale: Scale): Promise<Finding> {
  const [records, warmUp, rounds] = scale === 'quick' ? [6000, 1, 4] : [60_000, 3, 40];
  const storages = [await engine.connect(), await engine.connect(), await engine.connect()];
  for (const storage of storages.slice(1)) storage.summaries?.makeNothing();
  const efforts: Effort[][] = [];
  let hour = pastDays(10).startMs;
  for (let round = -warmUp; round < rounds; round += 1, hour += HOUR_MS) {
    // Made before, as making them is no part of writing.
    const slices = storages.map(() => slicesOf(hour, records / SLICES, engine.batchRecords));
    const contestants = storages.map(
      (storage, index) => () => live(storage, slices[index] ?? [], index === 0),
    );
    const [effort] = await takeTurns(contestants, { warmUp: 0, rounds: 1 });
    if (round < 0) for (const storage of storages) await engine.analyze?.(storage);
    if (round >= 0 && effort !== undefined) efforts.push(effort);
  }
  for (const storage of storages) await storage.close?.();
  return judge(
    'P11',
    `CPU of writing and folding the default dimensions: ${engine.title} / writing alone`,
    cpuOf(efforts, 0),
    cpuOf(efforts, 2),
    { gate: 1.5, goal: 1.3 },
  );
}

interface Slice extends Span {
  readonly batches: readonly (readonly UsageRecord[])[];
}

function slicesOf(hourMs: number, records: number, batchRecords: number): Slice[] {
  return Array.from({ length: SLICES }, (_value, index) => {
    const span = { startMs: hourMs + index * SLICE_MS, endMs: hourMs + (index + 1) * SLICE_MS };
    return { ...span, batches: [...pastRecords(records, span, batchRecords)] };
  });
}

async function live(storage: ReadableUsageStorage, slices: readonly Slice[], folds: boolean): Promise<void> {
  for (const { endMs, batches } of slices) {
    await storeAll(storage, batches);
    if (folds && (await foldAfter(storage, endMs)) === 0) throw new Error('Nothing was folded.');
  }
}

function cpuOf(efforts: readonly Effort[][], index: number): Estimate {
  return estimateMedian(efforts.map((effort) => Number(effort[index]?.cpuUs) / Number(effort[1]?.cpuUs)));
}
