import { randomUUID } from 'node:crypto';
import { TrackUsageError } from '../errors.js';
import type { SummaryRow, SummaryStore } from '../storage/summary-store.js';
import type { UsageReader } from '../storage/usage-reader.js';
import { TurnBudget } from '../time/turn-budget.js';
import { KeyTallies } from './aggregate.js';
import { rowsOf } from './blocks.js';
import type { Dimension } from './dimensions.js';
import { type FoldPlan, type Wanted, planFold } from './fold-plan.js';
import {
  type Manifest,
  type Replaced,
  type Unit,
  type UnitKind,
  emptyManifest,
  foldRow,
  foldedUntilMs,
  isPast,
  look,
  markOf,
  publish,
  replacedUnits,
  touchedRow,
  unitName,
} from './manifest.js';
import { type Span, periodsOf } from './periods.js';
import { sumRecords } from './record-scan.js';
import { type Figures, mergeInto, readUnit } from './stored-figures.js';
import { deleteUnits, insertRows } from './row-statements.js';
import { joined } from './spans.js';
import { Sums } from './sums.js';

/** How long rows stay that others have replaced, in milliseconds: a reader may be about to read them. */
const READER_MS = 60_000;

/** After so long, a fold that has not ended counts as dead, in milliseconds. */
const DEAD_MS = 3_600_000;

/** What folding needs. */
export interface FoldSettings {
  readonly store: SummaryStore;
  /** Reads the records, where they are written. */
  readonly reader: Pick<UsageReader, 'streamUsage'>;
  readonly timeZone: string;
  readonly dimensions: readonly Dimension[];
  /** How long hours are kept, in milliseconds. @default for good */
  readonly hoursMs?: number;
  /** The time of day, in milliseconds since 1970. */
  readonly now: () => number;
}

/** What became of a fold. */
export interface FoldResult {
  /** Periods that were summed up; 0 where another process was faster. */
  readonly folded: number;
  /** Whether there is more to be folded now. */
  readonly isMore: boolean;
  /** Whether another process was faster. */
  readonly isLost: boolean;
  /** All records before this moment are folded, in milliseconds since 1970. */
  readonly untilMs: number;
}

/** The figures of periods by kind and beginning. */
type Made = Map<string, Figures>;

/**
 * Sums up once what was touched and is over. Any number of processes may do so at once: rows count only once a manifest names them,
 * and of manifests one follows another. A fold that is stopped, late or dead leaves nothing that counts.
 *
 * @throws {TrackUsageError} `STORAGE_SETUP` if the time zone is not the one of sealed summaries; any error of the storage
 */
export async function foldOnce(settings: FoldSettings, signal: AbortSignal): Promise<FoldResult> {
  const { store, now } = settings;
  const { marks, manifest: found } = await look(store, signal);
  const nowMs = now();
  if (found !== null && found.timeZone !== settings.timeZone) return changeZone(settings, found, signal);
  const manifest = found ?? emptyManifest(settings.timeZone);
  const plan = planFold(manifest, marks, nowMs, periodsOf(settings.timeZone), settings.hoursMs);
  const taken = new Set(plan.marks.map(({ id }) => id));
  const untilMs = foldedUntilMs(
    marks.filter(({ id }) => !taken.has(id)),
    nowMs,
  );
  const isStaleNow = manifest.replaced.some((unit) => isStale(unit, nowMs));
  if (plan.wanted.length + plan.dropped.length + plan.marks.length === 0 && !isStaleNow)
    return { folded: 0, isMore: false, isLost: false, untilMs };
  const fold = new Fold(settings, manifest, plan, nowMs);
  const isPublished = await fold.run(signal);
  if (!isPublished) return { folded: 0, isMore: true, isLost: true, untilMs };
  return { folded: plan.wanted.length, isMore: plan.isMore, isLost: false, untilMs };
}

