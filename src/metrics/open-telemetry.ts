import type { Attributes, Meter, ObservableCallback, ObservableResult } from '@opentelemetry/api';
import { type DropCounts, type StorageStats, countDropped } from '../pipeline/telling/accounting.js';

/** What OpenTelemetry calls the source of these metrics. */
const METER = 'koa-track-usage';

/** The attribute with a storage's name. Records that came while there was no storage are without it. */
const STORAGE = 'koa_track_usage.storage.name';

/** The attribute that tells storages of one name apart: 2 for the second. The first storage is without it. */
const INSTANCE = 'koa_track_usage.storage.instance';

/** The attribute that tells why a record was dropped, as OpenTelemetry names causes of failure. */
const REASON = 'error.type';

/** The figures of a storage, and of the folding of its records, if they are folded. */
export interface ObservedStorage extends StorageStats {
  /** How far its summaries are behind, in milliseconds; null while that is not known. */
  readonly behindMs: number | null;
  /** Folds that failed. */
  readonly foldFailures: number | null;
  /** Messages that wait in the stream that its records come from; null without a stream, or while that is not known. */
  readonly waiting: number | null;
}

/** The figures that are observed. */
export interface ObservedFigures {
  /** The figures of every storage; the order of the storages never changes. */
  readonly storages: readonly ObservedStorage[];
  /** Records that came while there was no storage. */
  readonly droppedWithoutStorage: DropCounts;
}

/**
 * Makes the figures of `stats()` metrics of OpenTelemetry, by the global meter provider. Nothing happens where
 * `@opentelemetry/api` is not installed. Names and units follow the semantic conventions for metrics
 * (opentelemetry.io/docs/specs/semconv/general/metrics): counters are monotonic sums, units in braces are counts.
 *
 * @param read - the figures now
 * @param onFailure - learns what the meter provider threw
 * @returns a function to call when the figures are final: they are collected once more, and then taken back
 */
export function observeMetrics(read: () => ObservedFigures, onFailure: (error: unknown) => void): () => void {
  const numbers = new InstanceNumbers();
  let hasEnded = false;
  let isOver = false;
  let takeBack: (() => void) | null = null;
  const end = (): void => {
    isOver = true;
    numbers.release();
    try {
      takeBack?.();
    } catch (error) {
      onFailure(error);
    }
  };
  // One more collection tells the records that closing has dropped. Its other callbacks may follow, so the end waits a turn.
  const collected = (): void => void (hasEnded && !isOver && setImmediate(end));
  // A callback that could not be taken back observes nothing any more.
  const readObserved = (): Observed[] => {
    if (isOver) return [];
    const { storages, droppedWithoutStorage } = read();
    const ofStorages = storages.map((stats, index) => observed(stats, numbers.of(index, stats.name)));
    return [...ofStorages, ...observedWithout(droppedWithoutStorage)];
  };
  void import('@opentelemetry/api')
    .then(
      ({ metrics }) => {
        takeBack = observeWith(metrics.getMeter(METER), readObserved, collected);
      },
      () => {},
    )
    .catch(onFailure);
  return () => {
    hasEnded = true;
  };
}

/** The statistics of a storage, as far as there are any, and the attributes that say whose they are. */
interface Observed {
  readonly stats: Partial<ObservedStorage>;
  readonly attributes: Attributes;
}

function observed(stats: ObservedStorage, number: number): Observed {
  const attributes = { [STORAGE]: stats.name };
  return { stats, attributes: number === 1 ? attributes : { ...attributes, [INSTANCE]: number } };
}

/** Records that came while there was no storage count as accepted and dropped, so that the sums are those of `stats()`. */
function observedWithout(droppedWithoutStorage: DropCounts): Observed[] {
  const accepted = countDropped(droppedWithoutStorage);
  return accepted === 0 ? [] : [{ stats: { accepted, dropped: droppedWithoutStorage }, attributes: {} }];
}

/** One figure of a storage, as a metric. Losses have a number for each reason. */
type Figure = readonly [
  name: string,
  kind: 'Counter' | 'UpDownCounter' | 'Gauge',
  unit: string,
  description: string,
  value: (stats: Partial<ObservedStorage>) => number | DropCounts | null | undefined,
];

