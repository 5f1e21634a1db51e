import { setImmediate as nextTurn } from 'node:timers/promises';
import { readRegister } from '../../src/endpoint/read-register.js';
import type { EndpointRegister } from '../../src/endpoint/register.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import { endpointsReport } from '../../src/report/endpoints.js';
import type { EndpointRow, EndpointsReport } from '../../src/report/report.js';
import { type ReportSource, summariesOf } from '../../src/report/report-source.js';
import { answerSummary } from '../../src/summary/answer.js';
import { type Span, periodsOf } from '../../src/summary/periods.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { Gate } from './gate.js';
import { MemoryRecords } from './memory-records.js';
import { MemorySummaryStore } from './memory-summary-store.js';
import { makeRecord } from './records.js';
import { declare } from './register-writers.js';
import { DAY_MS, HOUR_MS, SUMMED } from './summarized.js';
import { FolderProcess } from './summary-processes.js';
import { type Asked, SLOTS, type WatchedShape, type WatchedStep } from './watched-histories.js';
import { WatchedInstance } from './watched-instance.js';

/** The longest that a batch, or what became of an attempt, may be on its way: marks stand for a day. */
const LATEST_MS = 20 * HOUR_MS;

/** The endpoints that builds declare, each with methods that are answered by it. */
const ENDPOINTS = [
  { method: 'GET', route: '/a', by: ['GET', 'HEAD'] },
  { method: 'ALL', route: '/b', by: ['GET', 'PUT'] },
  { method: 'GET', route: '/c', by: ['GET'] },
] as const;

/** The dimensions that the report asks for. */
const DIMENSIONS = SUMMED.filter(({ name }) => ['endpoint', 'endpointCaller', 'server'].includes(name));

/** What a report is made wrong by. */
export interface Blindness {
  readonly register?: (register: EndpointRegister) => EndpointRegister;
  /** Whether records are overlooked that are not folded. */
  readonly isBlindToRecords?: boolean;
}

/** An endpoint was called unused that nobody can say that of. */
export class WronglyUnused extends Error {}

/** Instances of two services that share a storage in memory, two folders, and a clock. */
export class WatchedModel {
  /** Endpoints that were found unused. */
  unused = 0;
  readonly #shape: WatchedShape;
  readonly #asked: Asked;
  readonly #blindness: Blindness;
  readonly #clock: ManualClock;
  readonly #records = new MemoryRecords();
  readonly #store = new MemorySummaryStore();
  /** All records that were ever stored. */
  readonly #stored: UsageRecord[] = [];
  readonly #batches: (readonly UsageRecord[])[] = [];
  readonly #late: { readonly run: () => void; readonly untilMs: number }[] = [];
  readonly #lateCalls: (() => Promise<unknown>)[] = [];
  readonly #folders: readonly FolderProcess[];
  readonly #lives: WatchedInstance[] = [];
  readonly #slots: (WatchedInstance | null)[] = SLOTS.map(() => null);

  constructor(shape: WatchedShape, asked: Asked, blindness: Blindness = {}) {
    this.#shape = shape;
    this.#asked = asked;
    this.#blindness = blindness;
    this.#clock = new ManualClock(shape.start);
    const settings = { ...this.#settings, hoursMs: Infinity };
    this.#folders = [0, 1].map(() => new FolderProcess(settings, new Gate(this.#lateCalls)));
  }

  /** Has all of it happen, and expects no endpoint to be called unused of which that is not known, after every span of time. */
  async liveThrough(history: readonly WatchedStep[]): Promise<void> {
    for (const step of history) {
      await this.#take(step);
      await this.#rest();
      if ('advance' in step) await this.#expectKnown();
    }
  }

  async #take(step: WatchedStep): Promise<void> {
    if ('advance' in step) await this.#advance(step.advance * HOUR_MS, step.silent);
    else if ('start' in step) this.#start(step.start, step.build);
    else if ('call' in step) await this.#call(step);
    else if ('again' in step) this.#idle(step.again)?.store(pick(this.#batches, step.batch) ?? [], 'stored');
    else if ('tell' in step) this.#idle(step.tell, step.calls)?.tell();
    else if ('tidy' in step) this.#idle(step.tidy, step.calls)?.tidy();
    else if ('prune' in step) this.#idle(step.prune, step.calls)?.prune();
    else if ('fold' in step) {
      const folder = this.#folders[step.fold] as FolderProcess;
      folder.fold();
      folder.gate.open(step.calls);
    } else if ('goOn' in step) [...this.#slots, ...this.#folders][step.goOn]?.gate.open(step.calls);
    else if ('fail' in step) {
      const { gate } = this.#slots[step.fail] ?? {};
      if (gate !== undefined) gate.fault = step.fault;
    } else if ('die' in step) this.#end(step.die);
    else if ('close' in step) {
      this.#idle(step.close)?.tell(true);
      await this.#rest();
      this.#end(step.close);
    } else await this.#arrive(step.arrive);
  }

  /** The instance of a slot, if it is not held up by something; its store then takes so many calls. */
  #idle(slot: number, calls = Infinity): WatchedInstance | null {
    const instance = this.#slots[slot] ?? null;
    if (instance === null || instance.isUnderWay) return null;
    instance.gate.open(calls);
    return instance;
  }