/** Begins anew in another time zone: its hours and days cannot be made of those of the one before, and are folded again. */
async function changeZone(
  { store, timeZone, now }: FoldSettings,
  found: Manifest,
  signal: AbortSignal,
): Promise<FoldResult> {
  if (found.sealedMs !== null) {
    throw new TrackUsageError(
      'STORAGE_SETUP',
      `The summaries are in the time zone '${found.timeZone}', and the option summaries.timeZone is '${timeZone}'. Records from before ` +
        `${new Date(found.sealedMs).toJSON()} are deleted, so that their days cannot be summed up again: set the option back.`,
    );
  }
  const nowMs = now();
  const edition = randomUUID();
  const days = periodsOf(timeZone).daysOf(found.units);
  const marked = days.map((day) => touchedRow(day, edition, nowMs));
  await insertRows(store, marked, signal);
  const replaced = [...found.replaced, ...replacedUnits(found.units, nowMs)];
  const isPublished = await publish(store, { ...found, timeZone, units: [], replaced }, edition, signal);
  return {
    folded: 0,
    isMore: true,
    isLost: !isPublished,
    untilMs: Math.min(nowMs, ...days.map(({ startMs }) => startMs)),
  };
}

/** One fold, with an edition of its own. */
class Fold {
  readonly #settings: FoldSettings;
  readonly #manifest: Manifest;
  readonly #plan: FoldPlan;
  readonly #nowMs: number;
  readonly #edition = randomUUID();
  readonly #made: Made = new Map();
  readonly #ids: string[] = [];
  /** What becomes a unit. */
  readonly #kept: Unit[] = [];

  constructor(settings: FoldSettings, manifest: Manifest, plan: FoldPlan, nowMs: number) {
    this.#settings = settings;
    this.#manifest = manifest;
    this.#plan = plan;
    this.#nowMs = nowMs;
  }

