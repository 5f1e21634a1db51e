import { setImmediate as nextTurn } from 'node:timers/promises';
import type { UsageRecord } from '../../src/record/usage-record.js';
import type { SummaryStore } from '../../src/storage/summary-store.js';
import { DEFAULT_DIMENSIONS } from '../../src/summary/dimensions.js';
import { readManifest } from '../../src/summary/manifest.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import { Gate } from './gate.js';
import { MemoryRecords } from './memory-records.js';
import { MemorySummaryStore } from './memory-summary-store.js';
import { makeRecord } from './records.js';
import { ReaderProcess, expectExact, queryOf } from './summary-answers.js';
import type {
  AgainStep,
  EraseSpanStep,
  EraseStep,
  Made,
  ProcessName,
  StoreStep,
  SummaryShape,
  SummaryStep,
} from './summary-histories.js';
import { type Effect, FolderProcess, WriterProcess, skewed } from './summary-processes.js';

const HOUR_MS = 3_600_000;

/** The longest that a batch, or what became of an attempt, may be on its way: marks of writers stand for a day. */
const LATEST_MS = 20 * HOUR_MS;

/** What is put in the place of the store of a kind of process. */
export interface Disguise {
  readonly writer?: (store: SummaryStore) => SummaryStore;
  readonly folder?: (store: SummaryStore, now: () => number) => SummaryStore;
  readonly reader?: (store: SummaryStore) => SummaryStore;
}

const same = <Value>(value: Value): Value => value;

/** Two writers, two folders and a reader of one storage in memory, and a clock. */
export class SummaryModel {
  /** Units that answers were made of. */
  folded = 0;
  readonly #shape: SummaryShape;
  readonly #disguise: Disguise;
  readonly #clock: ManualClock;
  readonly #records = new MemoryRecords();
  readonly #store = new MemorySummaryStore();
  /** What takes effect later: batches, and calls of the store. */
  readonly #late: Effect[] = [];
  readonly #lateCalls: (() => Promise<unknown>)[] = [];
  readonly #batches: (readonly UsageRecord[])[] = [];
  readonly #writers: WriterProcess[];
  readonly #folders: FolderProcess[];
  #reader: ReaderProcess;
  #checked = '';

  constructor(shape: SummaryShape, disguise: Disguise = {}) {
    this.#shape = shape;
    this.#disguise = disguise;
    this.#clock = new ManualClock(shape.start);
    this.#writers = [0, 1].map((index) => this.#newWriter(index));
    this.#folders = [0, 1].map((index) => this.#newFolder(index));
    this.#reader = this.#newReader();
  }

  /** Has all of it happen, and expects answers to be exact after each step. */
  async liveThrough(history: readonly SummaryStep[]): Promise<void> {
    for (const step of history) {
      await this.#take(step);
      await this.#rest();
      await this.expectExact();
    }
  }

