import { type RetryOptions, refuseContradictoryTimes } from '../options/delivery-options.js';
import { type Settings, refuseOption } from '../option-reader.js';
import { batchFor } from '../pipeline/lane/lane-settings.js';
import { Pipeline, type CloseResult } from '../pipeline/pipeline.js';
import type { Health, TrackerStats } from '../pipeline/telling/accounting.js';
import type { TrackerEventMap, TrackerEventName } from '../pipeline/telling/events.js';
import type { RetentionStats } from '../pipeline/retention/retention.js';
import type { Seal } from '../pipeline/retention/old-records.js';
import { type UsageSource, isSource } from '../storage/usage-source.js';
import { type UsageStorage, isStorage } from '../storage/usage-storage.js';
import type { FolderStats } from '../summary/folder.js';
import { within } from '../time/within.js';
import { Folding } from '../usage-tracker/folding.js';
import { measure } from '../usage-tracker/measure.js';
import { type ConsumeOptions, type ConsumeSettings, resolveConsumeOptions } from './consume-options.js';
import { SourceSpool } from './source-spool.js';

/** A worker takes no records but those of the stream, which wait there. */
const NO_QUEUE = { maxBytes: Infinity, overflow: 'drop-newest' } as const;

/** How long closing may take by default, in milliseconds. */
const CLOSE_MS = 5000;

/** How long the source may take to close where no time is left, in milliseconds. */
const SOURCE_GRACE_MS = 50;

/** A source that may hold a connection open. */
type ClosableSource = UsageSource & { close?(): Promise<void> };

/** What a worker has of its stream. */
export interface SourceStats {
  /** The name of the stream's storage, such as `jetstream`. */
  readonly name: string;
  /** Messages that wait and no worker has, as the stream said last; null while that is not known. */
  readonly waiting: number | null;
  /** Records that had been delivered before, to this worker or another: they are accepted and stored again, and remain one row each. */
  readonly redelivered: number;
  /** Dead letters that the stream has taken. */
  readonly deadLetters: number;
  /** Attempts at keeping a dead letter that failed. */
  readonly deadLetterFailures: number;
  /** Attempts at reading the stream that failed. */
  readonly failures: number;
}

/** What became of the records that a worker was given: `spooled` are those that it holds, and that are still in the stream. */
export interface WorkerStats extends TrackerStats {
  readonly source: SourceStats;
  /** What became of the records that were too old; null while all are kept until somebody deletes them. */
  readonly retention: RetentionStats | null;
  /** What became of the folding of records into summaries; empty with `summaries: false`. */
  readonly summaries: readonly FolderStats[];
}

/** The handle of a worker. */
export interface UsageWorker {
  /** What became of the records so far. */
  stats(): WorkerStats;
  /** How the worker does: `failing` after a loss, `degraded` while the storage, the stream, retention or folding fails, else `ok`. */
  health(): Health;
  /** Calls the listener on every event of this name, as a tracker's `on` does. */
  on<Name extends TrackerEventName>(name: Name, listener: (...payload: TrackerEventMap[Name]) => void): this;
  /** Removes a listener. */
  off<Name extends TrackerEventName>(name: Name, listener: (...payload: TrackerEventMap[Name]) => void): this;
  /**
   * Takes no further messages, stores what it holds, gives back to the stream what is left when the time is over, and closes the storage and
   * the source. A second call returns the first one's answer.
   *
   * @param options - `timeoutMs`: how long all of it may take, in milliseconds. @default 5_000
   * @returns how many records were stored and dropped since the start; `spooled` were given back
   */
  close(options?: { readonly timeoutMs?: number | undefined }): Promise<CloseResult>;
}

/**
 * Stores what a stream holds in a storage, until it is closed: it acknowledges what is stored, keeps as dead letters what the storage refuses,
 * and leaves the rest in the stream. It sums up and deletes what is too old as a tracker of that storage does. Several workers may share
 * a stream.
 *
 * ```ts
 * const worker = consumeUsage(await JetStreamStorage.connect({ servers, stream: 'usage' }), await SqlStorage.connect({ … }));
 * process.once('SIGTERM', () => void worker.close());
 * ```
 *
 * @throws {TrackUsageError} `INVALID_OPTION` if the source, the storage or an option cannot be used
 */
export function consumeUsage(
  source: ClosableSource,
  storage: UsageStorage,
  options: ConsumeOptions = {},
): UsageWorker {
  if (!isSource(source)) refuse('source', source, 'a source of records, such as a JetStreamStorage');
  // A stream that stores what it hands out would take it for a repetition, and lose it.
  if (!isStorage(storage) || storage.isReadOnly || isSource(storage))
    refuse('storage', storage, 'a storage that keeps records, which a stream and one that only reads do not');
  return startWorker(source, storage, resolveConsumeOptions(options));
}

