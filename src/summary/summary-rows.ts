import type { SummaryDurations, SummaryFigures, SummaryOf, SummaryOrder } from '../storage/usage-summary.js';
import { TurnBudget } from '../time/turn-budget.js';
import type { Key, KeyTallies } from './aggregate.js';
import type { Dimension } from './dimensions.js';
import type { ResolvedSummaryQuery } from './summary-query.js';
import { Tally } from './tally.js';

/** What texts of the row are that stands for all keys which are not kept apart. */
const OTHER = '(other)';

type Row = SummaryOf<string>;

/** What becomes a row, unless it is beyond the limit. */
interface Entry {
  readonly start: number | null;
  readonly key: Key;
  readonly tally: Tally;
  /** The figures, where the order needs them. */
  readonly figures: SummaryFigures | null;
  readonly value: number;
}

/** The tallies that rows of answers were made of, for as long as somebody holds the row. */
const tallies = new WeakMap<object, Tally>();

/**
 * The durations of several rows together: percentiles cannot be added up.
 *
 * @returns null if there is no row, or one that was not made here
 */
export function durationsOf(rows: readonly SummaryFigures[]): SummaryDurations | null {
  const [first, ...others] = rows;
  if (first === undefined || others.length === 0) return first?.durationMs ?? null;
  const sum = new Tally();
  for (const row of rows) {
    const tally = tallies.get(row);
    if (tally === undefined) return null;
    sum.merge(tally);
  }
  return sum.toFigures().durationMs;
}

/** Makes the rows of an answer, in the order that was asked for. */
export async function rowsOfAnswer(
  groups: ReadonlyMap<number | null, KeyTallies>,
  { dimension, orderBy, limit }: ResolvedSummaryQuery,
): Promise<{ rows: Row[]; isMore: boolean }> {
  const budget = new TurnBudget(50);
  const entries: Entry[] = [];
  for (const [start, keys] of groups) {
    for (const [key, tally] of keys.entries()) {
      const entry = { start, key, tally, figures: null, value: start ?? 0 };
      if (orderBy === 'start') entries.push(entry);
      else {
        const figures = tally.toFigures();
        entries.push({ ...entry, figures, value: valueOf(figures, orderBy) });
      }
      if (budget.isSpentAfterStep()) await budget.nextTurn();
    }
  }
  const direction = orderBy === 'start' ? 1 : -1;
  const sorted = entries.toSorted(
    (one, other) =>
      direction * (one.value - other.value) ||
      (orderBy === 'start' ? other.tally.hits - one.tally.hits : 0) ||
      compareTexts(one, other),
  );
  const rows: Row[] = [];
  for (const entry of sorted.slice(0, limit)) {
    rows.push(rowOf(entry, dimension));
    if (budget.isSpentAfterStep()) await budget.nextTurn();
  }
  return { rows, isMore: sorted.length > limit };
}

function compareTexts(one: Entry, other: Entry): number {
  const [text, otherText] = [textOf(one), textOf(other)];
  return text < otherText ? -1 : Number(text > otherText);
}

function textOf({ start, key }: Entry): string {
  return `${start ?? ''} ${JSON.stringify(key)}`;
}

function rowOf({ start, key, tally, figures }: Entry, { parts, name }: Dimension): Row {
  const row: Record<string, unknown> = { start: start === null ? null : new Date(start) };
  const other = name === 'status' ? null : OTHER;
  for (const [index, part] of parts.entries()) row[part] = key === null ? other : (key[index] ?? null);
  row['isOther'] = key === null;
  tallies.set(row, tally);
  return Object.assign(row, figures ?? tally.toFigures()) as Row;
}

function valueOf(figures: SummaryFigures, orderBy: Exclude<SummaryOrder, 'start'>): number {
  const { durationMs } = figures;
  if (orderBy === 'lastDate') return figures.lastDate.getTime();
  return orderBy in durationMs
    ? durationMs[orderBy as keyof typeof durationMs]
    : figures[orderBy as Exclude<keyof SummaryFigures, 'durationMs' | 'firstDate' | 'lastDate'>];
}
