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
  readonly value: number;
}

/** The tallies that rows of answers were made of, for as long as somebody holds the row. */
const talliesOfRows = new WeakMap<object, Tally>();

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
    const tally = talliesOfRows.get(row);
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
  const inOrder = [...groups].toSorted(([one], [other]) => Number(one) - Number(other));
  for (const [start, tallies] of inOrder) {
    if (orderBy === 'start' && entries.length > limit) break;
    const some: Entry[] = [];
    for (const [key, tally] of tallies.entries()) {
      some.push({ start, key, tally, value: valueOf(tally, orderBy === 'start' ? 'hits' : orderBy) });
      if (budget.isSpentAfterStep()) await budget.nextTurn();
    }
    for (const entry of orderBy === 'start' ? some.toSorted(compare) : some) entries.push(entry);
  }
  const sorted = orderBy === 'start' ? entries : entries.toSorted(compare);
  const blank = blankOf(dimension);
  const rows: Row[] = [];
  for (const entry of sorted.slice(0, limit)) {
    rows.push(rowOf(entry, dimension, blank));
    if (budget.isSpentAfterStep()) await budget.nextTurn();
  }
  return { rows, isMore: sorted.length > limit };
}

/** The largest first. */
function compare(one: Entry, other: Entry): number {
  if (one.value !== other.value) return other.value - one.value;
  const [text, otherText] = [textOf(one), textOf(other)];
  return text < otherText ? -1 : Number(text > otherText);
}

function textOf({ start, key }: Entry): string {
  return `${start ?? ''} ${JSON.stringify(key)}`;
}

/** A row to be copied, with all names that rows have. */
function blankOf({ parts }: Dimension): Row {
  const keys = Object.fromEntries(parts.map((part) => [part, null]));
  return { start: null, ...keys, isOther: false, ...new Tally().toFigures() } as Row;
}

function rowOf({ start, key, tally }: Entry, { parts, name }: Dimension, blank: Row): Row {
  const row = { ...blank } as Record<string, unknown>;
  if (start !== null) row['start'] = new Date(start);
  const other = name === 'status' ? null : OTHER;
  for (const [index, part] of parts.entries()) row[part] = key === null ? other : (key[index] ?? null);
  row['isOther'] = key === null;
  talliesOfRows.set(row, tally);
  return tally.writeTo(row as unknown as Row);
}

function valueOf(tally: Tally, orderBy: Exclude<SummaryOrder, 'start'>): number {
  if (orderBy === 'hits') return tally.hits;
  const { durationMs, ...figures } = tally.toFigures();
  return Number({ ...figures, ...durationMs }[orderBy]);
}
