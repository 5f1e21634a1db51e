import { clickhouse } from '../engines/clickhouse.js';
import type { Benchmark } from '../harness/finding.js';
import { measureWriting } from './p6.js';

/** How fast batches are written to ClickHouse, against its client by hand. */
export const p18: Benchmark = {
  id: 'P18',
  run: (scale) => measureWriting('P18', clickhouse, { gate: 0.85, goal: 0.95 }, scale),
};