  /** @returns false if another process was faster */
  async run(signal: AbortSignal): Promise<boolean> {
    const { store } = this.#settings;
    const { wanted, marks, days } = this.#plan;
    await store.insert([foldRow(this.#edition, this.#nowMs)], signal);
    await this.#read(
      wanted.filter(({ parts }) => parts === null),
      signal,
    );
    for (const unit of wanted) if (unit.parts !== null) await this.#merge(unit, unit.parts, signal);
    // These marks are no part of the edition, with which they would be swept away: whoever is faster, their days can be folded.
    const marked = days.map((day) => touchedRow(day, randomUUID(), this.#nowMs));
    await insertRows(store, marked, signal);
    const stale = this.#manifest.replaced.filter((unit) => isStale(unit, this.#nowMs));
    await deleteUnits(store, stale, signal);
    // Where it is unknown whether the manifest is there, the rows stay, and so does the row that tells of this fold.
    if (!(await publish(store, this.#nextManifest(stale), this.#edition, signal))) {
      await store.delete({ ids: [`fold.${this.#edition}`, ...this.#ids] }, signal);
      return false;
    }
    // By their ids: a mark that came meanwhile stays.
    if (marks.length > 0) await store.delete({ ids: marks.map(({ id }) => id) }, signal);
    await this.#sweep(signal);
    return true;
  }

  /** Sums up what is read from records, in one pass for adjacent periods of a kind. */
  async #read(wanted: readonly Wanted[], signal: AbortSignal): Promise<void> {
    for (const kind of ['slice', 'hour'] as const) {
      const some = wanted.filter((unit) => unit.kind === kind);
      const sums = this.#sumsBy(kind);
      for (const span of joined(some)) await sumRecords(this.#settings.reader, span, sums, signal);
      for (const unit of some) await this.#keep(unit, sums.figuresAt(unit.startMs), signal);
    }
  }

  #sumsBy(kind: 'slice' | 'hour'): Sums {
    return new Sums(this.#settings.dimensions, periodsOf(this.#settings.timeZone), kind);
  }

  /** Sums a period up of its parts, one after another. Those that there are no rows of are read from records. */
  async #merge(whole: Wanted, parts: readonly Span[], signal: AbortSignal): Promise<void> {
    const kind = whole.kind === 'day' ? 'hour' : 'slice';
    const { store, dimensions, reader } = this.#settings;
    const names = dimensions.map(({ name }) => name);
    const figures = new Map(dimensions.map(({ name, maxKeys }) => [name, new KeyTallies(maxKeys)]));
    const budget = new TurnBudget(50);
    for (const part of parts) {
      const unit = findUnit(this.#manifest, kind, part);
      const made =
        this.#made.get(unitName({ kind, startMs: part.startMs })) ??
        (await readUnit(store, unit, names, signal));
      if (made === null) {
        const sums = this.#sumsBy(kind);
        await sumRecords(reader, part, sums, signal);
        const read = sums.figuresAt(part.startMs);
        await mergeInto(figures, read, budget, signal);
        if (kind === 'hour' && unit === undefined) await this.#keepHour(part, read, signal);
      } else await mergeInto(figures, made, budget, signal);
    }
    await this.#keep(whole, figures, signal);
  }

  /**
   * Keeps an hour that was read for its day. There may be no records in it: once those of the day are deleted, nothing else tells such an
   * hour from one of which there is no summary.
   */
  async #keepHour({ startMs, endMs }: Span, figures: Figures, signal: AbortSignal): Promise<void> {
    const { hoursMs = Infinity } = this.#settings;
    if (endMs <= this.#nowMs - hoursMs) return;
    await this.#insertRows('hour', { startMs, endMs }, figures, signal);
  }

  async #keep(
    { kind, startMs, endMs, isKept }: Wanted,
    figures: Figures,
    signal: AbortSignal,
  ): Promise<void> {
    this.#made.set(unitName({ kind, startMs }), figures);
    if (isKept) await this.#insertRows(kind, { startMs, endMs }, figures, signal);
  }

  async #insertRows(kind: UnitKind, span: Span, figures: Figures, signal: AbortSignal): Promise<void> {
    const dimensions = this.#settings.dimensions.map(({ name }) => name);
    this.#kept.push({ kind, ...span, edition: this.#edition, dimensions });
    const rows: SummaryRow[] = [];
    const budget = new TurnBudget(1);
    for (const [name, tallies] of figures) {
      for (const row of rowsOf(kind, span, this.#edition, name, tallies)) {
        rows.push(row);
        if (budget.isSpentAfterStep()) await budget.nextTurn();
      }
    }
    this.#ids.push(...rows.map(({ id }) => id));
    await insertRows(this.#settings.store, rows, signal);
  }

  #nextManifest(stale: readonly Replaced[]): Manifest {
    const { dropped } = this.#plan;
    const gone = new Set(dropped);
    const deleted = new Set(stale);
    return {
      ...this.#manifest,
      units: [...this.#manifest.units.filter((unit) => !gone.has(unit)), ...this.#kept],
      replaced: [
        ...this.#manifest.replaced.filter((unit) => !deleted.has(unit)),
        ...replacedUnits(dropped, this.#nowMs),
      ],
    };
  }

  /**
   * Deletes rows of folds that have died, and those of attempts that can arrive no more. A fold that is only late finds another manifest
   * than it began with.
   */
  async #sweep(signal: AbortSignal): Promise<void> {
    const { store } = this.#settings;
    const counting = new Set(this.#manifest.units.map(({ edition }) => edition));
    const ids = [`fold.${this.#edition}`];
    for (const row of await store.find({ kinds: ['fold', 'unsure'] }, signal)) {
      const { kind, id, edition, startMs } = row;
      if (kind === 'unsure') {
        if (isPast(markOf(row), this.#nowMs)) ids.push(id);
      } else if (edition !== this.#edition && startMs <= this.#nowMs - DEAD_MS)
        await store.delete(counting.has(edition) ? { ids: [id] } : { edition }, signal);
    }
    await store.delete({ ids }, signal);
  }
}

function findUnit({ units }: Manifest, kind: UnitKind, { startMs }: Span): Unit | undefined {
  return units.find((unit) => unit.kind === kind && unit.startMs === startMs);
}

/** Whether no reader needs its rows any more. They never count again, whichever fold comes first. */
function isStale({ sinceMs }: Replaced, nowMs: number): boolean {
  return sinceMs <= nowMs - READER_MS;
}
