import { isMeant } from '../../src/testing/memory-rows.js';
import type { SummaryRow, SummaryRowQuery, SummaryStore } from '../../src/storage/summary-store.js';

/** The longest texts that tables have columns for. */
const LIMITS = { id: 64, dimension: 40, edition: 36 } as const;

/** Keeps rows of summaries in memory, as strictly as a table does. */
export class MemorySummaryStore implements SummaryStore {
  readonly #rows = new Map<string, SummaryRow>();
  #isMade: boolean;
  /** Grows with each change. */
  version = 0;

  /** @param isMade - whether there is a place for rows before `prepare(true)` */
  constructor(isMade = true) {
    this.#isMade = isMade;
  }

  /** All rows, in the order in which they came. */
  get rows(): readonly SummaryRow[] {
    return [...this.#rows.values()];
  }

  /** @inheritdoc */
  prepare(make: boolean, signal: AbortSignal): Promise<boolean> {
    return later(signal, () => (this.#isMade ||= make));
  }

  /** @inheritdoc */
  find(query: SummaryRowQuery, signal: AbortSignal): Promise<SummaryRow[]> {
    return later(signal, () => this.rows.filter((row) => isMeant(row, query)));
  }

  /** Adds rows up to the first whose id is taken: a store may add some of the others, and who calls it must not mind. */
  insert(rows: readonly SummaryRow[], signal: AbortSignal): Promise<boolean> {
    return later(signal, () => {
      if (!this.#isMade) throw new Error('There is no place for rows yet.');
      for (const row of rows) assertFits(row);
      for (const row of rows) {
        if (this.#rows.has(row.id)) return false;
        this.#rows.set(row.id, Object.freeze({ ...row }));
        this.version += 1;
      }
      return true;
    });
  }

  /** @inheritdoc */
  delete(query: SummaryRowQuery, signal: AbortSignal): Promise<void> {
    return later(signal, () => {
      this.version += 1;
      for (const row of this.rows) if (isMeant(row, query)) this.#rows.delete(row.id);
    });
  }
}

/** Acts in a later microtask and all at once, so that calls of several processes come between each other as transactions do. */
async function later<Result>(signal: AbortSignal, act: () => Result): Promise<Result> {
  signal.throwIfAborted();
  await Promise.resolve();
  return act();
}

/** Refuses what a table could not hold, or a client might send changed. */
function assertFits(row: SummaryRow): void {
  for (const [name, limit] of Object.entries(LIMITS)) {
    const text = row[name as keyof typeof LIMITS];
    if (text.length > limit) throw new Error(`${name} is longer than ${limit} characters: ${text}`);
  }
  for (const text of [row.id, row.dimension, row.edition, row.data])
    if (!/^[ !#-&(-[\]-~]*$/.test(text)) throw new Error(`A row has other texts than it may: ${text}`);
  if (!Number.isSafeInteger(row.startMs) || !Number.isSafeInteger(row.endMs))
    throw new Error(`A row is about no span of time: ${row.startMs} to ${row.endMs}`);
}
