import { type Manifest, type Mark, type Unit, type UnitKind, isPast, unitName } from './manifest.js';
import { ALWAYS, type Periods, SLICE_MS, type Span } from './periods.js';
import { SpanSet, overlap } from './spans.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** How long after its end a period is left alone, in milliseconds: clocks of processes differ. */
const GRACE_MS = 10_000;

/** A mark that is longer than a day is not folded as a whole, but taken apart into days. */
const LONG_MS = 26 * HOUR_MS;

/** Slices and hours that one fold reads from records. */
const MOST_PARTS = 48;

/** A period to be summed up. */
export interface Wanted extends Span {
  readonly kind: UnitKind;
  /** The shorter periods that it is the sum of; null where its records are read. */
  readonly parts: readonly Span[] | null;
  /** Whether it becomes a unit, rather than a part of one alone. */
  readonly isKept: boolean;
}

/** What a fold does. */
export interface FoldPlan {
  /** Periods, parts before their wholes. */
  readonly wanted: readonly Wanted[];
  /** Units that are no longer true, or no longer needed. */
  readonly dropped: readonly Unit[];
  /** Marks that can be taken away afterwards. */
  readonly marks: readonly Mark[];
  /** Days to be marked anew, in the place of a longer mark. */
  readonly days: readonly Span[];
  /** Whether there is more that could be folded now. */
  readonly isMore: boolean;
}

/**
 * Plans a fold: which periods were touched and are over, and which hours and days can be summed up of their parts.
 *
 * @param hoursMs - how long hours are kept whose day is summed up, in milliseconds
 */
export function planFold(
  manifest: Manifest,
  marks: readonly Mark[],
  nowMs: number,
  periods: Periods,
  hoursMs = Infinity,
): FoldPlan {
  const overMs = nowMs - GRACE_MS;
  const isHeld = (mark: Mark): boolean => mark.isWriting && !isPast(mark, nowMs);
  const held = new SpanSet(marks.filter(isHeld));
  const sealedMs = manifest.sealedMs ?? ALWAYS.startMs;
  const idle = marks.filter((mark) => !isHeld(mark));
  // A mark in days whose seal is not confirmed is looked for before it is.
  const sealed = idle.filter(({ endMs }) => endMs <= (manifest.confirmedMs ?? ALWAYS.startMs));
  const ready = idle.filter(
    (mark) => mark.endMs > sealedMs && (mark.endMs <= overMs || isLong(mark)) && !held.overlaps(mark),
  );
  const long = ready.find(isLong);
  if (long !== undefined) return takeApart(manifest, long, sealed, periods, overMs);
  const chosen = choose(ready, overMs);
  const left = new SpanSet(marks.filter((mark) => !chosen.includes(mark) && !sealed.includes(mark)));
  const plan = new Planning(manifest, periods, overMs, left);
  for (const mark of chosen) plan.touch({ startMs: Math.max(mark.startMs, sealedMs), endMs: mark.endMs });
  plan.mergeHours();
  plan.mergeDays();
  plan.dropOvertaken();
  plan.dropHours(nowMs - hoursMs);
  return {
    wanted: plan.wanted,
    dropped: [...plan.dropped],
    marks: [...chosen, ...sealed],
    days: [],
    isMore: chosen.length < ready.length,
  };
}

function isLong({ startMs, endMs }: Span): boolean {
  return endMs - startMs > LONG_MS;
}

/** The newest marks first, as questions are about what was last. */
function choose(ready: readonly Mark[], overMs: number): Mark[] {
  const chosen: Mark[] = [];
  const parts = new Set<number>();
  for (const mark of ready.toSorted((one, other) => other.startMs - one.startMs)) {
    // Of days that are over, whole hours are read: any number of marks within one cost no more.
    const partMs = mark.endMs < overMs - DAY_MS ? HOUR_MS : SLICE_MS;
    for (let ms = mark.startMs; ms < mark.endMs; ms += partMs) parts.add(Math.floor(ms / partMs) * partMs);
    if (chosen.length > 0 && parts.size > MOST_PARTS) break;
    chosen.push(mark);
  }
  return chosen;
}

/** What a long mark touches counts no more; its days are folded one after another. */
function takeApart(
  manifest: Manifest,
  mark: Mark,
  sealed: readonly Mark[],
  periods: Periods,
  overMs: number,
): FoldPlan {
  const sealedMs = manifest.confirmedMs ?? ALWAYS.startMs;
  const dropped = manifest.units.filter((unit) => overlap(unit, mark) && unit.startMs >= sealedMs);
  const days = periods
    .daysOf(dropped)
    .map(({ startMs, endMs }) => ({ startMs, endMs: Math.max(startMs + 1, Math.min(endMs, overMs)) }));
  return { wanted: [], dropped, marks: [mark, ...sealed], days, isMore: true };
}