  #start(slot: number, build: number): void {
    this.#end(slot);
    const { declared, untracked, days } = pick(this.#shape.builds, build) as WatchedShape['builds'][number];
    const has = (bits: number, index: number): boolean => ((bits >> index) & 1) === 1;
    const endpoints = ENDPOINTS.filter((_, index) => has(declared, index)).map(({ method, route }) =>
      declare(route, {
        method,
        tracked: !has(
          untracked,
          ENDPOINTS.findIndex((one) => one.route === route),
        ),
      }),
    );
    const shape = { service: SLOTS[slot] as string, declared: endpoints, days };
    const instance = new WatchedInstance(shape, new Gate(this.#lateCalls), {
      clock: this.#clock,
      settings: this.#settings,
      add: (records) => {
        this.#records.add(records);
        this.#stored.push(...records);
      },
      deleteBefore: (ms) => this.#records.delete(({ date }) => date.getTime() < ms),
      late: (run) => this.#late.push({ run, untilMs: this.#clock.now() + LATEST_MS }),
    });
    this.#slots[slot] = instance;
    this.#lives.push(instance);
    instance.tell();
  }

  #end(slot: number): void {
    this.#slots[slot]?.die();
    this.#slots[slot] = null;
  }

  async #call({ call, endpoint, hoursAgo, fate }: Extract<WatchedStep, { call: number }>): Promise<void> {
    // A tracker turns the day before it counts anything of the next.
    if (this.#slots[call]?.isDayOver === true) this.#idle(call)?.tell();
    await this.#rest();
    const instance = this.#idle(call);
    const { method, route, by } = ENDPOINTS[endpoint] as (typeof ENDPOINTS)[number];
    const isTracked = instance?.shape.declared.some(
      (one) => one.method === method && one.route === route && one.tracked,
    );
    if (instance === null || isTracked !== true) return;
    if (fate === 'dropped' || fate === 'ignored' || fate === 'sampled') instance.miss(route, fate);
    else {
      const record = makeRecord({
        serverName: instance.shape.service,
        method: pick(by, this.#batches.length) as string,
        route,
        date: new Date(this.#clock.now() - hoursAgo * HOUR_MS),
      });
      this.#batches.push([record]);
      instance.store([record], fate);
    }
  }

  async #arrive(place: number): Promise<void> {
    const effect = pick(this.#late, place);
    if (effect !== undefined) this.#late.splice(this.#late.indexOf(effect), 1)[0]?.run();
    const call = pick(this.#lateCalls, place);
    if (call !== undefined) await this.#lateCalls.splice(this.#lateCalls.indexOf(call), 1)[0]?.();
  }

  /** Lets time pass. Then all instances tell of themselves, but for those that are held up, and one that is not heard of. */
  async #advance(byMs: number, silent: number | null): Promise<void> {
    const untilMs = this.#clock.now() + byMs;
    this.#late.splice(0, this.#late.length, ...this.#late.filter((effect) => effect.untilMs >= untilMs));
    for (const [slot, instance] of this.#slots.entries())
      if (instance?.storingMs != null && untilMs - instance.storingMs > LATEST_MS) this.#end(slot);
    await this.#clock.advance(byMs);
    for (const slot of this.#slots.keys()) if (slot !== silent) this.#idle(slot)?.tell();
  }

  /** Waits until nothing happens any more unless a gate is opened. */
  async #rest(): Promise<void> {
    const processes = [...this.#folders, ...this.#lives.filter(({ isRunning }) => isRunning)];
    do await nextTurn();
    while (!processes.every((process) => process.isAtRest));
    await nextTurn();
    for (const { wrong } of [...this.#folders, ...this.#lives]) if (wrong !== null) throw wrong;
  }

  async #expectKnown(): Promise<void> {
    const report = await endpointsReport(this.#source, { ...this.#asked, lossTolerance: 0 });
    for (const row of report.endpoints.filter(({ verdict }) => verdict === 'unused')) {
      this.unused += 1;
      const why = this.#whyNot(row, report);
      if (why === null) continue;
      const { service, method, route, reason } = row;
      throw new WronglyUnused(`${service} ${method} ${route} is no 'unused' (${reason}): ${why}`);
    }
  }

  /** Why an endpoint cannot be called unused; null if it can. */
  #whyNot({ service, route }: EndpointRow, { from, asOf }: EndpointsReport): string | null {
    const isIn = (ms: number): boolean => ms >= from.getTime() && ms < asOf.getTime();
    const call = this.#stored.find(
      ({ serverName, route: called, date }) =>
        serverName === service && called === route && isIn(date.getTime()),
    );
    if (call !== undefined) return `it was called at ${call.date.toJSON()}`;
    const lives = this.#lives.filter(({ shape }) => shape.service === service);
    const missed = lives
      .flatMap((life) => life.missed)
      .find((one) => one.isTold && isIn(one.dateMs) && (one.reason === 'dropped' || one.route === route));
    if (missed !== undefined) return `${missed.reason} at ${new Date(missed.dateMs).toJSON()}`;
    const watching = lives.filter(({ shape }) =>
      shape.declared.some((one) => one.route === route && one.tracked),
    );
    const since = this.#sinceMs(lives, watching, { startMs: from.getTime(), endMs: asOf.getTime() });
    const days = [
      ...periodsOf(this.#shape.timeZone).within('day', { startMs: from.getTime(), endMs: asOf.getTime() }),
    ];
    const unwatched = days
      .filter(({ endMs }) => endMs > since && endMs <= asOf.getTime())
      .filter((day) => !watching.some((life) => isDuring(life, day)));
    if (unwatched.length <= this.#asked.missingDays) return null;
    return `nobody watched on ${unwatched.map(({ startMs }) => new Date(startMs).toJSON()).join(', ')}`;
  }

  /** Since when it has to be watched: since it is tracked, where no build leaves it untracked, else for as long as the rules say. */
  #sinceMs(
    lives: readonly WatchedInstance[],
    watching: readonly WatchedInstance[],
    { startMs, endMs }: Span,
  ): number {
    const leastMs = endMs - this.#asked.minimumDays * DAY_MS;
    if (watching.length < lives.length) return leastMs;
    return Math.min(
      leastMs,
      ...watching.filter(({ toldMs }) => toldMs >= startMs).map(({ fromMs }) => fromMs),
    );
  }

  get #settings() {
    const { timeZone } = this.#shape;
    return {
      store: this.#store,
      reader: this.#records,
      timeZone,
      dimensions: DIMENSIONS,
      now: () => this.#clock.now(),
    };
  }

  get #source(): ReportSource {
    const { register: blind = (register) => register, isBlindToRecords = false } = this.#blindness;
    const { timeZone } = this.#shape;
    const records = isBlindToRecords ? new MemoryRecords() : this.#records;
    const source = { reader: records, store: this.#store, timeZone };
    const reader = {
      getSummary: (query: never) => answerSummary(source, query),
    } as unknown as ReportSource['reader'];
    return {
      reader,
      ask: summariesOf(reader),
      readRegister: async (span) =>
        blind(await readRegister(this.#store, span, new AbortController().signal)),
      now: () => this.#clock.now(),
      isReadOnly: false,
    };
  }
}

function isDuring({ fromMs, untilMs }: WatchedInstance, { startMs, endMs }: Span): boolean {
  return fromMs < endMs && (untilMs ?? Infinity) >= startMs;
}

function pick<Value>(values: readonly Value[], place: number): Value | undefined {
  return values[place % Math.max(1, values.length)];
}
