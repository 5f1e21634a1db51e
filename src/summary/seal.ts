import { randomUUID } from 'node:crypto';
import { type FoldSettings, foldOnce } from './fold.js';
import {
  type Look,
  type Manifest,
  type Unit,
  UNIT_KINDS,
  look,
  publish,
  replacedUnits,
  touchedRow,
} from './manifest.js';
import type { SummaryStore } from '../storage/summary-store.js';
import { DIMENSION_NAMES, dimensionOf } from './dimensions.js';
import { ALWAYS, type Span, periodsOf } from './periods.js';
import { overlap, without } from './spans.js';

/** How long sealed summaries are kept, in milliseconds. */
export interface KeptSummaries {
  /** Days; `Infinity` for good, as for the others. */
  readonly daysMs: number;
  /** Rows whose keys name persons. */
  readonly callersMs: number;
}

/** What was sealed. */
export interface SealResult {
  /** The moment before which records may be deleted, in milliseconds since 1970; null if none may. */
  readonly untilMs: number | null;
  /** Whether more can be sealed, by another call. */
  readonly isMore: boolean;
  /** Whether all whole days before the cut are sealed, or there is nothing to seal. */
  readonly isComplete: boolean;
}

/**
 * Seals the days before a moment: from then on only summaries tell of them, and their records may be deleted. A day is sealed once it
 * is folded and no process is storing records of it. A seal is there before the first deletion; a process that then marks one of the
 * days sees it, or is seen when the seal is confirmed, by this process or another.
 *
 * @param cutMs - the moment before which records are too old, in milliseconds since 1970
 */
export async function sealBefore(
  settings: FoldSettings,
  kept: KeptSummaries,
  cutMs: number,
  signal: AbortSignal,
): Promise<SealResult> {
  const { store, now } = settings;
  const found = await look(store, signal);
  const { manifest } = found;
  const before = manifest?.confirmedMs ?? null;
  const targetMs = targetOf(found, settings, cutMs);
  const isComplete = targetMs >= periodsOf(settings.timeZone).dayOf(cutMs).startMs;
  // What the process that has sealed may have left undone is for the next call.
  if (manifest !== null && manifest.sealedMs !== before)
    return { ...(await confirm(settings, isComplete, signal)), isMore: true };
  // A process may be deleting records from the beginning of time on: then there is nothing before it to be sealed.
  const isOver = targetMs <= (before ?? ALWAYS.startMs);
  if (isOver && !hasOldRows(manifest, kept, now())) {
    await deletePersonal(settings, manifest, signal);
    return { untilMs: before, isMore: false, isComplete };
  }
  const open = isOver ? null : await foldOpen(settings, found, targetMs, signal);
  if (open !== null || manifest === null)
    return { untilMs: before, isMore: open?.isMore === true, isComplete: open === null && isComplete };
  const sealed = sealedManifest(manifest, Math.max(targetMs, before ?? targetMs), kept, now());
  if (!(await publish(store, sealed, randomUUID(), signal)))
    return { untilMs: before, isMore: true, isComplete: false };
  await deletePersonal(settings, { ...sealed, units: manifest.units }, signal);
  return isOver ? { untilMs: before, isMore: false, isComplete } : confirm(settings, isComplete, signal);
}

/** Confirms a seal, or takes it back where records of its days have arrived since it was planned: they are folded first. */
async function confirm(
  { store }: FoldSettings,
  isComplete: boolean,
  signal: AbortSignal,
): Promise<SealResult> {
  const { marks, manifest } = await look(store, signal);
  const { sealedMs = null, confirmedMs = null } = manifest ?? {};
  if (manifest === null || sealedMs === null || sealedMs === confirmedMs)
    return { untilMs: confirmedMs, isMore: false, isComplete };
  const span = { startMs: confirmedMs ?? ALWAYS.startMs, endMs: sealedMs };
  const isHeld = marks.some((mark) => overlap(mark, span));
  const next = isHeld ? { ...manifest, sealedMs: confirmedMs } : { ...manifest, confirmedMs: sealedMs };
  const isPublished = await publish(store, next, randomUUID(), signal);
  if (!isPublished || isHeld) return { untilMs: confirmedMs, isMore: true, isComplete: false };
  return { untilMs: sealedMs, isMore: false, isComplete };
}

/** The beginning of the day of the cut, or of the first one of which records may be under way. */
function targetOf({ marks, manifest }: Look, { timeZone }: FoldSettings, cutMs: number): number {
  const sealedMs = manifest?.sealedMs ?? ALWAYS.startMs;
  const held = marks
    .filter(({ isWriting, endMs }) => isWriting && endMs > sealedMs)
    .map(({ startMs }) => startMs);
  return periodsOf(manifest?.timeZone ?? timeZone).dayOf(Math.max(ALWAYS.startMs, Math.min(cutMs, ...held)))
    .startMs;
}

