import type { Attributes, Meter, Observable, ObservableCallback, ObservableResult } from '@opentelemetry/api';
import { type DropCounts, type StorageStats, countDropped } from '../pipeline/telling/accounting.js';
import { InstanceNumbers } from './instance-numbers.js';

/** What OpenTelemetry calls the source of these metrics. */
const METER = 'koa-track-usage';

/** The attribute that tells storages apart; records that came while there was none are without it. */
const STORAGE = 'koa_track_usage.storage.name';

/** The attribute that tells storages of one name apart: 2 for the second. The first one does not need it. */
const INSTANCE = 'koa_track_usage.storage.instance';

/** The attribute that tells why a record was dropped, as OpenTelemetry names causes of failure. */
const REASON = 'error.type';

/** The figures that are observed. */
export interface ObservedFigures {
  /** Those of every storage, always in the same order. */
  readonly storages: readonly StorageStats[];
  /** Records that came while there was no storage. */
  readonly droppedWithoutStorage: DropCounts;
}

/**
 * Makes the figures of `stats()` metrics of OpenTelemetry, by the global meter provider, if `@opentelemetry/api` is
 * installed; if it is not, this does nothing. Names and units follow the semantic conventions for metrics
 * (opentelemetry.io/docs/specs/semconv/general/metrics): counters are monotonic sums, units in braces are counts.
 *
 * @param read - the figures now
 * @param onFailure - learns what the meter provider threw
 * @returns is told when the figures have come to their end; they are collected once more, and then taken back
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
  // Not before: what a tracker drops when it is closed is told by nobody else. Other callbacks of the collection may follow.
  const collected = (): void => void (hasEnded && !isOver && setImmediate(end));
  // What could not be taken back has nothing to say any more.
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
  readonly stats: Partial<StorageStats>;
  readonly attributes: Attributes;
}

function observed(stats: StorageStats, number: number): Observed {
  const attributes = { [STORAGE]: stats.name };
  return { stats, attributes: number === 1 ? attributes : { ...attributes, [INSTANCE]: number } };
}

/** What came while there was no storage counts as accepted and dropped, so that the sums are those of `stats()`. */
function observedWithout(droppedWithoutStorage: DropCounts): Observed[] {
  const accepted = countDropped(droppedWithoutStorage);
  return accepted === 0 ? [] : [{ stats: { accepted, dropped: droppedWithoutStorage }, attributes: {} }];
}

/** One figure of a storage, as a metric. */
interface Figure {
  readonly name: string;
  readonly kind: 'counter' | 'level' | 'gauge';
  readonly unit: string;
  readonly description: string;
  readonly value: (stats: Partial<StorageStats>) => number | null | undefined;
}

const FIGURES: readonly Figure[] = [
  figure('record.accepted', 'counter', '{record}', 'Records handed over.', ({ accepted }) => accepted),
  figure(
    'record.stored',
    'counter',
    '{record}',
    'Records that the storage has confirmed.',
    ({ stored }) => stored,
  ),
  figure('record.queued', 'level', '{record}', 'Records that wait in memory.', ({ queued }) => queued),
  figure(
    'record.in_flight',
    'level',
    '{record}',
    'Records that the storage works on.',
    ({ inFlight }) => inFlight,
  ),
  figure('record.spooled', 'level', '{record}', 'Records that wait on disk.', ({ spooled }) => spooled),
  figure('record.oldest.age', 'gauge', 's', 'How long the oldest record has waited.', ({ oldestAgeMs }) =>
    oldestAgeMs == null ? null : oldestAgeMs / 1000,
  ),
  figure('storage.retries', 'counter', '{attempt}', 'Attempts that failed.', ({ retries }) => retries),
];

/** @param collected - is called when figures have been read */
function observeWith(meter: Meter, read: () => readonly Observed[], collected: () => void): () => void {
  const observations = FIGURES.map(({ value, ...of }) => {
    const callback: ObservableCallback = (result) => {
      for (const { stats, attributes } of read()) {
        const now = value(stats);
        if (now != null) result.observe(now, attributes);
      }
    };
    return { instrument: instrumentOf(meter, of), callback };
  });
  const dropped = {
    name: 'record.dropped',
    kind: 'counter',
    unit: '{record}',
    description: 'Records not stored.',
  } as const;
  observations.push({
    instrument: instrumentOf(meter, dropped),
    callback: (result) => {
      observeDropped(result, read());
      collected();
    },
  });
  for (const { instrument, callback } of observations) instrument.addCallback(callback);
  return () => {
    for (const { instrument, callback } of observations) instrument.removeCallback(callback);
  };
}

function observeDropped(result: ObservableResult, storages: readonly Observed[]): void {
  for (const { stats, attributes } of storages) {
    for (const [reason, count] of Object.entries(stats.dropped ?? {})) {
      if (count > 0) result.observe(count, { ...attributes, [REASON]: reason });
    }
  }
}

function instrumentOf(meter: Meter, { name, kind, unit, description }: Omit<Figure, 'value'>): Observable {
  const fullName = `koa_track_usage.${name}`;
  if (kind === 'counter') return meter.createObservableCounter(fullName, { unit, description });
  if (kind === 'gauge') return meter.createObservableGauge(fullName, { unit, description });
  return meter.createObservableUpDownCounter(fullName, { unit, description });
}

function figure(
  name: string,
  kind: Figure['kind'],
  unit: string,
  description: string,
  value: Figure['value'],
): Figure {
  return { name, kind, unit, description, value };
}
