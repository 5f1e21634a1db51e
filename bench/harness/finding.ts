import type { CONTROL, Plan, Round, Sitting, Slice } from './compare.js';
import { type Estimate, estimateClusteredMedian } from './statistics.js';

/** What a figure has to be and what it should be. Which way is better shows in which of the two is less. */
export interface Target {
  readonly gate: number;
  readonly goal: number;
}

/** One line of the results. */
export interface Finding {
  /** The row of the targets, such as `P1`. */
  readonly id: string;
  readonly what: string;
  readonly value: number;
  readonly low: number;
  readonly high: number;
  /** The same figure of an application against itself. */
  readonly control: Estimate;
  readonly gate: number | null;
  readonly goal: number | null;
  /** Whether the gate is met, by the value itself; true where there is none. */
  readonly ok: boolean;
}

/** A program that answers one row of the targets. */
export interface Benchmark {
  readonly id: string;
  run(scale: Scale): Promise<Finding[]>;
}

/** How long a run may take. */
export type Scale = 'full' | 'quick';

/**
 * A comparison long enough for a spread of a few percent, or one that only shows that it works.
 *
 * @param rounds - in each of the eight sittings of a full run
 */
export function planFor(scale: Scale, rounds: number, requestsPerSlice = 2000): Plan {
  return scale === 'quick'
    ? { sittings: 1, rounds: 3, requestsPerSlice: 300, warmUpSlices: 1 }
    : { sittings: 8, rounds, requestsPerSlice, warmUpSlices: 12 };
}

/** Holds an estimate against its target. */
export function judge(
  id: string,
  what: string,
  estimate: Estimate,
  control: Estimate,
  target: Target | null,
): Finding {
  const { value, low, high } = estimate;
  const { gate, goal } = target ?? { gate: null, goal: null };
  return { id, what, value, low, high, control, gate, goal, ok: target === null || meets(value, target) };
}

/** The median over the rounds of one variant's figure divided by another's. */
export function ratio<Name extends string>(
  sittings: readonly Sitting<Name>[],
  figure: keyof Slice,
  of: Name | typeof CONTROL,
  to: Name | typeof CONTROL,
): Estimate {
  return medianOf(sittings, (round) => round[of][figure] / round[to][figure]);
}

/** The median over the rounds of a figure of each. */
export function medianOf<Name extends string>(
  sittings: readonly Sitting<Name>[],
  figure: (round: Round<Name>) => number,
): Estimate {
  return estimateClusteredMedian(sittings.map((rounds) => rounds.map(figure)));
}

function meets(value: number, { gate, goal }: Target): boolean {
  return goal <= gate ? value <= gate : value >= gate;
}
