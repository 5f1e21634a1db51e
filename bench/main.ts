// npm run bench [-- P1 P7 …] [--quick] [--json]
import { availableParallelism, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { enriched } from './benchmarks/enriched.js';
import { months } from './benchmarks/months.js';
import { p1 } from './benchmarks/p1.js';
import { p10 } from './benchmarks/p10.js';
import { p11 } from './benchmarks/p11.js';
import { p12 } from './benchmarks/p12.js';
import { p13 } from './benchmarks/p13.js';
import { p14 } from './benchmarks/p14.js';
import { p15 } from './benchmarks/p15.js';
import { p16 } from './benchmarks/p16.js';
import { p17 } from './benchmarks/p17.js';
import { p18 } from './benchmarks/p18.js';
import { p2 } from './benchmarks/p2.js';
import { p3 } from './benchmarks/p3.js';
import { p8 } from './benchmarks/p8.js';
import { p4 } from './benchmarks/p4.js';
import { p5 } from './benchmarks/p5.js';
import { p6 } from './benchmarks/p6.js';
import { p7 } from './benchmarks/p7.js';
import { p9 } from './benchmarks/p9.js';
import { sizing } from './benchmarks/sizing.js';
import { sizingReports } from './benchmarks/sizing-reports.js';
import { stopDatabases } from './harness/databases.js';
import type { Benchmark, Finding } from './harness/finding.js';

const BENCHMARKS: readonly Benchmark[] = [
  p1,
  p2,
  p3,
  p4,
  p5,
  p6,
  p7,
  p8,
  p9,
  p10,
  p11,
  p12,
  p13,
  p14,
  p15,
  p16,
  p17,
  p18,
  enriched,
  months,
  sizing,
  sizingReports,
];

const { values, positionals } = parseArgs({
  options: { quick: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
  allowPositionals: true,
});

try {
  const chosen = choose(positionals.map((id) => id.toUpperCase()));
  if (!values.json) printHead();
  for (const benchmark of chosen) {
    for (const finding of await benchmark.run(values.quick ? 'quick' : 'full')) {
      console.log(values.json ? JSON.stringify(finding) : tableRow(finding));
      if (!finding.ok) process.exitCode = 1;
    }
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
} finally {
  await stopDatabases();
}

function choose(ids: readonly string[]): readonly Benchmark[] {
  const unknown = ids.filter((id) => !BENCHMARKS.some((benchmark) => benchmark.id === id));
  if (unknown.length > 0) {
    const known = BENCHMARKS.map(({ id }) => id).join(', ');
    throw new Error(`There is no benchmark ${unknown.join(', ')}. There are ${known}.`);
  }
  return ids.length === 0 ? BENCHMARKS : BENCHMARKS.filter(({ id }) => ids.includes(id));
}

function printHead(): void {
  const load = loadavg()[0] ?? 0;
  console.log(
    `Node ${process.version}, ${availableParallelism()} cores, load average ${load.toFixed(1)}. ` +
      'Medians with their 95 % intervals; the control is an application against itself.\n',
  );
  console.log('| | what | value | control | gate | goal | |\n| --- | --- | --- | --- | --- | --- | --- |');
}

function tableRow(finding: Finding): string {
  const { id, what, control, gate, goal, ok } = finding;
  const sign = gate !== null && goal !== null && goal > gate ? '≥' : '≤';
  const target = (bound: number | null): string => (bound === null ? '–' : `${sign} ${bound}`);
  const verdict = gate === null ? '–' : ok ? 'ok' : 'missed';
  return `| ${id} | ${what} | ${spread(finding)} | ${spread(control)} | ${target(gate)} | ${target(goal)} | ${verdict} |`;
}

function spread({ value, low, high }: { value: number; low: number; high: number }): string {
  return low === high ? value.toFixed(3) : `${value.toFixed(3)} (${low.toFixed(3)}–${high.toFixed(3)})`;
}
