import { randomUUID } from 'node:crypto';
import type { SummaryStore } from '../storage/summary-store.js';
import { type Clock, systemClock } from '../time/clock.js';
import { inOwnContext } from '../time/own-context.js';
import { WakeTimer } from '../time/wake-timer.js';
import { isInDoubt, leaveMarks } from './in-doubt.js';
import { type Mark, isPast, readManifest, rowOfMark, touchedRow, unsureRow } from './manifest.js';
import { OpenSlice } from './open-slice.js';
import { SLICE_MS, type Span } from './periods.js';
import { insertRows } from './row-statements.js';
import { joined } from './spans.js';

/** How long a slice is left open after its end, and after its last batch, in milliseconds. */
const LINGER_MS = 30_000;

/** How long marks may take to be settled when a storage closes, in milliseconds. */
const CLOSING_MS = 1000;

/** How often it is asked whether there is a place for marks meanwhile, in milliseconds. */
export const ASK_MS = 60_000;

const DAY_MS = 86_400_000;

/** A record, as far as marks are about it. */
interface Dated {
  readonly id: string;
  readonly date: Date;
}

/**
 * Tells all processes which slices of time records are being stored in or deleted from. A mark is there before the first record of a
 * slice is sent, and stands for all batches of this process until the slice is over: a batch costs no statement more. Then another mark,
 * which a fold takes away, takes its place. While one of them is there, the records of the slice are counted one by one.
 *
 * A mark stays where it is unknown what became of a batch, as after a time-out; folds count it as done with after a day.
 */
export class Marker {
  readonly #store: SummaryStore;
  readonly #clock: Clock;
  readonly #edition = randomUUID();
  readonly #open = new Map<number, OpenSlice>();
  /** Marks that stand for nothing any more, while it is yet to be told what they touched. */
  readonly #untold: Mark[] = [];
  /** Marks that are yet to be taken away after that. */
  #told: Mark[] = [];
  readonly #timer: WakeTimer;
  /** The marks are changed one after another. */
  #turn: Promise<unknown> = Promise.resolve();
  /** Whether there is a place for marks; null while that is not known. */
  #isReady: boolean | null = null;
  /** When to ask again whether another process has made one, in milliseconds since 1970. */
  #askAgainMs = -Infinity;
  /** Whether the place may be made. */
  #mayMake: boolean;
  #sealedMs = -Infinity;

  /** @param mayMake - whether the store may be made where it is missing */
  constructor(store: SummaryStore, mayMake: boolean, clock: Clock = systemClock) {
    this.#store = store;
    this.#mayMake = mayMake;
    this.#clock = clock;
    this.#timer = new WakeTimer(clock);
  }

  /** Makes no place for summaries from now on. Where other processes fold, the marks are made all the same. */
  makeNothing(): void {
    this.#mayMake = false;
  }

  /**
   * Stores records between marks.
   *
   * @param action - gets the records of which none is sealed
   */
  async around<Value, Some extends Dated>(
    records: readonly Some[],
    signal: AbortSignal,
    action: (kept: readonly Some[], sealed: readonly Some[]) => Promise<Value>,
  ): Promise<Value> {
    if (!(await this.isReady(signal))) return action(records, []);
    const slices = await this.#enter(records, signal);
    const isSealed = ({ date }: Dated): boolean => date.getTime() < this.#sealedMs;
    const sealed = records.filter(isSealed);
    const kept = sealed.length === 0 ? records : records.filter((record) => !isSealed(record));
    try {
      const value = await action(kept, sealed);
      for (const record of kept) this.#sliceOf(record)?.forget(record.id);
      return value;
    } catch (error) {
      if (isInDoubt(error)) for (const record of kept) this.#sliceOf(record)?.doubt(record.id);
      throw error;
    } finally {
      this.#leave(slices);
    }
  }