/**
 * Starts a worker.
 *
 * @throws {TrackUsageError} `INVALID_OPTION` if options cannot be used together, or the source is only looked at
 */
export function startWorker(
  source: ClosableSource,
  storage: UsageStorage,
  settings: ConsumeSettings,
): UsageWorker {
  const patient = { ...settings, retry: { ...settings.retry, maxAgeMs: Infinity } };
  refuseContradictoryTimes('consumeUsage', patient);
  if (source.isReadOnly)
    refuse('source', source, "a source without 'readOnly', as a worker takes records out of it");
  return new Worker(source, storage, patient);
}

function refuse(name: string, value: unknown, expected: string): never {
  return refuseOption({ subject: 'consumeUsage', name }, value, expected);
}

/** Records wait in the stream for as long as it takes. */
type PatientSettings = ConsumeSettings & { readonly retry: Settings<RetryOptions> };

class Worker implements UsageWorker {
  readonly #source: ClosableSource;
  readonly #settings: PatientSettings;
  readonly #pipeline: Pipeline;
  readonly #folding: Folding;
  readonly #spool: SourceSpool;
  readonly #endMetrics: () => void;
  #closing: Promise<CloseResult> | null = null;

  constructor(source: ClosableSource, storage: UsageStorage, settings: PatientSettings) {
    this.#source = source;
    this.#settings = settings;
    const { clock, retry, consumer, metrics } = settings;
    const batch = batchFor(storage, settings);
    const fault = (what: string, error: unknown): void =>
      this.#pipeline.fault(`${what} '${source.name}'`, error);
    const spool = new SourceSpool(source.feed(consumer), {
      clock,
      retry,
      mostRecords: 2 * batch.maxRecords,
      fault,
    });
    this.#spool = spool;
    const open = (): readonly UsageStorage[] => {
      this.#folding.open([storage]);
      return [storage];
    };
    const seal: Seal = (...asked) => this.#folding.seal(...asked);
    const queue = { ...NO_QUEUE, maxRecords: 2 * batch.maxRecords };
    const mode = 'wal';
    this.#pipeline = new Pipeline(
      { ...settings, batch, queue, spool: { mode, open: (observer) => spool.open(observer) } },
      open,
      seal,
    );
    this.#folding = new Folding(settings, this.#pipeline);
    this.#pipeline.events.on('drop', spool.onDrop);
    this.#pipeline.open();
    const read = (): TrackerStats => this.#pipeline.stats();
    this.#endMetrics = metrics ? measure(read, this.#pipeline, this.#folding, () => spool.waiting) : () => {};
  }

  stats(): WorkerStats {
    const { waiting, redelivered, letters, reading } = this.#spool;
    const { retention } = this.#pipeline;
    const source = {
      name: this.#source.name,
      waiting,
      redelivered,
      deadLetters: letters.kept,
      deadLetterFailures: letters.attempts.failures,
      failures: reading.failures,
    };
    return { ...this.#pipeline.stats(), source, retention, summaries: this.#folding.stats() };
  }

  health(): Health {
    const health = this.#pipeline.health();
    return health === 'ok' && this.#folding.isFailing ? 'degraded' : health;
  }

  on<Name extends TrackerEventName>(name: Name, listener: (...payload: TrackerEventMap[Name]) => void): this {
    this.#pipeline.events.on(name, listener);
    return this;
  }

  off<Name extends TrackerEventName>(
    name: Name,
    listener: (...payload: TrackerEventMap[Name]) => void,
  ): this {
    this.#pipeline.events.off(name, listener);
    return this;
  }

  close({ timeoutMs = CLOSE_MS }: { readonly timeoutMs?: number | undefined } = {}): Promise<CloseResult> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  async #close(timeoutMs: number): Promise<CloseResult> {
    const { clock } = this.#settings;
    const endMs = clock.monotonic() + timeoutMs;
    const leftMs = (): number => Math.max(0, endMs - clock.monotonic());
    this.#spool.stop();
    await within(clock, leftMs() / 2, this.#folding.close());
    const result = await this.#pipeline.close(leftMs());
    this.#endMetrics();
    await this.#closeSource(Math.max(leftMs(), SOURCE_GRACE_MS));
    return result;
  }

  /** Never rejects: what was not given back is delivered again in any case. */
  async #closeSource(timeoutMs: number): Promise<void> {
    const source = this.#source;
    const what = `closing the stream '${source.name}'`;
    // A source may throw before it returns a promise.
    const closing = (async () => source.close?.())().catch((error: unknown) => {
      this.#pipeline.fault(what, error);
    });
    if (await within(this.#settings.clock, timeoutMs, closing)) return;
    this.#pipeline.warn(what, `${what} takes longer than ${timeoutMs} ms; it is left to itself.`);
  }
}
