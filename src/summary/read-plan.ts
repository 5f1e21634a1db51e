import { TrackUsageError } from '../errors.js';
import { type Look, type Manifest, UNIT_KINDS, type Unit, type UnitKind, unitName } from './manifest.js';
import { ALWAYS, type Periods, type Span } from './periods.js';
import { SpanSet, joined, without } from './spans.js';
import type { ResolvedSummaryQuery } from './summary-query.js';

/** What an answer is made of. */
export interface ReadPlan {
  /** Units, in order of time. */
  readonly units: readonly Unit[];
  /** Spans whose records are counted one by one. */
  readonly live: readonly Span[];
  /** The end of what is folded, in milliseconds since 1970, where what comes after it is left out; else null. */
  readonly untilMs: number | null;
}

/**
 * Plans an answer: the longest units that lie within the query's dates and that no mark touches, and records for the rest. Where
 * records were deleted by retention, units alone tell, whatever marks are there.
 *
 * @param broken - the names of units whose rows are not all there
 * @throws {TrackUsageError} `INVALID_QUERY` if less than a unit is asked for, whose records are deleted
 */
export function planRead(
  { period, dimension, startMs, endMs, isFresh }: ResolvedSummaryQuery,
  { marks, manifest }: Look,
  periods: Periods,
  broken: ReadonlySet<string>,
): ReadPlan {
  const sealedMs = manifest?.confirmedMs ?? ALWAYS.startMs;
  const touched = new SpanSet(marks);
  const kinds: readonly UnitKind[] = period === 'hour' ? ['hour', 'slice'] : UNIT_KINDS;
  const known = (manifest?.units ?? []).filter(
    (unit) =>
      kinds.includes(unit.kind) &&
      unit.startMs < endMs &&
      unit.endMs > startMs &&
      unit.dimensions.includes(dimension.name) &&
      !broken.has(unitName(unit)) &&
      (unit.endMs <= sealedMs || !touched.overlaps(unit)),
  );
  const usable = known.filter((unit) => unit.startMs >= startMs && unit.endMs <= endMs);
  const units: Unit[] = [];
  for (const kind of kinds) {
    const taken = new SpanSet(units);
    units.push(...usable.filter((unit) => unit.kind === kind && !taken.overlaps(unit)));
  }
  units.sort((one, other) => one.startMs - other.startMs);
  if (startMs < sealedMs) {
    const untold = new SpanSet(without({ startMs, endMs: Math.min(endMs, sealedMs) }, units));
    const isLost = (unit: Unit): boolean =>
      unit.endMs <= sealedMs && unit.dimensions.includes(dimension.name) && untold.overlaps(unit);
    refuseLost(manifest?.units.find(isLost), { startMs, endMs }, periods);
  }
  const rest = without({ startMs: Math.max(startMs, sealedMs), endMs }, units);
  const last = rest.at(-1);
  const untilMs = !isFresh && last?.endMs === endMs ? tailOf(units, last) : null;
  return { units, live: untilMs === null ? joined(rest) : rest.slice(0, -1), untilMs };
}

/**
 * The end of the last sealed day of which nothing tells by a dimension, in milliseconds since 1970: rows that name persons go before
 * others do, and a dimension that was added later has none. Null if there is no such day.
 */
export function toldSinceMs(
  { dimension, startMs, endMs }: ResolvedSummaryQuery,
  manifest: Manifest | null,
): number | null {
  const sealedMs = manifest?.confirmedMs ?? ALWAYS.startMs;
  const ends = (manifest?.units ?? [])
    .filter(
      (unit) =>
        unit.kind === 'day' &&
        unit.endMs <= sealedMs &&
        unit.startMs < endMs &&
        unit.endMs > startMs &&
        !unit.dimensions.includes(dimension.name),
    )
    .map((unit) => unit.endMs);
  return ends.length === 0 ? null : Math.max(...ends);
}

/** Where the last span begins that is not folded; before it there has to be something. */
function tailOf(units: readonly Unit[], last: Span): number | null {
  return units.length > 0 && last.startMs >= (units.at(-1) as Unit).endMs ? last.startMs : null;
}

function show(ms: number): string {
  return new Date(ms).toJSON();
}

/** Of the lost period there is a summary alone, which is too long for the question. */
function refuseLost(lost: Unit | undefined, { startMs, endMs }: Span, { timeZone }: Periods): void {
  if (lost === undefined) return;
  const span = `${lost.kind} from ${show(lost.startMs)} to ${show(lost.endMs)} (${timeZone})`;
  const isCut = lost.startMs < startMs || lost.endMs > endMs;
  throw new TrackUsageError(
    'INVALID_QUERY',
    isCut
      ? `getSummary: startDate or endDate is within the ${span}, which is sealed: only the whole of it can be told. Give its beginning or its end.`
      : `getSummary: 'period' is 'hour', and of the ${span} retention has kept no hours. Ask by the day, or for a later startDate.`,
  );
}