/** Works out what has to be summed up again. */
class Planning {
  wanted: Wanted[] = [];
  readonly dropped = new Set<Unit>();
  readonly #manifest: Manifest;
  readonly #periods: Periods;
  readonly #overMs: number;
  readonly #left: SpanSet;
  /** The units that there are, by their names. */
  readonly #known: ReadonlyMap<string, Unit>;
  readonly #isWanted = new Set<string>();
  readonly #touched: Span[] = [];

  /** @param left - marks that this fold leaves alone: a period that they touch is not summed up of its parts */
  constructor(manifest: Manifest, periods: Periods, overMs: number, left: SpanSet) {
    this.#manifest = manifest;
    this.#periods = periods;
    this.#overMs = overMs;
    this.#left = left;
    this.#known = new Map(manifest.units.map((unit) => [unitName(unit), unit]));
  }

  /** Has what a span touches be read from records: its slices, and hours of which there are no slices any more. */
  touch(span: Span): void {
    this.#touched.push(span);
    for (const hour of this.#periods.within('hour', span)) {
      const slices = [...this.#periods.within('slice', hour)];
      const hasSlices = slices.some(({ startMs }) => this.#known.has(unitName({ kind: 'slice', startMs })));
      const isDayOver = this.#periods.dayOf(hour.startMs).endMs <= this.#overMs;
      if (isDayOver && !hasSlices) this.#want('hour', hour, null);
      else for (const slice of slices) if (overlap(slice, span)) this.#want('slice', slice, null);
    }
  }

  /** Has hours summed up of their slices. */
  mergeHours(): void {
    for (const hour of this.#wholesOf('slice', (ms) => this.#periods.hourOf(ms))) {
      const slices = [...this.#periods.within('slice', hour)];
      if (this.#isDue('hour', hour, 'slice', slices)) this.#want('hour', hour, slices);
    }
  }

  /** Has days summed up of their hours. Their slices go: a late record has its hour read from records. */
  mergeDays(): void {
    for (const day of this.#wholesOf('hour', (ms) => this.#periods.dayOf(ms))) {
      const hours = [...this.#periods.within('hour', day)];
      if (!this.#isDue('day', day, 'hour', hours)) continue;
      this.#want('day', day, hours);
      const isIts = ({ kind, startMs }: Wanted | Unit): boolean =>
        kind === 'slice' && startMs >= day.startMs && startMs < day.endMs;
      this.wanted = this.wanted.map((unit) => (isIts(unit) ? { ...unit, isKept: false } : unit));
      this.#drop(isIts);
    }
  }

  /**
   * What was touched and is not summed up again counts no more: the hour may not be over yet for this process, and was for another one,
   * whose clock is ahead. What a mark is left on is dropped, or summed up, with that mark.
   */
  dropOvertaken(): void {
    const touched = new SpanSet(this.#touched);
    this.#drop((unit) => touched.overlaps(unit) && !this.#left.overlaps(unit));
  }

  /** Drops hours that are old and whose day is summed up. */
  dropHours(beforeMs: number): void {
    const isDay = (unit: Unit): boolean => unit.kind === 'day' && !this.dropped.has(unit);
    const days = new SpanSet(this.#manifest.units.filter(isDay));
    this.#drop((unit) => unit.kind === 'hour' && unit.endMs <= beforeMs && days.overlaps(unit));
  }

  #drop(isMeant: (unit: Unit) => boolean): void {
    for (const unit of this.#manifest.units) if (isMeant(unit)) this.dropped.add(unit);
  }

  /** The periods that known or wanted parts are in, those that are over and that no mark touches. */
  #wholesOf(kind: UnitKind, wholeOf: (ms: number) => Span): Span[] {
    const sealedMs = this.#manifest.sealedMs ?? ALWAYS.startMs;
    const starts = [...this.#manifest.units, ...this.wanted]
      .filter((unit) => unit.kind === kind)
      .map(({ startMs }) => startMs)
      .toSorted((one, other) => one - other);
    const wholes: Span[] = [];
    for (const startMs of starts) {
      if (startMs < (wholes.at(-1)?.endMs ?? sealedMs)) continue;
      wholes.push(wholeOf(startMs));
    }
    return wholes.filter((whole) => whole.endMs <= this.#overMs && !this.#left.overlaps(whole));
  }

  /** Whether a period is not yet summed up, or one of its parts is summed up now. */
  #isDue(kind: UnitKind, { startMs }: Span, partKind: UnitKind, parts: readonly Span[]): boolean {
    if (this.#isWanted.has(unitName({ kind, startMs }))) return false;
    if (!this.#known.has(unitName({ kind, startMs }))) return true;
    return parts.some((part) => this.#isWanted.has(unitName({ kind: partKind, startMs: part.startMs })));
  }

  #want(kind: UnitKind, { startMs, endMs }: Span, parts: readonly Span[] | null): void {
    const name = unitName({ kind, startMs });
    if (this.#isWanted.has(name)) return;
    this.#isWanted.add(name);
    this.wanted.push({ kind, startMs, endMs, parts, isKept: true });
    const before = this.#known.get(name);
    if (before !== undefined) this.dropped.add(before);
  }
}