  /** Deletes records between marks. Those of sealed days are deleted as well. */
  async aroundDeletion(
    records: readonly Dated[],
    signal: AbortSignal,
    action: () => Promise<void>,
  ): Promise<void> {
    if (!(await this.isReady(signal))) return action();
    const slices = await this.#enter(records, signal);
    try {
      await action();
      const spans = slices.map(({ marks: [mark] }) => mark);
      await leaveMarks(this.#store, spans, signal);
    } catch (error) {
      // Whatever is stored anew, the deletion may come afterwards.
      for (const slice of slices) slice.giveUp();
      throw error;
    } finally {
      this.#leave(slices);
    }
  }

  /** Marks a span whose records are being deleted by their dates, and says that it was touched when that is done. */
  async aroundSpan<Value>(span: Span, signal: AbortSignal, action: () => Promise<Value>): Promise<Value> {
    const isSealed = (): boolean => span.endMs <= this.#sealedMs;
    if (!(await this.isReady(signal)) || isSealed()) return action();
    await this.#readSeal(signal);
    if (isSealed()) return action();
    const mark = this.#markOf(span);
    await this.#store.insert([rowOfMark(mark, this.#edition)], signal);
    const value = await action();
    await leaveMarks(this.#store, [mark], signal);
    await this.#inTurn(() => this.#settle([mark], signal));
    return value;
  }

  /** Settles the slices that are over, and in which nothing is under way, without waiting for stragglers. Never throws. */
  settle(): Promise<void> {
    return this.#settleDone(false, 0);
  }

  /** Settles what is done with, and asks no more. Never throws. */
  async close(): Promise<void> {
    this.#timer.stop();
    await this.#settleDone(true);
    this.#timer.stop();
  }

  /** Whether there is a place for marks, which is made if it may be; if there is none, nothing is summed up. */
  async isReady(signal: AbortSignal): Promise<boolean> {
    if (this.#isReady === true || this.#clock.now() < this.#askAgainMs) return this.#isReady === true;
    const isThere = await this.#store.prepare(this.#mayMake && this.#isReady === null, signal);
    this.#isReady = isThere && (this.#mayMake || (await this.#isUsed(signal)));
    this.#askAgainMs = this.#clock.now() + ASK_MS;
    return this.#isReady;
  }

  /** Whether a process sums up: the place may be there for the register of endpoints alone. */
  async #isUsed(signal: AbortSignal): Promise<boolean> {
    return (await this.#store.find({ kinds: ['writing', 'touched', 'manifest'] }, signal)).length > 0;
  }

  /** Marks the slices of records, unless they are marked. */
  async #enter(records: readonly Dated[], signal: AbortSignal): Promise<OpenSlice[]> {
    const numbers = [...new Set(records.map(numberOf))];
    const nowMs = this.#clock.now();
    const isReady = (slice?: OpenSlice): boolean => slice?.isMarked(nowMs) === true && slice.isTold(nowMs);
    if (!numbers.every((number) => isReady(this.#open.get(number))))
      await this.#inTurn(() => this.#mark(numbers, signal));
    const slices = numbers.map((number) => this.#open.get(number) as OpenSlice);
    for (const slice of slices) slice.underWay += 1;
    return slices;
  }

  async #mark(numbers: readonly number[], signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.now();
    const known = numbers.flatMap((number) => this.#open.get(number) ?? []);
    const untold = known.filter((slice) => !slice.isTold(nowMs));
    const missing = numbers
      .filter((number) => this.#open.get(number)?.isMarked(nowMs) !== true)
      .map((number) => {
        const startMs = number * SLICE_MS;
        return { number, mark: this.#markOf({ startMs, endMs: startMs + SLICE_MS }) };
      });
    const rows = [
      ...missing.map(({ mark }) => rowOfMark(mark, this.#edition)),
      ...untold.map(({ marks: [mark] }) => unsureRow(mark, this.#edition, nowMs)),
    ];
    await insertRows(this.#store, rows, signal);
    for (const slice of untold) slice.tell(nowMs);
    // A seal is there before records are deleted, and waits for the marks that are there then. So one of the two is seen.
    await this.#readSeal(signal);
    for (const { number, mark } of missing) {
      const slice = this.#open.get(number);
      if (slice === undefined) this.#open.set(number, new OpenSlice(mark));
      else slice.follow(mark);
    }
  }

  async #readSeal(signal: AbortSignal): Promise<void> {
    this.#sealedMs = (await readManifest(this.#store, signal))?.sealedMs ?? -Infinity;
  }

  #markOf({ startMs, endMs }: Span): Mark {
    return { id: randomUUID(), startMs, endMs, isWriting: true, sinceMs: this.#clock.now() };
  }

  #leave(slices: readonly OpenSlice[]): void {
    for (const slice of slices) {
      slice.underWay -= 1;
      slice.lastUsedMs = this.#clock.now();
    }
    if (!this.#timer.isSet) this.#wakeLater();
  }

  #wakeLater(): void {
    this.#timer.after(LINGER_MS, false, () => {
      void inOwnContext(() => this.#settleDone(false));
    });
  }

  #sliceOf(record: Dated): OpenSlice | undefined {
    return this.#open.get(numberOf(record));
  }

  /** Settles slices that are over and in which nothing is under way. */
  async #settleDone(isLast: boolean, lingerMs = LINGER_MS): Promise<void> {
    await this.#inTurn(() => this.#settleIdle(isLast, lingerMs)).catch(() => {
      // The marks stay, and are settled later, by this process or after a day by any.
    });
    if (this.#open.size + this.#untold.length + this.#told.length > 0 && !isLast) this.#wakeLater();
  }

  async #settleIdle(isLast: boolean, lingerMs: number): Promise<void> {
    const nowMs = this.#clock.now();
    const isOver = ({ marks: [{ endMs }], lastUsedMs }: OpenSlice): boolean =>
      isLast || Math.max(endMs, lastUsedMs) + lingerMs <= nowMs || lastUsedMs + SLICE_MS <= nowMs;
    const marks: Mark[] = [];
    for (const [number, slice] of this.#open) {
      if (slice.underWay > 0 || !isOver(slice) || !(slice.isSure || slice.isLost(nowMs))) continue;
      this.#open.delete(number);
      if (slice.isSure) marks.push(...slice.marks);
    }
    await this.#settle(marks, AbortSignal.timeout(isLast ? CLOSING_MS : LINGER_MS));
  }

  /**
   * Puts marks that tell of the past in the place of others. The new ones come first, so that no moment is without. If this fails, the others
   * may be gone all the same, or go later: what is stored next in their slices is marked anew.
   */
  async #settle(marks: readonly Mark[], signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.now();
    this.#untold.push(...marks);
    const groups = [...Map.groupBy(this.#untold, groupOf).values()];
    const spans = groups.flatMap((group) => joined(group));
    const rows = spans.map((span) => touchedRow(span, this.#edition, nowMs));
    await insertRows(this.#store, rows, signal);
    // Folds take away what is a day old.
    this.#told = [...this.#told, ...this.#untold.splice(0)].filter((mark) => !isPast(mark, nowMs));
    if (this.#told.length > 0) await this.#store.delete({ ids: this.#told.map(({ id }) => id) }, signal);
    this.#told = [];
  }

  #inTurn<Value>(action: () => Promise<Value>): Promise<Value> {
    const done = this.#turn.then(action, action);
    this.#turn = done.catch(() => {});
    return done;
  }
}

/** Marks of a group are told of as one: an import touches thousands of slices one behind the other. */
function groupOf({ id, startMs, endMs }: Mark): number | string {
  return endMs - startMs > SLICE_MS ? id : Math.floor(startMs / DAY_MS);
}

function numberOf({ date }: Dated): number {
  return Math.floor(date.getTime() / SLICE_MS);
}
