import { expect } from 'chai';
import { systemClock } from '../../src/time/clock.js';
import { TrackUsageError } from '../../src/errors.js';
import { noDrops } from '../../src/pipeline/telling/accounting.js';
import type { TrackUsageOptions } from '../../src/index.js';
import type { Pipeline } from '../../src/pipeline/pipeline.js';
import type { UsageRecord } from '../../src/record/usage-record.js';
import type { UsageStorage } from '../../src/storage/usage-storage.js';
import { expectBalanced } from './accounts.js';
import { laneTo } from './pipelines.js';
import { makeRecords } from './records.js';
import { until } from './until.js';

/** Short enough for specs; nobody would have it so. */
const IMPATIENT: TrackUsageOptions = {
  batch: { maxRecords: 100, maxDelayMs: 5 },
  retry: { minDelayMs: 20, maxDelayMs: 100, attemptTimeoutMs: 400 },
};

/** The way of records into a storage that is about to have a fault, in real time. */
export class FaultLane {
  readonly pipeline: Pipeline;
  /** What the attempts failed of. */
  readonly errors: Error[] = [];
  readonly #attempts: { readonly count: number };
  readonly #records: UsageRecord[] = [];

  constructor(storage: UsageStorage, retry: TrackUsageOptions['retry'] = {}) {
    const options = { ...IMPATIENT, retry: { ...IMPATIENT.retry, ...retry }, clock: systemClock };
    const { pipeline, attempts } = laneTo(storage, options);
    this.pipeline = pipeline;
    this.#attempts = attempts;
    pipeline.events.on('error', ({ error }) => this.errors.push(error));
  }

  /** The ids of all records that were handed over, in order. */
  get ids(): string[] {
    return this.#records.map(({ id }) => id).toSorted();
  }

  /** Hands over records, or so many of them. */
  accept(given: number | readonly UsageRecord[]): void {
    const records =
      typeof given === 'number' ? makeRecords(given, { date: new Date(), userAgent: LONG_AGENT }) : given;
    for (const record of records) this.pipeline.accept(record);
    this.#records.push(...records);
    expectBalanced(this.pipeline.stats());
  }

  /** Waits until so many attempts have failed. */
  failed(times: number): Promise<void> {
    return until(() => this.errors.length >= times, `${times} attempts have failed`, 5);
  }

  /** Waits until an attempt has failed for a reason that only a person can do something about. */
  async asked(): Promise<string> {
    const find = (): Error | undefined => this.errors.find((error) => codeOf(error) === 'STORAGE_SETUP');
    await until(() => find() !== undefined, 'a person is asked for help', 5);
    return find()?.message ?? '';
  }

  /** Waits until all is stored, and nothing was lost. */
  async stored(): Promise<void> {
    const isStored = (): boolean => this.pipeline.stats().stored === this.#records.length;
    await until(isStored, 'everything is stored', 5).catch((error: unknown) => {
      throw new Error(JSON.stringify({ ...this.pipeline.stats(), errors: this.errors.map(String) }), {
        cause: error,
      });
    });
    const stats = this.pipeline.stats();
    expectBalanced(stats);
    expect(stats).to.include({ accepted: this.#records.length, queued: 0, inFlight: 0, spooled: 0 });
    expect(stats.dropped).to.deep.equal(noDrops());
    const [lane] = stats.storages;
    expect(lane).to.include({ failures: 0, retries: this.errors.length });
    expect(this.#attempts.count).to.be.at.least(this.errors.length + 1);
  }

  /** Every attempt that failed said that time may help, or only these. */
  expectTransient(...others: readonly string[]): void {
    const codes = this.errors.map((error) => codeOf(error) ?? String(error));
    expect(codes).to.have.length.above(0);
    expect(codes.filter((code) => !TRANSIENT.has(code) && !others.includes(code))).to.deep.equal([]);
  }
}

/** Codes of the errors that time may help. */
const TRANSIENT = new Set<string>(['STORAGE_UNAVAILABLE', 'STORAGE_TIMEOUT']);

/** Makes rows large enough for a batch to be more than one packet of the network. */
const LONG_AGENT = {
  browser: 'Firefox',
  version: '143.0',
  platform: 'Linux',
  language: 'de-CH',
  string: 'x'.repeat(400),
};

function codeOf(error: Error): string | undefined {
  return error instanceof TrackUsageError ? error.code : undefined;
}
