import { randomUUID } from 'node:crypto';
import type { SummaryStore } from '../storage/summary-store.js';
import { type Span, periodsOf } from '../summary/periods.js';
import { GoneEndpoints, type GoneEndpoint } from './gone-endpoints.js';
import { APART_MS, tidyRegister } from './merging.js';
import type { EndpointDeclaration } from './register.js';
import {
  type Build,
  type Counts,
  type EndpointSkips,
  type InstanceWatch,
  type Watch,
  addCounts,
  buildOf,
  instanceRow,
  subtractSkips,
} from './register-rows.js';

const DAY_MS = 86_400_000;

/** Days that an instance can tell of after their end, while the storage is away. */
const MOST_DAYS = 31;

/** What an instance has counted since it began. */
export interface InstanceFigures {
  readonly accepted: number;
  readonly dropped: Counts;
  readonly skipped: Counts;
  readonly endpoints: readonly EndpointSkips[];
}

const NOTHING: InstanceFigures = { accepted: 0, dropped: {}, skipped: {}, endpoints: [] };

/** What an instance writes into the register of a storage. */
export interface RegisterSettings {
  readonly store: SummaryStore;
  /** What records call the application. */
  readonly service: string;
  readonly version: string | null;
  /** The time zone of days. */
  readonly timeZone: string;
  /** How many days back answers reach; null for ever. */
  readonly answersDays: number | null;
  /** How long the register is kept, in milliseconds. */
  readonly keptMs: number;
  /** What is declared; several lists where some change while the instance runs, and others do not. */
  readonly declared: () => readonly (readonly EndpointDeclaration[])[];
  readonly figures: () => InstanceFigures;
  /** The time of day, in milliseconds since 1970. */
  readonly now: () => number;
}

/** What an instance declares by now. */
interface Declared {
  readonly builds: readonly Build[];
  readonly names: readonly string[];
  readonly declared: readonly EndpointDeclaration[];
}

/** A day that the instance has yet to tell of. */
interface OpenDay extends Span {
  readonly fromMs: number;
  /** What had been counted by then. */
  readonly before: InstanceFigures;
  /** What is told last of it; null as long as it is not over. */
  last: Watch | null;
  n: number;
  /** Rows that were written, or may have been. */
  ids: readonly string[];
}

/** Writes what one instance knows into the register of one storage. A call may fail in the midst, and be made again. */
export class RegisterWriter {
  readonly #settings: RegisterSettings;
  readonly #instance = randomUUID();
  readonly #gone: GoneEndpoints;
  #days: readonly [...OpenDay[], OpenDay];
  #isPlaced = false;
  #tidiedMs = -Infinity;

  constructor(settings: RegisterSettings) {
    this.#settings = settings;
    this.#gone = new GoneEndpoints(settings.store, settings.service);
    this.#days = [this.#begin(settings.now(), NOTHING)];
  }

  /** Whether there is something to tell of a day that is over. */
  get isDayOver(): boolean {
    return this.#settings.now() >= this.#today.endMs;
  }

  /** Whether the instance has told nothing, and has nothing to tell but that it was there. */
  get isIdle(): boolean {
    const { accepted, skipped } = this.#settings.figures();
    return (
      this.#days.every(({ n }) => n === 0) &&
      accepted === 0 &&
      Object.keys(addCounts(skipped, {})).length === 0
    );
  }

