import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { FoldResult, FoldSettings } from './fold.js';
import { look, touchedRow } from './manifest.js';
import { ALWAYS, type Span, periodsOf } from './periods.js';
import { insertRows } from './row-statements.js';
import { newestDay } from './seal.js';
import { without } from './spans.js';

/** How far behind the present records are left to the next fold, in milliseconds. */
const PRESENT_MS = 60_000;

/** The pause before the next look while other processes fold, in milliseconds. */
const PAUSE_MS = 200;

/** How far a rebuilding has come. */
export interface RebuildProgress {
  /** Days that have records, or are summed up. */
  readonly days: number;
  /** Days of these that are summed up. */
  readonly done: number;
}

/**
 * Sums up again the days of a span that have records. It only marks them: any process folds what is marked, so that the work goes on
 * after a crash, and another call adds nothing to it.
 *
 * @param fold - folds once
 */
export async function rebuildSpan(
  settings: FoldSettings,
  { startMs, endMs }: Span,
  fold: (signal: AbortSignal) => Promise<FoldResult>,
  onProgress: (progress: RebuildProgress) => void,
  signal: AbortSignal,
): Promise<RebuildProgress> {
  const days = await markDays(settings, { startMs, endMs }, signal);
  for (;;) {
    const { marks } = await look(settings.store, signal);
    const left = new Set(marks.map(({ id }) => id));
    const done = days.filter((ids) => !ids.some((id) => left.has(id))).length;
    onProgress({ days: days.length, done });
    if (done === days.length) return { days: days.length, done };
    const { folded } = await fold(signal);
    // Nothing to fold here is folded elsewhere, or is being written to for the moment.
    if (folded === 0) await pause(PAUSE_MS, undefined, { signal, ref: false });
  }
}

/**
 * Marks the days of a span that have records, and those that are summed up, as somebody may have deleted their records. What a process is
 * storing just now is marked by that process.
 *
 * @returns the marks of each day
 */
async function markDays(
  settings: FoldSettings,
  { startMs, endMs }: Span,
  signal: AbortSignal,
): Promise<string[][]> {
  const { store, reader, timeZone, now } = settings;
  const { marks, manifest } = await look(store, signal);
  const nowMs = now();
  const periods = periodsOf(manifest?.timeZone ?? timeZone);
  const sealedMs = manifest?.sealedMs ?? ALWAYS.startMs;
  const fromMs = Math.max(sealedMs, startMs <= ALWAYS.startMs ? startMs : periods.dayOf(startMs).startMs);
  const lastMs = Math.min(endMs, nowMs - PRESENT_MS);
  const found: Span[] = (manifest?.units ?? []).filter(
    (unit) => unit.startMs >= fromMs && unit.startMs < lastMs,
  );
  for (let untilMs = lastMs; untilMs > fromMs;) {
    const day = await newestDay(reader, { startMs: fromMs, endMs: untilMs }, periods.timeZone, signal);
    if (day === null) break;
    found.push(day);
    untilMs = day.startMs;
  }
  const held = marks.filter(({ isWriting }) => isWriting);
  const ids: string[][] = [];
  for (const day of periods.daysOf(found)) {
    const whole = { startMs: day.startMs, endMs: Math.min(day.endMs, nowMs - PRESENT_MS) };
    const rows = without(whole, held).map((part) => touchedRow(part, randomUUID(), nowMs));
    await insertRows(store, rows, signal);
    ids.push(rows.map(({ id }) => id));
  }
  return ids;
}
