import type { SummaryRow, SummaryRowQuery, SummaryStore } from '../storage/summary-store.js';

/** Rows of the register in memory. */
export class MemoryRows implements SummaryStore {
  readonly #rows = new Map<string, SummaryRow>();

  /** @inheritdoc */
  async prepare(): Promise<boolean> {
    return true;
  }

  /** @inheritdoc */
  async find(query: SummaryRowQuery, signal: AbortSignal): Promise<SummaryRow[]> {
    signal.throwIfAborted();
    return [...this.#rows.values()].filter((row) => isMeant(row, query));
  }

  /** Adds rows: all of them, or none. */
  async insert(rows: readonly SummaryRow[], signal: AbortSignal): Promise<boolean> {
    signal.throwIfAborted();
    if (rows.some(({ id }) => this.#rows.has(id))) return false;
    for (const row of rows) this.#rows.set(row.id, row);
    return true;
  }

  /** @inheritdoc */
  async delete(query: SummaryRowQuery, signal: AbortSignal): Promise<void> {
    for (const { id } of await this.find(query, signal)) this.#rows.delete(id);
  }
}

/** Whether a query is for a row. */
export function isMeant(row: SummaryRow, query: SummaryRowQuery): boolean {
  const { kinds, dimension, edition, ids, fromMs, beforeMs } = query;
  return (
    (kinds === undefined || kinds.includes(row.kind)) &&
    (dimension === undefined || row.dimension === dimension) &&
    (edition === undefined || row.edition === edition) &&
    (ids === undefined || ids.includes(row.id)) &&
    (fromMs === undefined || row.startMs >= fromMs) &&
    (beforeMs === undefined || row.startMs < beforeMs)
  );
}