/**
 * Folds the newest day before a moment that has records and is not folded.
 *
 * @returns whether it makes sense to go on now, as what is marked may have to wait for a process that is storing records; null if all
 *   records before the moment are in days that are folded
 */
async function foldOpen(
  settings: FoldSettings,
  { marks, manifest }: Look,
  targetMs: number,
  signal: AbortSignal,
): Promise<Pick<SealResult, 'isMore'> | null> {
  const { store, reader, timeZone, now } = settings;
  const fold = async (): Promise<Pick<SealResult, 'isMore'>> => {
    const { folded, isMore } = await foldOnce(settings, signal);
    return { isMore: folded > 0 || isMore };
  };
  const span = { startMs: manifest?.sealedMs ?? ALWAYS.startMs, endMs: targetMs };
  if (marks.some((mark) => overlap(mark, span))) return fold();
  const days = (manifest?.units ?? []).filter(({ kind }) => kind === 'day');
  for (const gap of without(span, days).toReversed()) {
    const day = await newestDay(reader, gap, manifest?.timeZone ?? timeZone, signal);
    if (day === null) continue;
    await store.insert([touchedRow(day, randomUUID(), now())], signal);
    return fold();
  }
  return null;
}

/** The day of the newest record of a span; null if there is none. */
export async function newestDay(
  reader: FoldSettings['reader'],
  { startMs, endMs }: Span,
  timeZone: string,
  signal: AbortSignal,
): Promise<Span | null> {
  signal.throwIfAborted();
  const dates = {
    ...(startMs > ALWAYS.startMs && { startDate: new Date(startMs) }),
    ...(endMs < ALWAYS.endMs && { endDate: new Date(endMs) }),
  };
  for await (const { date } of reader.streamUsage({ ...dates, batchSize: 1 }))
    return periodsOf(timeZone).dayOf(date.getTime());
  return null;
}

function sealedManifest(
  manifest: Manifest,
  sealedMs: number,
  { daysMs, callersMs }: KeptSummaries,
  nowMs: number,
): Manifest {
  const callersCutMs = Math.max(ALWAYS.startMs, nowMs - callersMs);
  const anonymousMs = Math.min(sealedMs, periodsOf(manifest.timeZone).dayOf(callersCutMs).startMs);
  const isGone = ({ kind, endMs }: Unit): boolean =>
    endMs <= sealedMs && (kind === 'slice' || endMs <= nowMs - daysMs);
  const units = manifest.units
    .filter((unit) => !isGone(unit))
    .map((unit) => {
      if (unit.endMs > anonymousMs) return unit;
      return Object.assign({}, unit, { dimensions: unit.dimensions.filter((name) => !isPersonal(name)) });
    });
  return {
    ...manifest,
    sealedMs,
    anonymousMs: Math.max(anonymousMs, manifest.anonymousMs ?? anonymousMs),
    units,
    replaced: [...manifest.replaced, ...replacedUnits(manifest.units.filter(isGone), nowMs)],
  };
}

/** Whether a sealed manifest has rows that are to go by now. */
function hasOldRows(manifest: Manifest | null, kept: KeptSummaries, nowMs: number): boolean {
  if (manifest === null || manifest.sealedMs === null) return false;
  const next = sealedManifest(manifest, manifest.sealedMs, kept, nowMs);
  return next.units.length < manifest.units.length || next.anonymousMs !== manifest.anonymousMs;
}

/** A dimension that this process does not know may name persons. */
function isPersonal(name: string): boolean {
  return dimensionOf(name)?.isPersonal ?? true;
}

/** Until when this process has deleted what names persons. It does so once more than needed: another process may have died before. */
const deletedUntil = new WeakMap<SummaryStore, number>();

async function deletePersonal(
  { store, dimensions }: FoldSettings,
  manifest: Pick<Manifest, 'units' | 'anonymousMs'> | null,
  signal: AbortSignal,
): Promise<void> {
  const { units = [], anonymousMs = null } = manifest ?? {};
  if (anonymousMs === null || deletedUntil.get(store) === anonymousMs) return;
  const names = [
    ...units.flatMap((unit) => unit.dimensions),
    ...dimensions.map(({ name }) => name),
    ...DIMENSION_NAMES,
  ];
  for (const dimension of new Set(names.filter(isPersonal)))
    await store.delete({ kinds: UNIT_KINDS, dimension, beforeMs: anonymousMs }, signal);
  deletedUntil.set(store, anonymousMs);
}
