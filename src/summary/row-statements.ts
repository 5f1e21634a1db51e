import { setImmediate as nextTurn } from 'node:timers/promises';
import type { SummaryRow, SummaryRowQuery, SummaryStore } from '../storage/summary-store.js';
import type { Replaced } from './manifest.js';

/** Rows that one statement adds. */
const STATEMENT_ROWS = 20;

/** A unit, as far as its rows are told by it. */
type RowsUnit = Pick<Replaced, 'kind' | 'startMs' | 'edition'>;

/** Adds any number of rows, with turns of the event loop between them. */
export async function insertRows(
  store: SummaryStore,
  rows: readonly SummaryRow[],
  signal: AbortSignal,
): Promise<void> {
  for (let start = 0; start < rows.length; start += STATEMENT_ROWS) {
    if (start > 0) await nextTurn();
    await store.insert(rows.slice(start, start + STATEMENT_ROWS), signal);
  }
}

/** Which rows a unit has. */
export function rowsOfUnit({ kind, startMs, edition }: RowsUnit): SummaryRowQuery {
  return { kinds: [kind], edition, fromMs: startMs, beforeMs: startMs + 1 };
}

/** Deletes the rows of units. */
export async function deleteUnits(
  store: SummaryStore,
  units: readonly RowsUnit[],
  signal: AbortSignal,
): Promise<void> {
  for (const unit of units) await store.delete(rowsOfUnit(unit), signal);
}