  /** Has nothing more happen but that all is folded, and expects no record to be counted one by one then. */
  async end(): Promise<void> {
    for (const { gate } of [...this.#writers, ...this.#folders, this.#reader]) {
      gate.fault = null;
      gate.open(Infinity);
    }
    await this.#rest();
    for (const { marker } of this.#writers) await marker.close();
    for (const hours of [2, 30, 100]) {
      await this.#advance(hours * HOUR_MS);
      const [folder] = this.#folders as [FolderProcess];
      do {
        folder.fold();
        await this.#rest();
      } while (folder.last?.isMore === true);
      await this.expectExact();
    }
    const left = this.#store.rows.filter(({ kind }) => kind === 'writing' || kind === 'touched');
    if (left.length > 0) throw new Error(`Marks that nobody folds: ${JSON.stringify(left)}`);
  }

  /** Expects answers to be what the records tell, over all of time and some other dates. */
  async expectExact(): Promise<void> {
    const version = `${this.#records.version} ${this.#store.version}`;
    if (version === this.#checked) return;
    this.#checked = version;
    await this.#expectWhole();
    const { timeZone, start, questions } = this.#shape;
    const source = { reader: this.#records, store: this.#store, timeZone };
    const periods = ['hour', 'day', 'month', 'total'] as const;
    const queries = [
      ...DEFAULT_DIMENSIONS.flatMap((by) => periods.map((period) => ({ by, period, limit: 100_000 }))),
      ...questions.map((question) => queryOf(question, start.getTime())),
    ];
    for (const query of queries) this.folded += (await expectExact(source, this.#records, query)).folded;
  }

  /** Expects no row to be missing that counts. A clock that is an hour ahead has folds be taken for dead, and their rows deleted. */
  async #expectWhole(): Promise<void> {
    if (Math.abs(this.#shape.folderSkewMs) >= HOUR_MS) return;
    const manifest = await readManifest(this.#store, new AbortController().signal);
    const there = new Set(
      this.#store.rows.map((row) => `${row.kind} ${row.startMs} ${row.edition} ${row.dimension}`),
    );
    for (const { kind, startMs, edition, dimensions } of manifest?.units ?? [])
      for (const name of dimensions)
        if (!there.has(`${kind} ${startMs} ${edition} ${name}`))
          throw new Error(`Lost: ${kind} ${startMs} ${name}`);
  }

  async #take(step: SummaryStep): Promise<void> {
    if ('store' in step) {
      const records = step.made.map((made) => this.#make(made));
      this.#batches.push(records);
      this.#storeBy(step.store, records, step);
    } else if ('again' in step) {
      const batch = pick(this.#batches, step.batch) ?? [];
      this.#storeBy(step.again, step.isHalf ? batch.slice(0, Math.ceil(batch.length / 2)) : batch, step);
    } else if ('erase' in step) this.#erase(step);
    else if ('eraseSpan' in step) this.#eraseSpan(step);
    else if ('fold' in step) {
      const folder = this.#folders[step.fold] as FolderProcess;
      folder.fold();
      folder.gate.open(step.calls);
    } else if ('ask' in step) {
      this.#reader.gate.open(0);
      this.#reader.ask(queryOf(step.ask, this.#shape.start.getTime()));
      this.#reader.gate.open(step.calls);
    } else if ('goOn' in step) this.#gateOf(step.goOn).open(step.calls);
    else if ('fail' in step) this.#gateOf(step.fail).fault = step.fault;
    else if ('die' in step) this.#renew(step.die);
    else if ('close' in step) {
      void this.#writers[step.close]?.marker.close();
      await this.#rest();
      this.#renew(`writer${step.close}` as ProcessName);
    } else if ('arrive' in step) await this.#arrive(step.arrive);
    else await this.#advance(step.advance);
  }

  #storeBy(index: number, records: readonly UsageRecord[], { outcome, calls }: StoreStep | AgainStep): void {
    const effect = this.#effect(() => this.#records.add(records));
    const writer = this.#writers[index] as WriterProcess;
    writer.gate.open(calls);
    writer.around(records, outcome, effect);
  }

  #erase({ erase, picks, outcome, calls }: EraseStep): void {
    const records = [...new Set(picks.flatMap((place) => pick(this.#records.all, place) ?? []))];
    const effect = this.#effect(() => this.#records.delete((record) => records.includes(record)));
    const writer = this.#writers[erase] as WriterProcess;
    writer.gate.open(calls);
    writer.aroundDeletion(records, outcome, effect);
  }

  #eraseSpan({ eraseSpan, fromMs, lengthMs, outcome, calls }: EraseSpanStep): void {
    const startMs = this.#clock.now() + fromMs;
    const span = { startMs, endMs: startMs + lengthMs };
    const isMeant = ({ date }: UsageRecord): boolean =>
      date.getTime() >= startMs && date.getTime() < span.endMs;
    const writer = this.#writers[eraseSpan] as WriterProcess;
    writer.gate.open(calls);
    writer.aroundSpan(
      span,
      outcome,
      this.#effect(() => this.#records.delete(isMeant)),
    );
  }

  #effect(run: () => void): Effect {
    return { run, untilMs: this.#clock.now() + LATEST_MS };
  }

  async #arrive(place: number): Promise<void> {
    const effect = pick(this.#late, place);
    if (effect !== undefined) {
      this.#late.splice(this.#late.indexOf(effect), 1);
      effect.run();
    }
    const call = pick(this.#lateCalls, place);
    if (call === undefined) return;
    this.#lateCalls.splice(this.#lateCalls.indexOf(call), 1);
    await call();
  }

  async #advance(byMs: number): Promise<void> {
    const untilMs = this.#clock.now() + byMs;
    this.#late.splice(0, this.#late.length, ...this.#late.filter((effect) => effect.untilMs >= untilMs));
    for (const [index, writer] of this.#writers.entries())
      if (writer.isTooLateAt(untilMs)) this.#renew(`writer${index}` as ProcessName);
    await this.#clock.advance(byMs);
  }

  #make({ near, offsetMs, look }: Made): UsageRecord {
    const base = near === null ? undefined : pick(this.#records.all, near);
    const dateMs = (base?.date.getTime() ?? this.#clock.now()) + offsetMs;
    return makeRecord({
      date: new Date(dateMs),
      status: [200, 404, 503, null][look % 4] as number | null,
      username: ['ada', null][(look >> 2) % 2] as string | null,
      action: ['one', 'all'][(look >> 3) % 2] as string,
      durationMs: [0, 0.4, 12.345, 1000][(look >> 4) % 4] as number,
      weight: [1, 2.5, 10][look % 3] as number,
    });
  }

  /** Waits until nothing happens any more unless a gate is opened. */
  async #rest(): Promise<void> {
    do await nextTurn();
    while (![...this.#folders, this.#reader].every((process) => process.isAtRest));
    await nextTurn();
    for (const { wrong } of [...this.#folders, this.#reader]) if (wrong !== null) throw wrong;
  }

  #gateOf(name: ProcessName): Gate {
    return this.#processOf(name).gate;
  }

  #processOf(name: ProcessName): { readonly gate: Gate } {
    if (name === 'reader') return this.#reader;
    const index = Number(name.at(-1));
    return (name.startsWith('writer') ? this.#writers[index] : this.#folders[index]) as {
      readonly gate: Gate;
    };
  }

  /** Has a process die, and another one begin in its place. */
  #renew(name: ProcessName): void {
    this.#gateOf(name).die();
    const index = Number(name.at(-1));
    if (name === 'reader') this.#reader = this.#newReader();
    else if (name.startsWith('writer')) this.#writers[index] = this.#newWriter(index);
    else this.#folders[index] = this.#newFolder(index);
  }

  #newWriter(index: number): WriterProcess {
    const { writer = same } = this.#disguise;
    const clock = index === 0 ? this.#clock : skewed(this.#clock, this.#shape.writerSkewMs);
    return new WriterProcess(writer(this.#store), new Gate(this.#lateCalls), clock, this.#late);
  }

  #newFolder(index: number): FolderProcess {
    const { folder = same } = this.#disguise;
    const skewMs = index === 0 ? 0 : this.#shape.folderSkewMs;
    const now = (): number => this.#clock.now() + skewMs;
    const { timeZone, hoursMs } = this.#shape;
    const settings = { store: folder(this.#store, now), reader: this.#records, timeZone, hoursMs, now };
    return new FolderProcess(settings, new Gate(this.#lateCalls));
  }

  #newReader(): ReaderProcess {
    const { reader = same } = this.#disguise;
    return new ReaderProcess(
      this.#store,
      this.#records,
      this.#shape.timeZone,
      new Gate(this.#lateCalls),
      reader,
    );
  }
}

function pick<Value>(values: readonly Value[], place: number): Value | undefined {
  return values[place % Math.max(1, values.length)];
}
