import type { EndpointDeclaration } from '../../src/endpoint/register.js';
import { tidyRegister } from '../../src/endpoint/merging.js';
import { RegisterWriter } from '../../src/endpoint/register-writer.js';
import { addSkips } from '../../src/endpoint/register-rows.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import type { FoldSettings } from '../../src/summary/fold.js';
import { Marker } from '../../src/summary/marker.js';
import { sealBefore } from '../../src/summary/seal.js';
import type { Clock } from '../../src/time/clock.js';
import { type Gate, GatedStore, InjectedFault } from './gate.js';
import { writerSettings } from './register-writers.js';
import { DAY_MS, repeated } from './summarized.js';
import { gated } from './summary-processes.js';
import type { Fate } from './watched-histories.js';

const { signal } = new AbortController();

/** Records are kept for so long where retention deletes any, in milliseconds. */
const RECORDS_MS = 1.5 * DAY_MS;

/** How an instance is configured. */
export interface InstanceShape {
  readonly service: string;
  readonly declared: readonly EndpointDeclaration[];
  /** Days that summaries are kept; null for ever. */
  readonly days: number | null;
}

/** What is not recorded of a request. */
export interface Missed {
  readonly route: string;
  readonly reason: string;
  readonly dateMs: number;
  /** Whether the register has been told of it. */
  isTold: boolean;
}

/** What all instances share. */
export interface InstanceWorld {
  readonly clock: Clock;
  readonly settings: FoldSettings;
  /** Stores records. */
  readonly add: (records: readonly UsageRecord[]) => void;
  /** Deletes records before a moment. */
  readonly deleteBefore: (ms: number) => void;
  /** Gets what takes effect later. */
  readonly late: (effect: () => void) => void;
}

/** One process that serves requests, stores their records, and tells the register of itself. */
export class WatchedInstance {
  readonly shape: InstanceShape;
  readonly gate: Gate;
  readonly fromMs: number;
  /** When it ended; null as long as it runs. */
  untilMs: number | null = null;
  /** When it last told the register of itself for certain. */
  toldMs = -Infinity;
  readonly missed: Missed[] = [];
  /** Since when a batch is being stored; null for none. */
  storingMs: number | null = null;
  isUnderWay = false;
  /** An error that is no injected one. */
  wrong: unknown = null;
  readonly #world: InstanceWorld;
  readonly #settings: FoldSettings;
  readonly #marker: Marker;
  readonly #writer: RegisterWriter;
  readonly #dropped: Record<string, number> = {};
  #accepted = 0;

  constructor(shape: InstanceShape, gate: Gate, world: InstanceWorld) {
    const { clock, settings } = world;
    const store = new GatedStore(settings.store, gate);
    this.shape = shape;
    this.gate = gate;
    this.fromMs = clock.now();
    this.#world = world;
    this.#settings = { ...settings, store, reader: gated(settings.reader, gate) };
    this.#marker = new Marker(store, true, clock);
    const { service, days: answersDays } = shape;
    this.#writer = new RegisterWriter(
      writerSettings(store, () => clock.now(), {
        service,
        timeZone: settings.timeZone,
        answersDays,
        keptMs: this.#keptMs,
        declared: () => [shape.declared],
        figures: () => this.#figures(),
      }),
    );
  }

  get isAtRest(): boolean {
    return !this.isUnderWay || this.gate.isHolding;
  }

  get isRunning(): boolean {
    return this.untilMs === null;
  }

  /** Enters into the register that it is there, and how much it has done. */
  tell(isLast = false): void {
    const [missed, nowMs] = [[...this.missed], this.#world.clock.now()];
    this.#work(async () => {
      await this.#writer.write(isLast, signal);
      this.toldMs = nowMs;
      // Of a day that is over for long, nothing is told any more.
      for (const one of missed) if (nowMs - one.dateMs < DAY_MS) one.isTold = true;
    });
  }

  /** Tidies the register up. */
  tidy(): void {
    this.#work(() => tidyRegister(this.#settings.store, this.#world.clock.now(), this.#keptMs, signal));
  }

  /** Seals what is too old, and deletes the records. */
  prune(): void {
    if (this.shape.days === null) return;
    const cutMs = this.#world.clock.now() - RECORDS_MS;
    const kept = { daysMs: this.#keptMs, callersMs: RECORDS_MS };
    this.#work(async () => {
      const { untilMs } = await repeated(() => sealBefore(this.#settings, kept, cutMs, signal));
      if (untilMs !== null) this.#world.deleteBefore(untilMs);
    });
  }

  /** Counts a request that no record is stored of. */
  miss(route: string, reason: string): void {
    if (reason === 'dropped') this.#drop('queue-full');
    this.missed.push({ route, reason, dateMs: this.#world.clock.now(), isTold: false });
  }

  /** Stores records. */
  store(records: readonly UsageRecord[], fate: Fate): void {
    this.#accepted += records.length;
    this.storingMs = this.#world.clock.now();
    this.#work(() =>
      this.#marker.around(records, signal, async (kept, sealed) => {
        for (const _ of sealed) this.#drop('refused');
        await this.gate.pass();
        const effect = (): void => this.#world.add(kept);
        if (fate === 'late') this.#world.late(effect);
        if (fate === 'late' || fate === 'nothing') throw new InjectedFault(fate);
        effect();
        await this.gate.pass();
        if (fate === 'answer-lost') throw new InjectedFault(fate);
      }),
    );
  }

  /** Whether a day is over that the register has to be told of before anything else is counted. */
  get isDayOver(): boolean {
    return this.#writer.isDayOver;
  }

  die(): void {
    this.gate.die();
    this.untilMs = this.#world.clock.now();
  }

  get #keptMs(): number {
    return (this.shape.days ?? 775) * DAY_MS;
  }

  #drop(reason: string): void {
    this.#dropped[reason] = (this.#dropped[reason] ?? 0) + 1;
  }

  #figures(): ReturnType<ReturnType<typeof writerSettings>['figures']> {
    const skips = this.missed.filter(({ reason }) => reason !== 'dropped');
    const endpoints = skips.map(({ route, reason }) => ({ method: 'GET', route, skipped: { [reason]: 1 } }));
    return {
      accepted: this.#accepted,
      dropped: { ...this.#dropped },
      skipped: {},
      endpoints: addSkips(endpoints),
    };
  }

  #work(action: () => Promise<unknown>): void {
    this.isUnderWay = true;
    void action()
      .catch((error: unknown) => {
        if (!(error instanceof InjectedFault)) this.wrong = error;
      })
      .finally(() => {
        this.isUnderWay = false;
        this.storingMs = null;
      });
  }
}
