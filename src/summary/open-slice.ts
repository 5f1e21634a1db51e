import type { Mark } from './manifest.js';

/** After so long a mark in use gets a successor, in milliseconds: folds count a mark of a day as done with, used or not. */
const FRESH_MS = 3_600_000;

/** Records of attempts in doubt that are remembered. */
const MOST_UNSURE = 20_000;

/** A slice that a process has marked. */
export class OpenSlice {
  /** The mark that stands for the slice, after those that it has followed. */
  marks: readonly [Mark, ...Mark[]];
  /** Batches under way. */
  underWay = 0;
  /** When the last batch ended, in milliseconds since 1970. */
  lastUsedMs: number;
  /** Whether an attempt is in doubt of which other processes are to be told before the next one. */
  #isDoubtful = false;
  /** When they were told last, in milliseconds since 1970. */
  #toldMs = -Infinity;
  /** Records of attempts in doubt, which may still arrive in the database; null if its mark has to stay in any case. */
  #unsure: Set<string> | null = new Set();

  constructor(mark: Mark) {
    this.marks = [mark];
    this.lastUsedMs = mark.sinceMs;
  }

  /** Whether all that may arrive has arrived. */
  get isSure(): boolean {
    return this.#unsure?.size === 0;
  }

  /** Whether its mark stands for another batch. */
  isMarked(nowMs: number): boolean {
    return this.marks[0].sinceMs > nowMs - FRESH_MS;
  }

  /** Whether other processes know that records of it may arrive later, if any may. */
  isTold(nowMs: number): boolean {
    return !this.#isDoubtful || this.#toldMs > nowMs - FRESH_MS;
  }

  /** Notes that other processes were told. */
  tell(nowMs: number): void {
    this.#isDoubtful = false;
    this.#toldMs = nowMs;
  }

  /** Has another mark stand for it. */
  follow(mark: Mark): void {
    this.marks = [mark, ...this.marks];
  }

  /** Notes that a record may arrive in the database later. */
  doubt(id: string): void {
    this.#isDoubtful = true;
    this.#unsure?.add(id);
    if (this.#unsure !== null && this.#unsure.size > MOST_UNSURE) this.giveUp();
  }

  /** Notes that a record is there: an earlier attempt stores it no second time, unless it is deleted first. */
  forget(id: string): void {
    this.#unsure?.delete(id);
  }

  /** Has its mark stay, whatever is stored from now on. */
  giveUp(): void {
    this.#unsure = null;
  }

  /** Whether nobody asks any more what became of its records. */
  isLost(nowMs: number): boolean {
    return this.#unsure === null || nowMs - this.lastUsedMs > FRESH_MS;
  }
}
