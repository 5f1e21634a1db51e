import type { ReadableUsageStorage } from 'koa-track-usage/storage';
import { clickhouse } from '../engines/clickhouse.js';
import type { Engine } from '../engines/engine.js';
import { pastRecords } from '../engines/past-records.js';
import { postgresql } from '../engines/postgresql.js';
import { sqlite } from '../engines/sqlite.js';
import { type Benchmark, type Finding, type Scale, judge } from '../harness/finding.js';
import { DAY_MS, HOUR_MS, pastDays, rebuild, storeUnfolded } from '../harness/folding.js';
import { estimateMedian } from '../harness/statistics.js';
import { type Effort, takeTurns } from '../harness/take-turns.js';

const ENGINES: readonly Engine[] = [sqlite, postgresql, clickhouse];
const HOURS = 10;

/** How many records a second one process folds; more than these, and it falls behind. The control is another table of the same kind. */
export const p17: Benchmark = {
  id: 'P17',
  async run(scale) {
    const findings: Finding[] = [];
    for (const engine of ENGINES) findings.push(await measure(engine, scale));
    return findings;
  },
};

async function measure(engine: Engine, scale: Scale): Promise<Finding> {
  const [records, plan] =
    scale === 'quick' ? [20_000, { warmUp: 1, rounds: 3 }] : [300_000, { warmUp: 1, rounds: 15 }];
  const { startMs } = pastDays(1);
  const span = { startMs, endMs: startMs + HOURS * HOUR_MS };
  const storages = [await engine.connect(), await engine.connect()];
  for (const storage of storages) {
    await storeUnfolded(storage, pastRecords(records, span, engine.batchRecords));
    await engine.analyze?.(storage);
  }
  const efforts = await takeTurns(
    storages.map((storage: ReadableUsageStorage) => async () => {
      await rebuild(storage, { startMs, endMs: startMs + DAY_MS });
    }),
    plan,
  );
  for (const storage of storages) await storage.close?.();
  const rate = (index: number): number[] =>
    efforts.map((effort: Effort[]) => (1000 * records) / Number(effort[index]?.ms));
  return judge(
    'P17',
    `records/s that one process folds: ${engine.title}`,
    estimateMedian(rate(0)),
    estimateMedian(rate(1)),
    { gate: 20_000, goal: 50_000 },
  );
}
