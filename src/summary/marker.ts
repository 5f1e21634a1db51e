import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SummaryStore } from '../storage/summary-store.js';
import { type Clock, systemClock } from '../time/clock.js';
import { inOwnContext } from '../time/own-context.js';
import { WakeTimer } from '../time/wake-timer.js';
import { type Mark, isPast, readManifest, rowOfMark, touchedRow, unsureRow } from './manifest.js';
import { SLICE_MS, type Span } from './periods.js';
import { SpanSet, joined } from './spans.js';

/** How long a slice is left open after its end, and after its last batch, in milliseconds. */
const LINGER_MS = 30_000;

/** How long marks may take to be settled when a storage closes, in milliseconds. */
const CLOSING_MS = 1000;

/** After so long a mark in use gets a successor, in milliseconds: folds count a mark of a day as done with, used or not. */
const FRESH_MS = 3_600_000;

/** Rows of one statement. */
const STATEMENT_ROWS = 50;

/** A record, as far as marks are about it. */
interface Dated {
  readonly id: string;
  readonly date: Date;
}

/** A slice that this process has marked. */
interface OpenSlice {
  /** The mark that stands for the slice, after those that it has followed. */
  marks: readonly [Mark, ...Mark[]];
  /** Batches under way. */
  underWay: number;
  /** Records of failed attempts, which may still arrive in the database; null if there were too many to be remembered. */
  unsure: Set<string> | null;
  /** Whether an attempt has failed, which other processes are told of before the next one. */
  hasFailed: boolean;
  lastUsedMs: number;
}

const DAY_MS = 86_400_000;

/** How often it is asked whether there is a place for marks meanwhile, in milliseconds. */
export const ASK_MS = 60_000;

/** Records of failed attempts that are remembered. */
const MOST_UNSURE = 20_000;

/**
 * Tells all processes which slices of time records are being stored in or deleted from. A mark is there before the first record of a
 * slice is sent, and stands for all batches of this process until the slice is over: a batch costs no statement more. Then another mark,
 * which a fold takes away, takes its place. While one of them is there, the records of the slice are counted one by one.
 *
 * A mark stays where it is unknown what became of a batch, as after a timeout; folds count it as done with after a day.
 */
export class Marker {
  readonly #store: SummaryStore;
  readonly #clock: Clock;
  readonly #edition = randomUUID();
  readonly #open = new Map<number, OpenSlice>();
  /** Marks of which it is unknown whether they are still there: they stand for nothing, and are settled later. */
  #unsettled: Mark[] = [];
  /** Marks that have been told to be done with, and are yet to be taken away. */
  readonly #told = new Set<string>();
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

  /** Makes no place for summaries from now on. Where there is one, other processes may fold, and the marks are made all the same. */
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
    const sealed = records.filter(({ date }) => date.getTime() < this.#sealedMs);
    const kept =
      sealed.length === 0 ? records : records.filter(({ date }) => date.getTime() >= this.#sealedMs);
    try {
      const value = await action(kept, sealed);
      this.#forget(kept);
      return value;
    } catch (error) {
      this.#doubt(kept);
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
      await this.#leaveMarks(
        slices.map(({ marks: [mark] }) => mark),
        signal,
      );
    } catch (error) {
      // Whatever is stored anew, the deletion may come afterwards.
      for (const slice of slices) slice.unsure = null;
      throw error;
    } finally {
      this.#leave(slices);
    }
  }

