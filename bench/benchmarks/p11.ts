import type { UsageRecord } from 'koa-track-usage';
import type { ReadableUsageStorage } from 'koa-track-usage/storage';
import type { Engine } from '../engines/engine.js';
import { pastRecords } from '../engines/past-records.js';
import { postgresql } from '../engines/postgresql.js';
import { sqlite } from '../engines/sqlite.js';
import { type Benchmark, type Finding, type Scale, judge } from '../harness/finding.js';
import { HOUR_MS, foldAfter, pastDays, storeAll } from '../harness/folding.js';
import { type Estimate, estimateMedian } from '../harness/statistics.js';
import { takeTurns } from '../harness/take-turns.js';

const ENGINES: readonly Engine[] = [sqlite, postgresql];
const SLICES = 12;
const SLICE_MS = HOUR_MS / SLICES;

/** 100 requests a second: a service for which it matters what tracking costs. With fewer, more of a fold is its own statements. */
const BUSY_RECORDS = 30_000;

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
  const [records, warmUp, rounds] = scale === 'quick' ? [500, 1, 4] : [BUSY_RECORDS, 1, 6];
  const storages = [await engine.connect(), await engine.connect(), await engine.connect()];
  for (const storage of storages.slice(1)) storage.summaries?.makeNothing();
  const efforts: number[][] = [];
  let hourMs = pastDays(10).startMs;
  for (let round = -warmUp; round < rounds; round += 1, hourMs += HOUR_MS) {
    const cpuUs = storages.map(() => 0);
    for (let slice = 0; slice < SLICES; slice += 1) {
      const startMs = hourMs + slice * SLICE_MS;
      const span = { startMs, endMs: startMs + SLICE_MS };
      // Made before, as making them is no part of writing.
      const batches = [...pastRecords(records, span, engine.batchRecords)];
      const contestants = storages.map(
        (storage, index) => () => live(storage, span.endMs, batches, index === 0),
      );
      const [effort = []] = await takeTurns(contestants, { warmUp: 0, rounds: 1 });
      for (const [index, one] of effort.entries()) cpuUs[index] = Number(cpuUs[index]) + one.cpuUs;
    }
    if (round < 0) for (const storage of storages) await engine.analyze?.(storage);
    else efforts.push(cpuUs);
  }
  for (const storage of storages) await storage.close?.();
  return judge(
    'P11',
    `CPU of writing ${records.toLocaleString('en')} records a slice and folding the default dimensions: ${engine.title} / writing alone`,
    cpuOf(efforts, 0),
    cpuOf(efforts, 2),
    { gate: 1.5, goal: 1.3 },
  );
}

async function live(
  storage: ReadableUsageStorage,
  endMs: number,
  batches: readonly (readonly UsageRecord[])[],
  folds: boolean,
): Promise<void> {
  await storeAll(storage, batches);
  if (folds && (await foldAfter(storage, endMs)) === 0) throw new Error('Nothing was folded.');
}

function cpuOf(efforts: readonly number[][], index: number): Estimate {
  return estimateMedian(efforts.map((cpuUs) => Number(cpuUs[index]) / Number(cpuUs[1])));
}