const RECORDS = '{record}';

const FIGURES: readonly Figure[] = [
  ['record.accepted', 'Counter', RECORDS, 'Records handed over.', ({ accepted }) => accepted],
  ['record.stored', 'Counter', RECORDS, 'Records that the storage has confirmed.', ({ stored }) => stored],
  ['record.queued', 'UpDownCounter', RECORDS, 'Records that wait in memory.', ({ queued }) => queued],
  [
    'record.in_flight',
    'UpDownCounter',
    RECORDS,
    'Records that the storage works on.',
    (stats) => stats.inFlight,
  ],
  ['record.spooled', 'UpDownCounter', RECORDS, 'Records that wait on disk.', ({ spooled }) => spooled],
  ['record.oldest.age', 'Gauge', 's', 'How long the oldest record has waited.', oldestAgeSeconds],
  ['storage.retries', 'Counter', '{attempt}', 'Attempts that failed.', ({ retries }) => retries],
  ['summary.behind', 'Gauge', 's', 'How far summaries are behind the records.', behindSeconds],
  ['summary.failures', 'Counter', '{attempt}', 'Folds that failed.', ({ foldFailures }) => foldFailures],
  ['stream.waiting', 'Gauge', '{message}', 'Messages that wait in the stream.', ({ waiting }) => waiting],
  ['record.dropped', 'Counter', RECORDS, 'Records not stored.', ({ dropped }) => dropped],
];

function behindSeconds({ behindMs }: Partial<ObservedStorage>): number | null {
  return behindMs == null ? null : behindMs / 1000;
}

function oldestAgeSeconds({ oldestAgeMs }: Partial<StorageStats>): number | null {
  return oldestAgeMs == null ? null : oldestAgeMs / 1000;
}

/** @param collected - is called when the last figure has been read */
function observeWith(meter: Meter, read: () => readonly Observed[], collected: () => void): () => void {
  const observations = FIGURES.map((figure) => {
    const [name, kind, unit, description, value] = figure;
    const instrument = meter[`createObservable${kind}`](`koa_track_usage.${name}`, { unit, description });
    const callback: ObservableCallback = (result) => {
      for (const { stats, attributes } of read()) observe(result, value(stats), attributes);
      if (figure === FIGURES.at(-1)) collected();
    };
    return { instrument, callback };
  });
  for (const { instrument, callback } of observations) instrument.addCallback(callback);
  return () => {
    for (const { instrument, callback } of observations) instrument.removeCallback(callback);
  };
}

function observe(result: ObservableResult, now: ReturnType<Figure[4]>, attributes: Attributes): void {
  if (typeof now === 'number') result.observe(now, attributes);
  if (typeof now !== 'object' || now === null) return;
  for (const [reason, count] of Object.entries(now)) {
    if (count > 0) result.observe(count, { ...attributes, [REASON]: reason });
  }
}

/** The numbers that are taken in this process, by the storage's name. */
const taken = new Map<string, Set<number>>();

/**
 * Numbers the storages of one tracker, so that those of one name can be told apart in the whole process. A number is
 * used again when its tracker is closed, which keeps them few, as OpenTelemetry wants it of what stands in attributes
 * (the instance counter of `otel.component.name`, opentelemetry.io/docs/specs/semconv/registry/attributes/otel).
 */
export class InstanceNumbers {
  readonly #held: { readonly name: string; readonly number: number }[] = [];

  /**
   * The number of a storage: 1 for the first of its name.
   *
   * @param index - its place among the storages of the tracker
   */
  of(index: number, name: string): number {
    const { number } = (this.#held[index] ??= { name, number: take(name) });
    return number;
  }

  /** Gives the numbers back. */
  release(): void {
    for (const { name, number } of this.#held.splice(0)) taken.get(name)?.delete(number);
  }
}

function take(name: string): number {
  const numbers = taken.get(name) ?? new Set();
  taken.set(name, numbers);
  let number = 1;
  while (numbers.has(number)) number += 1;
  numbers.add(number);
  return number;
}