  /** Marks a span whose records are being deleted by their dates, and says that it was touched when that is done. */
  async aroundSpan<Value>(
    span: { readonly startMs: number; readonly endMs: number },
    signal: AbortSignal,
    action: () => Promise<Value>,
  ): Promise<Value> {
    const isSealed = async (): Promise<boolean> => {
      this.#sealedMs = (await readManifest(this.#store, signal))?.sealedMs ?? -Infinity;
      return span.endMs <= this.#sealedMs;
    };
    if (!(await this.isReady(signal)) || span.endMs <= this.#sealedMs || (await isSealed())) return action();
    const mark = this.#markOf(span.startMs, span.endMs);
    await this.#store.insert([rowOfMark(mark, this.#edition)], signal);
    const value = await action();
    await this.#leaveMarks([mark], signal);
    await this.#settle([mark], signal);
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
    this.#isReady = await this.#store.prepare(this.#mayMake && this.#isReady === null, signal);
    this.#askAgainMs = this.#clock.now() + ASK_MS;
    return this.#isReady;
  }

  /** Marks the slices of records, unless they are marked. */
  async #enter(records: readonly Dated[], signal: AbortSignal): Promise<OpenSlice[]> {
    const numbers = [...new Set(records.map(({ date }) => Math.floor(date.getTime() / SLICE_MS)))];
    if (numbers.some((number) => !this.#isMarked(number)))
      await this.#inTurn(() => this.#mark(numbers, signal));
    const slices = numbers.map((number) => this.#open.get(number) as OpenSlice);
    for (const slice of slices) slice.underWay += 1;
    return slices;
  }

  #isMarked(number: number): boolean {
    const slice = this.#open.get(number);
    return slice?.hasFailed === false && slice.marks[0].sinceMs > this.#clock.now() - FRESH_MS;
  }

  async #mark(numbers: readonly number[], signal: AbortSignal): Promise<void> {
    const missing = numbers
      .filter((number) => !this.#isMarked(number))
      .map((number) => ({ number, mark: this.#markOf(number * SLICE_MS, (number + 1) * SLICE_MS) }));
    const failed = missing.filter(({ number }) => this.#open.get(number)?.hasFailed);
    const rows = [
      ...missing.map(({ mark }) => rowOfMark(mark, this.#edition)),
      ...failed.map(({ mark }) => unsureRow(mark, this.#edition)),
    ];
    await this.#insert(rows, signal);
    // A seal is there before records are deleted, and waits for the marks that are there then. So one of the two is seen.
    this.#sealedMs = (await readManifest(this.#store, signal))?.sealedMs ?? -Infinity;
    for (const { number, mark } of missing) {
      const slice = this.#open.get(number);
      if (slice === undefined) {
        const [unsure, lastUsedMs] = [new Set<string>(), this.#clock.now()];
        this.#open.set(number, { marks: [mark], underWay: 0, unsure, hasFailed: false, lastUsedMs });
      } else {
        slice.marks = [mark, ...slice.marks];
        slice.hasFailed = false;
      }
    }
  }

  async #insert(rows: readonly ReturnType<typeof rowOfMark>[], signal: AbortSignal): Promise<void> {
    for (let start = 0; start < rows.length; start += STATEMENT_ROWS) {
      if (start > 0) await nextTurn();
      await this.#store.insert(rows.slice(start, start + STATEMENT_ROWS), signal);
    }
  }

  #markOf(startMs: number, endMs: number): Mark {
    return { id: randomUUID(), startMs, endMs, isWriting: true, sinceMs: this.#clock.now() };
  }

  /**
   * Leaves marks, which nobody takes away for a day, where records were deleted that may come again: an attempt to store them may have
   * failed for its process, and arrive, whether or not another one has succeeded.
   */
  async #leaveMarks(deleted: readonly Span[], signal: AbortSignal): Promise<void> {
    const unsure = new SpanSet(await this.#store.find({ kinds: ['unsure'] }, signal));
    const marks = deleted.filter((span) => unsure.overlaps(span));
    await this.#insert(
      marks.map(({ startMs, endMs }) => rowOfMark(this.#markOf(startMs, endMs), this.#edition)),
      signal,
    );
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

  /** Notes records that may arrive in the database later. */
  #doubt(records: readonly Dated[]): void {
    for (const { id, date } of records) {
      const slice = this.#open.get(Math.floor(date.getTime() / SLICE_MS));
      if (slice === undefined) continue;
      slice.hasFailed = true;
      if (slice.unsure === null) continue;
      slice.unsure.add(id);
      if (slice.unsure.size > MOST_UNSURE) slice.unsure = null;
    }
  }

  /** A record that is there is stored no second time, whenever an earlier attempt arrives, unless it is deleted first. */
  #forget(records: readonly Dated[]): void {
    for (const { id, date } of records)
      this.#open.get(Math.floor(date.getTime() / SLICE_MS))?.unsure?.delete(id);
  }

  /** Settles slices that are over and in which nothing is under way. */
  async #settleDone(isLast: boolean, lingerMs = LINGER_MS): Promise<void> {
    await this.#inTurn(() => this.#settleIdle(isLast, lingerMs)).catch(() => {
      // The marks stay, and are settled later, by this process or after a day by any.
    });
    if (this.#open.size + this.#unsettled.length > 0 && !isLast) this.#wakeLater();
  }

  async #settleIdle(isLast: boolean, lingerMs: number): Promise<void> {
    const nowMs = this.#clock.now();
    const isOver = ({ marks: [{ endMs }], lastUsedMs }: OpenSlice): boolean =>
      isLast || Math.max(endMs, lastUsedMs) + lingerMs <= nowMs || lastUsedMs + SLICE_MS <= nowMs;
    // Folds have counted marks of a day as done with.
    const marks = this.#unsettled.filter((mark) => !isPast(mark, nowMs));
    for (const [number, slice] of this.#open) {
      const isSure = slice.unsure?.size === 0;
      if (slice.underWay > 0 || !isOver(slice) || !(isSure || lost(slice, nowMs))) continue;
      this.#open.delete(number);
      if (isSure) marks.push(...slice.marks);
    }
    // If this fails the marks may be gone all the same, or go later. What is stored next in their slices is marked anew.
    this.#unsettled = marks;
    await this.#settle(marks, AbortSignal.timeout(isLast ? CLOSING_MS : LINGER_MS));
    this.#unsettled = [];
  }

  /** Puts settled marks in the place of others. The new ones come first, so that no moment is without. */
  async #settle(marks: readonly Mark[], signal: AbortSignal): Promise<void> {
    if (marks.length === 0) return;
    const nowMs = this.#clock.now();
    // Where marks cannot be taken away, what they touched is told once.
    const untold = marks.filter(({ id }) => !this.#told.has(id));
    // An import touches thousands of slices one behind the other.
    const days = Map.groupBy(untold, ({ startMs }) => Math.floor(startMs / DAY_MS)).values();
    const spans = [...days].flatMap((marksOfDay) => joined(marksOfDay));
    await this.#insert(
      spans.map((span) => touchedRow(span, this.#edition, nowMs)),
      signal,
    );
    for (const { id } of untold) this.#told.add(id);
    await this.#store.delete({ ids: marks.map(({ id }) => id) }, signal);
    for (const { id } of marks) this.#told.delete(id);
  }

  #inTurn<Value>(action: () => Promise<Value>): Promise<Value> {
    const done = this.#turn.then(action, action);
    this.#turn = done.catch(() => {});
    return done;
  }
}

/** Whether a slice is given up: its mark stays, and nobody asks about it any more. */
function lost({ unsure, lastUsedMs }: OpenSlice, nowMs: number): boolean {
  return unsure === null || nowMs - lastUsedMs > 3_600_000;
}
