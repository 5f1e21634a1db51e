import type { ReadableUsageStorage, StorageSummaries } from 'koa-track-usage/storage';
import type { UsageRecord } from 'koa-track-usage';
import { DEFAULT_DIMENSIONS, dimensionOf } from '../../src/summary/dimensions.js';
import { type FoldSettings, foldOnce } from '../../src/summary/fold.js';
import { rebuildSpan } from '../../src/summary/rebuild.js';

/** A span of time, in milliseconds since 1970, the end exclusive. */
export interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** After the end of a period, folds leave it alone for so long; twice that is enough. */
const GRACE_MS = 20_000;

/** Hours are kept for so long by default. */
const HOURS_MS = 90 * DAY_MS;

const { signal } = new AbortController();

/** Days that are over, in UTC. */
export function pastDays(days: number): Span {
  const endMs = Math.floor(Date.now() / DAY_MS) * DAY_MS;
  return { startMs: endMs - days * DAY_MS, endMs };
}

/** Stores batches of records, and says that no more are under way. */
export async function storeAll(
  storage: ReadableUsageStorage,
  batches: Iterable<readonly UsageRecord[]>,
): Promise<void> {
  for (const batch of batches) {
    const { stored } = await storage.store(batch, signal);
    if (stored !== batch.length) throw new Error(`${stored} of ${batch.length} records were stored.`);
  }
  await storage.summaries?.settle();
}

/** Stores batches of records as if there were no summaries yet. */
export async function storeUnfolded(
  storage: ReadableUsageStorage,
  batches: Iterable<readonly UsageRecord[]>,
): Promise<void> {
  storage.summaries?.makeNothing();
  await storeAll(storage, batches);
  await storage.summaries?.store.prepare(true, signal);
}

/**
 * Folds the default dimensions until nothing is left.
 *
 * @param nowMs - the time of day, as folding is told it. @default the present
 * @returns periods that were summed up
 */
export async function foldAll(storage: ReadableUsageStorage, nowMs = Date.now()): Promise<number> {
  let total = 0;
  for (;;) {
    const { folded, isMore } = await foldOnce(settingsOf(storage, nowMs), signal);
    total += folded;
    if (!isMore) return total;
  }
}

/** Folds what is over as soon as a moment has come. */
export function foldAfter(storage: ReadableUsageStorage, endMs: number): Promise<number> {
  return foldAll(storage, endMs + GRACE_MS);
}

/** Sums up a span anew. */
export async function rebuild(storage: ReadableUsageStorage, span: Span): Promise<void> {
  const settings = settingsOf(storage, Date.now());
  await rebuildSpan(
    settings,
    span,
    (limit) => foldOnce(settings, limit),
    () => {},
    signal,
  );
}

function settingsOf({ summaries }: ReadableUsageStorage, nowMs: number): FoldSettings {
  const { store, reader } = summaries as StorageSummaries;
  const dimensions = DEFAULT_DIMENSIONS.flatMap((name) => dimensionOf(name) ?? []);
  return { store, reader, timeZone: 'UTC', dimensions, hoursMs: HOURS_MS, now: () => nowMs };
}
