import { setTimeout as pause } from 'node:timers/promises';
import { type Benchmark, judge } from '../harness/finding.js';
import { CLIENTS, sendRequests } from '../harness/load.js';
import { type ServerProcess, withServers } from '../harness/server-process.js';
import { type Estimate, estimateClusteredMedian, median, shuffled } from '../harness/statistics.js';

const REQUESTS_PER_SECOND = 2000;
const READING_MS = 500;

/** The second `untracked` is the control. */
const VARIANTS = ['untracked', 'untracked', 'noop', 'sqlite'] as const;

/** How much memory a process holds while it serves at a steady rate. */
export const p16: Benchmark = {
  id: 'P16',
  async run(scale) {
    const [sittings, seconds] = scale === 'quick' ? [1, 5] : [5, 30];
    const held: number[][] = [];
    for (let sitting = 0; sitting < sittings; sitting += 1) held.push(await measure(seconds));
    const against = (index: number): Estimate =>
      estimateClusteredMedian(held.map((bytes) => [Number(bytes[index]) / Number(bytes[0])]));
    return [
      judge('P16', 'resident memory at 2,000 requests/s: no-op storage / untracked', against(2), against(1), {
        gate: 1.3,
        goal: 1.15,
      }),
      judge('P16', 'resident memory at 2,000 requests/s: SQLite / untracked', against(3), against(1), {
        gate: 1.6,
        goal: 1.3,
      }),
    ];
  },
};

/** The bytes that a process of each variant holds, one variant after another in random order. */
async function measure(seconds: number): Promise<number[]> {
  const held: number[] = [];
  for (const index of shuffled([...VARIANTS.keys()])) {
    held[index] = await withServers([String(VARIANTS[index])], async ([server]) => {
      if (server === undefined) throw new Error('The server is not running.');
      return residentBytes(server, seconds);
    });
  }
  return held;
}

/** The median of the second half, in which the process has found its size. */
async function residentBytes(server: ServerProcess, seconds: number): Promise<number> {
  const readings: number[] = [];
  const end = new AbortController();
  const sending = sendRequests(server.url, seconds * REQUESTS_PER_SECOND, CLIENTS, REQUESTS_PER_SECOND);
  void sending.finally(() => end.abort()).catch(() => {});
  while (!end.signal.aborted) {
    readings.push((await server.read({ isUnderLoad: true })).residentBytes);
    await pause(READING_MS);
  }
  await sending;
  return median(readings.slice(Math.floor(readings.length / 2)));
}
