import type { Meter, Observable, ObservableCallback, ObservableResult } from '@opentelemetry/api';
import type { StorageStats } from '../pipeline/accounting.js';

/** What OpenTelemetry calls the source of these metrics. */
const METER = 'koa-track-usage';

/** The attribute that tells storages apart. */
const STORAGE = 'koa_track_usage.storage.name';

/** The attribute that tells why a record was dropped, as OpenTelemetry names causes of failure. */
const REASON = 'error.type';

/**
 * Makes the figures of `stats()` metrics of OpenTelemetry, by the global meter provider, if `@opentelemetry/api` is
 * installed; if it is not, this does nothing. Names and units follow the semantic conventions for metrics
 * (opentelemetry.io/docs/specs/semconv/general/metrics): counters are monotonic sums, units in braces are counts.
 *
 * @param read - the statistics of every storage now
 * @returns takes the metrics back
 */
export function observeMetrics(read: () => readonly StorageStats[]): () => void {
  let isOver = false;
  let takeBack: (() => void) | null = null;
  void import('@opentelemetry/api').then(
    ({ metrics }) => {
      if (!isOver) takeBack = observeWith(metrics.getMeter(METER), read);
    },
    () => {},
  );
  return () => {
    isOver = true;
    takeBack?.();
  };
}

/** One figure of a storage, as a metric. */
interface Figure {
  readonly name: string;
  readonly kind: 'counter' | 'level' | 'gauge';
  readonly unit: string;
  readonly description: string;
  readonly value: (stats: StorageStats) => number | null;
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
    oldestAgeMs === null ? null : oldestAgeMs / 1000,
  ),
  figure('storage.retries', 'counter', '{attempt}', 'Attempts that failed.', ({ retries }) => retries),
];

function observeWith(meter: Meter, read: () => readonly StorageStats[]): () => void {
  const observations = FIGURES.map(({ value, ...of }) => {
    const callback: ObservableCallback = (result) => {
      for (const stats of read()) {
        const now = value(stats);
        if (now !== null) result.observe(now, { [STORAGE]: stats.name });
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
    callback: (result) => observeDropped(result, read()),
  });
  for (const { instrument, callback } of observations) instrument.addCallback(callback);
  return () => {
    for (const { instrument, callback } of observations) instrument.removeCallback(callback);
  };
}

function observeDropped(result: ObservableResult, storages: readonly StorageStats[]): void {
  for (const { name, dropped } of storages) {
    for (const [reason, count] of Object.entries(dropped)) {
      if (count > 0) result.observe(count, { [STORAGE]: name, [REASON]: reason });
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
