import type { UsageRecord } from 'koa-track-usage';
import type { Engine, Store } from '../engines/engine.js';
import { storeOf } from '../engines/ours.js';
import { makeRecords } from '../engines/record.js';
import { mariadb } from '../engines/mariadb.js';
import { mongodb } from '../engines/mongodb.js';
import { postgresql, postgresqlCopy } from '../engines/postgresql.js';
import { sqlite } from '../engines/sqlite.js';
import { type Benchmark, type Finding, type Scale, type Target, judge } from '../harness/finding.js';
import { type Contestant, type Effort, share, takeTurns } from '../harness/take-turns.js';

const ENGINES: readonly (readonly [Engine, Target | null])[] = [
  [sqlite, { gate: 0.8, goal: 0.95 }],
  [postgresql, { gate: 0.85, goal: 1 }],
  [postgresqlCopy, { gate: 0.5, goal: 0.65 }],
  [mariadb, null],
  [mongodb, { gate: 0.85, goal: 0.95 }],
];

/** How fast the storages write, against code written by hand. */
export const p6: Benchmark = {
  id: 'P6',
  async run(scale) {
    const findings: Finding[] = [];
    for (const [engine, target] of ENGINES)
      findings.push(...(await measureWriting('P6', engine, target, scale)));
    return findings;
  },
};

/** Writes batches in turn, by the library and twice by hand. */
export async function measureWriting(
  id: string,
  engine: Engine,
  target: Target | null,
  scale: Scale,
): Promise<Finding[]> {
  const rows = 500 / engine.batchRecords;
  const [batches, warmUp, rounds] = scale === 'quick' ? [2, 2, 5] : [Math.max(1, 10 * rows), 10, 100];
  const stores = [storeOf(await engine.connect()), await engine.openRival(), await engine.openRival()];
  const records = stores.map(() => makeRecords(0));
  const contestants = stores.map((store, index) => writing(store, records, index, engine.batchRecords));
  const efforts: Effort[][] = [];
  for (let round = -warmUp; round < rounds; round += 1) {
    for (const [index] of stores.entries()) records[index] = makeRecords(batches * engine.batchRecords);
    const [effort] = await takeTurns(contestants, { warmUp: 0, rounds: 1 });
    if (round >= 0 && effort !== undefined) efforts.push(effort);
  }
  for (const store of stores) await store.close();
  const versus = `${engine.title} / ${engine.rivalTitle}`;
  return [
    judge(id, `rows/s: ${versus}`, share(efforts, 'ms', 1, 0), share(efforts, 'ms', 1, 2), target),
    judge(id, `CPU a row: ${versus}`, share(efforts, 'cpuUs', 0, 1), share(efforts, 'cpuUs', 2, 1), null),
  ];
}

function writing(
  store: Store,
  records: readonly (readonly UsageRecord[])[],
  index: number,
  batchRecords: number,
): Contestant {
  return async () => {
    const mine = records[index] ?? [];
    for (let start = 0; start < mine.length; start += batchRecords)
      await store.write(mine.slice(start, start + batchRecords));
  };
}
