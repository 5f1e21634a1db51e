import type { Engine } from '../engines/engine.js';
import { storeOf } from '../engines/ours.js';
import { makeRecords } from '../engines/record.js';
import { mariadb } from '../engines/mariadb.js';
import { mongodb } from '../engines/mongodb.js';
import { postgresql } from '../engines/postgresql.js';
import { sqlite } from '../engines/sqlite.js';
import { type Benchmark, type Finding, type Scale, judge } from '../harness/finding.js';
import { type Estimate, estimateMedian } from '../harness/statistics.js';
import { type Effort, takeTurns } from '../harness/take-turns.js';

const ENGINES: readonly Engine[] = [sqlite, postgresql, mariadb, mongodb];
const PAGE_RECORDS = 500;
const ROUND_PAGES = 5;

/** How fast a page is read, against SQL and mapping written by hand. */
export const p9: Benchmark = {
  id: 'P9',
  async run(scale) {
    const findings: Finding[] = [];
    for (const engine of ENGINES) findings.push(await measure(engine, scale));
    return findings;
  },
};

async function measure(engine: Engine, scale: Scale): Promise<Finding> {
  const [batches, plan] = scale === 'quick' ? [2, { warmUp: 2, rounds: 5 }] : [40, { warmUp: 5, rounds: 60 }];
  const stores = [storeOf(await engine.connect()), await engine.openRival(), await engine.openRival()];
  for (let batch = 0; batch < batches; batch += 1) {
    const records = makeRecords(engine.batchRecords);
    for (const store of stores) await store.write(records);
  }
  const contestants = stores.map((store) => async () => {
    for (let page = 0; page < ROUND_PAGES; page += 1) {
      const { length } = await store.read(PAGE_RECORDS);
      if (length !== PAGE_RECORDS) throw new Error(`A page had ${length} records.`);
    }
  });
  const efforts = await takeTurns(contestants, plan);
  for (const store of stores) await store.close();
  return judge(
    'P9',
    `time of a page of ${PAGE_RECORDS}: ${engine.title} / ${engine.title} and mapping by hand`,
    timeOf(efforts, 0),
    timeOf(efforts, 2),
    { gate: 2, goal: 1.5 },
  );
}

function timeOf(efforts: readonly Effort[][], index: number): Estimate {
  return estimateMedian(efforts.map((effort) => Number(effort[index]?.ms) / Number(effort[1]?.ms)));
}
