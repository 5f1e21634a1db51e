import { TrackUsageError, type TrackUsageErrorCode } from '../errors.js';
import type { SummaryStore } from '../storage/summary-store.js';
import type { Span } from './periods.js';
import { SpanSet } from './spans.js';

/** Codes of what the database has answered, or of records that were never sent. */
const KNOWN: ReadonlySet<TrackUsageErrorCode> = new Set(['BATCH_REFUSED', 'STORAGE_SETUP']);

/** What a socket did that had no connection yet, and so has sent nothing. */
const CONNECTING: ReadonlySet<unknown> = new Set(['connect', 'getaddrinfo']);

/**
 * Whether records of a failed attempt may arrive in the database later: after a time-out, or where the connection was cut. They may not
 * where the database refused them, or was never reached.
 */
export function isInDoubt(error: unknown): boolean {
  return !(error instanceof TrackUsageError && (KNOWN.has(error.code) || isUnsent(error.cause)));
}

function isUnsent(error: unknown): boolean {
  // Each address of a host has an error of its own.
  if (error instanceof AggregateError) return error.errors.length > 0 && error.errors.every(isUnsent);
  return CONNECTING.has((error as { readonly syscall?: unknown } | undefined)?.syscall);
}

/**
 * Leaves marks where records were deleted of which an attempt is in doubt: it may arrive, and bring them back, whether or not another one
 * has succeeded. There is one mark for each row that tells of such attempts, however often records are deleted, and it lasts as long as
 * that row tells of any.
 */
export async function leaveMarks(
  store: SummaryStore,
  deleted: readonly Span[],
  signal: AbortSignal,
): Promise<void> {
  const spans = new SpanSet(deleted);
  const unsure = await store.find({ kinds: ['unsure'] }, signal);
  const rows = unsure
    .filter((row) => spans.overlaps(row))
    .map((row) => Object.assign({}, row, { id: `left.${row.id}`, kind: 'writing' as const }));
  if (rows.length === 0) return;
  const left = await store.find({ ids: rows.map(({ id }) => id) }, signal);
  const there = new Set(left.map(({ id }) => id));
  // One by one, as another process may leave one of them too.
  for (const row of rows) if (!there.has(row.id)) await store.insert([row], signal);
}
