import type { SummaryStore } from '../storage/summary-store.js';
import { TurnBudget } from '../time/turn-budget.js';
import { KeyTallies } from './aggregate.js';
import { RowCount, blockOf } from './blocks.js';
import type { Unit } from './manifest.js';

/** The figures of a period by the name of their dimension. */
export type Figures = ReadonlyMap<string, KeyTallies>;

/** The figures of a unit as they are stored; null if there is no unit, or if rows or dimensions of it are missing. */
export async function readUnit(
  store: SummaryStore,
  unit: Unit | undefined,
  names: readonly string[],
  signal: AbortSignal,
): Promise<Figures | null> {
  if (unit === undefined || !names.every((name) => unit.dimensions.includes(name))) return null;
  const { kind, edition, startMs, endMs } = unit;
  const rows = await store.find({ kinds: [kind], edition, fromMs: startMs, beforeMs: endMs }, signal);
  const count = new RowCount();
  const budget = new TurnBudget(1);
  const figures = new Map(names.map((name) => [name, new KeyTallies()]));
  for (const row of rows) {
    const block = blockOf(row);
    count.note(row, block);
    for (const entry of block.entries) figures.get(row.dimension)?.take(entry);
    if (budget.isSpentAfterStep()) await budget.nextTurn(signal);
  }
  return names.every((name) => count.isWhole(unit, name)) ? figures : null;
}

/** Adds the figures of a part to those of the whole. */
export async function mergeInto(
  figures: ReadonlyMap<string, KeyTallies>,
  part: Iterable<readonly [dimension: string, tallies: KeyTallies]>,
  budget: TurnBudget,
  signal: AbortSignal,
): Promise<void> {
  for (const [dimension, tallies] of part) {
    for (const [key, tally] of tallies.entries()) {
      figures.get(dimension)?.merge(key, tally);
      if (budget.isSpentAfterStep()) await budget.nextTurn(signal);
    }
  }
}
