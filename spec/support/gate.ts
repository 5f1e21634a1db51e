import type { SummaryRow, SummaryRowQuery, SummaryStore } from '../../src/storage/summary-store.js';

/** What may go wrong with a call: it does nothing, its answer is lost, it takes effect later, or the client makes it twice. */
export type Fault = 'nothing' | 'answer-lost' | 'late' | 'twice';

/** The error of a call that was made to fail. */
export class InjectedFault extends Error {}

/** What each call of one process has to pass. It stands open, lets some calls pass, or none for ever. */
export class Gate {
  /** What becomes of the next call. */
  fault: Fault | null = null;
  #calls = Infinity;
  #isDead = false;
  readonly #waiting: (() => void)[] = [];
  readonly #late: (() => Promise<unknown>)[];

  /** @param late - gets what takes effect later */
  constructor(late: (() => Promise<unknown>)[]) {
    this.#late = late;
  }

  /** Whether a call waits. */
  get isHolding(): boolean {
    return this.#waiting.length > 0;
  }

  /** Lets so many calls pass, and no more. */
  open(calls: number): void {
    if (this.#isDead) return;
    this.#calls = calls;
    while (this.#calls > 0 && this.#waiting.length > 0) {
      this.#calls -= 1;
      this.#waiting.shift()?.();
    }
  }

  /** Lets no call pass any more. */
  die(): void {
    this.#isDead = true;
    this.#calls = 0;
  }

  /** Resolves when a call may be made. */
  async pass(): Promise<void> {
    if (this.#calls > 0) this.#calls -= 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  /** Makes a call. */
  async call<Value>(action: () => Promise<Value>): Promise<Value> {
    await this.pass();
    const fault = this.fault;
    this.fault = null;
    if (fault === 'late') this.#late.push(action);
    if (fault === 'late' || fault === 'nothing') throw new InjectedFault(fault);
    if (fault === 'twice') await action();
    const value = await action();
    if (fault === 'answer-lost') throw new InjectedFault(fault);
    return value;
  }
}

/** A store whose calls pass a gate. */
export class GatedStore implements SummaryStore {
  readonly #store: SummaryStore;
  readonly #gate: Gate;

  constructor(store: SummaryStore, gate: Gate) {
    this.#store = store;
    this.#gate = gate;
  }

  prepare(make: boolean, signal: AbortSignal): Promise<boolean> {
    return this.#store.prepare(make, signal);
  }

  find(query: SummaryRowQuery, signal: AbortSignal): Promise<SummaryRow[]> {
    return this.#gate.call(() => this.#store.find(query, signal));
  }

  insert(rows: readonly SummaryRow[], signal: AbortSignal): Promise<boolean> {
    return this.#gate.call(() => this.#store.insert(rows, signal));
  }

  delete(query: SummaryRowQuery, signal: AbortSignal): Promise<void> {
    return this.#gate.call(() => this.#store.delete(query, signal));
  }
}