  /**
   * Tells what there is to tell.
   *
   * @param isLast - whether the instance ends
   * @returns what earlier builds declared, and this one does not; null if there is no place for a register
   * @throws any error of the storage
   */
  async write(isLast: boolean, signal: AbortSignal): Promise<readonly GoneEndpoint[] | null> {
    const { store, now } = this.#settings;
    this.#turnDays();
    this.#isPlaced ||= await store.prepare(true, signal);
    if (!this.#isPlaced) return null;
    const { builds, names, declared } = this.#declaredNow();
    await this.#insertBuilds(builds, signal);
    for (const day of this.#days) await this.#tell(day, names, isLast, signal);
    this.#days = [this.#today];
    return isLast ? [] : this.#gone.find(names, declared, now(), signal);
  }

  /**
   * Finds what earlier builds declared, and this one does not, without telling anything.
   *
   * @throws any error of the storage
   */
  findGone(signal: AbortSignal): Promise<readonly GoneEndpoint[]> {
    const { names, declared } = this.#declaredNow();
    return this.#gone.find(names, declared, this.#settings.now(), signal);
  }

  /**
   * Tidies the register up, once a day.
   *
   * @throws any error of the storage
   */
  async tidy(signal: AbortSignal): Promise<void> {
    const { store, keptMs, now } = this.#settings;
    if (now() - this.#tidiedMs < DAY_MS) return;
    await tidyRegister(store, now(), keptMs, signal);
    this.#tidiedMs = now();
  }

  get #today(): OpenDay {
    return this.#days.at(-1) as OpenDay;
  }

  #declaredNow(): Declared {
    const { service, declared, now } = this.#settings;
    const lists = declared().filter((list, index) => index === 0 || list.length > 0);
    const builds = lists.map((list) => buildOf(service, list, now()));
    return { builds, names: builds.map(({ name }) => name), declared: lists.flat() };
  }

  #begin(fromMs: number, before: InstanceFigures): OpenDay {
    const { startMs, endMs } = periodsOf(this.#settings.timeZone).dayOf(fromMs);
    return { startMs, endMs, fromMs, before, last: null, n: 0, ids: [] };
  }

  /**
   * Ends the day that is over, and gives up days that others may have merged by now, as another row of this instance might count again.
   * A day that is told of long after its end may be merged at once, so that each attempt looks at all days that are over.
   */
  #turnDays(): void {
    const { now, figures } = this.#settings;
    const nowMs = now();
    const today = this.#today;
    if (nowMs >= today.endMs) {
      today.last = this.#watchOf(today, [], today.endMs - 1, true);
      this.#days = [...this.#days, this.#begin(nowMs, structuredClone(figures()))];
    }
    const over = this.#days.slice(0, -1);
    const open = over.filter(({ endMs, n }) => n === 0 || endMs > nowMs - APART_MS / 2);
    this.#days = [...open.slice(-MOST_DAYS), this.#today];
  }

  async #tell(day: OpenDay, builds: readonly string[], isLast: boolean, signal: AbortSignal): Promise<void> {
    const watch = day.last ?? this.#watchOf(day, builds, this.#settings.now(), isLast);
    day.n += 1;
    const told: InstanceWatch = { instance: this.#instance, n: day.n, watch: { ...watch, builds } };
    const row = instanceRow(day, told);
    const before = day.ids;
    day.ids = [...before, row.id];
    // The id is this instance's own: if it is taken, the row is there.
    await this.#settings.store.insert([row], signal);
    if (before.length > 0) await this.#settings.store.delete({ ids: before }, signal);
    day.ids = [row.id];
  }

  #watchOf(day: OpenDay, builds: readonly string[], untilMs: number, isClosed: boolean): Watch {
    const { service, version, answersDays, figures } = this.#settings;
    const { accepted, dropped, skipped, endpoints } = figures();
    const { before } = day;
    return {
      service,
      version,
      builds,
      fromMs: day.fromMs,
      untilMs,
      instances: 1,
      closed: Number(isClosed),
      accepted: accepted - before.accepted,
      dropped: addCounts(dropped, before.dropped, -1),
      skipped: addCounts(skipped, before.skipped, -1),
      endpoints: subtractSkips(endpoints, before.endpoints),
      answersDays,
    };
  }

  async #insertBuilds(builds: readonly Build[], signal: AbortSignal): Promise<void> {
    const { store } = this.#settings;
    const rows = builds.flatMap((build) => build.rows);
    const there = await store.find({ ids: rows.map(({ id }) => id) }, signal);
    const ids = new Set(there.map(({ id }) => id));
    // Another process may be faster with a row.
    for (const row of rows) if (!ids.has(row.id)) await store.insert([row], signal);
  }
}
