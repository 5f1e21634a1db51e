import { type Estimate, estimateMedian, shuffled } from './statistics.js';

/** What one contestant needed for one slice. */
export interface Effort {
  readonly ms: number;
  /** CPU time of this process, all threads, unless other processes were meant. */
  readonly cpuUs: number;
}

/** Does one slice of work. */
export type Contestant = () => Promise<void>;

/** CPU time of this process so far, in microseconds. */
function ownCpuUs(): number {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/**
 * Lets contestants work in turn in this process, in an order that is drawn anew in every round.
 *
 * @param readCpuUs - reads the CPU time so far of the processes that are meant, in microseconds. @default this process
 * @returns by round, what each needed, in the order of `contestants`
 */
export async function takeTurns(
  contestants: readonly Contestant[],
  { warmUp, rounds }: { readonly warmUp: number; readonly rounds: number },
  readCpuUs: () => number = ownCpuUs,
): Promise<Effort[][]> {
  const efforts: Effort[][] = [];
  for (let round = -warmUp; round < rounds; round += 1) {
    const taken: Effort[] = [];
    for (const [index, contestant] of shuffled([...contestants.entries()])) {
      const cpuUs = readCpuUs();
      const begin = performance.now();
      await contestant();
      taken[index] = { ms: performance.now() - begin, cpuUs: readCpuUs() - cpuUs };
    }
    if (round >= 0) efforts.push(taken);
  }
  return efforts;
}

/** What one contestant needed of what another one did in the same round. */
export function share(
  efforts: readonly (readonly Effort[])[],
  figure: keyof Effort,
  of: number,
  to: number,
): Estimate {
  return estimateMedian(efforts.map((effort) => Number(effort[of]?.[figure]) / Number(effort[to]?.[figure])));
}
