import { unlink } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../time/clock.js';
import type { UsageRecord } from '../../record/usage-record.js';
import { toError } from '../telling/report-log.js';
import { RecordQueue, type TakenBatch } from '../record-queue.js';
import { Waiters } from '../../time/waiters.js';
import { adoptOrphans } from './adoption.js';
import { OwnFolder, hasVanished } from './own-folder.js';
import { readRegularFile } from './regular-file.js';
import { TURN_RECORDS, readSegment, takeRecords } from './segment.js';
import { type Segment, SegmentWriter } from './segment-writer.js';
import type { RecordSpool, SpoolObserver, SpoolSettings } from './spool-contract.js';
import { Turns } from './turns.js';

/** After a failure the file system is left alone for so long, in milliseconds. */
const PAUSE_MS = 1000;
/** How often records are forced to the disk with `fsync: 'interval'`, in milliseconds. */
const SYNC_INTERVAL_MS = 500;
/** How often other machines are shown that this process lives, in milliseconds. */
const LIFE_INTERVAL_MS = 30_000;
/** How often the spool looks for segments of processes that have died, in milliseconds. */
const ADOPTION_INTERVAL_MS = 300_000;

/**
 * Keeps records on disk for one storage: appended by one writer, taken segment by segment, deleted when they are
 * settled. The segments of processes that died are adopted at the start, and now and then.
 */
export class Spool implements RecordSpool {
  readonly #settings: SpoolSettings;
  readonly #clock: Clock;
  readonly #observer: SpoolObserver;
  /** The folder of this process, and who writes in it. */
  #home: { readonly folder: OwnFolder; readonly writer: SegmentWriter } | null = null;
  /** Segments with records that nobody has begun to take, oldest first. */
  #segments: Segment[] = [];
  /** The segment that is taken from, and its records that have not been taken, as JSON. */
  #reading: { readonly segment: Segment; readonly json: string[] } | null = null;
  /** Records that wait in memory to be written. */
  readonly #pending = new RecordQueue();
  #bytes = 0;
  #unsettled = 0;
  readonly #turns: Turns;
  #isWorking = false;
  #isReading = false;
  /** Resolves when the segments of others have been adopted, or nobody waits for them any longer; null if nobody adopts any. */
  #adoption: PromiseWithResolvers<void> | null = null;
  readonly #waiters = new Waiters();
  #failedAtMs: number | null = null;
  #unreadAtMs: number | null = null;
  #isClosed = false;

  constructor(settings: SpoolSettings, clock: Clock, observer: SpoolObserver) {
    this.#settings = settings;
    this.#clock = clock;
    this.#observer = observer;
    this.#turns = new Turns(clock, () => this.#giveBack());
    if (settings.fsync === 'interval')
      this.#turns.every(SYNC_INTERVAL_MS, async () => this.#home?.writer.sync());
    this.#turns.every(LIFE_INTERVAL_MS, async () => this.#home?.folder.showLife());
    this.#turns.every(ADOPTION_INTERVAL_MS, async () => void this.#adopt());
    this.#startWork();
  }

  /** Records that wait in memory to be written. */
  get pending(): number {
    return this.#pending.length;
  }

  /** Records on disk that are not settled, those that were taken included. */
  get length(): number {
    return this.#unsettled;
  }

  /** When the oldest record was made, in milliseconds since 1970; null if that is not known. */
  get oldestMs(): number | null {
    const segment = this.isReady ? this.#reading?.segment : this.#segments[0];
    return segment?.oldestMs ?? this.#pending.first?.date.getTime() ?? null;
  }

  /** Whether the file system failed a moment ago or does not answer, so that nothing is to be written. */
  get isFailing(): boolean {
    return this.#turns.areStalled || this.#clock.monotonic() - (this.#failedAtMs ?? -Infinity) < PAUSE_MS;
  }

  /** Whether the file system does not answer, or nothing has been written, or read, since it failed. */
  get hasFailed(): boolean {
    return this.#turns.areStalled || this.#failedAtMs !== null || this.#unreadAtMs !== null;
  }

  /** Whether records can be taken at once. */
  get isReady(): boolean {
    return this.#reading !== null && this.#reading.json.length > 0;
  }

  /** Whether records are being read that can be taken soon. */
  get isReading(): boolean {
    return this.#isReading && !this.#turns.areStalled;
  }

  /** Whether the records on disk can be had, as far as is known. */
  get isReadable(): boolean {
    return !this.#turns.areStalled && !(this.#clock.monotonic() - (this.#unreadAtMs ?? -Infinity) < PAUSE_MS);
  }

  /** Whether a record of this size would fit, on disk and in memory on its way there. */
  hasRoom(bytes: number): boolean {
    const { maxBytes, maxPendingBytes } = this.#settings;
    const pendingBytes = this.#pending.bytes + bytes;
    return this.#bytes + pendingBytes <= maxBytes && pendingBytes <= maxPendingBytes;
  }

  /** Has a record written. It is on disk once it has left `pending`. */
  append(record: UsageRecord, bytes: number): void {
    this.#pending.push(record, bytes);
    this.#startWork();
  }

  /** Takes the records that were never written, so that others can see to them. */
  takePending(): UsageRecord[] {
    return this.#pending.take(Infinity).records;
  }

  /** Waits, if the disk answers, until all pending records have been written or returned, and all segments of others adopted. */
  async written(): Promise<void> {
    if (this.#turns.areStalled) return;
    if (this.#isWorking) await this.#waiters.wait(this.#pending.taken + this.#pending.length);
    await this.#adoption?.promise;
  }

  /** Reads the segment that is taken from next, and tells when its records can be taken or cannot be had. Never throws. */
  async read(): Promise<void> {
    if (this.#isReading || !this.isReadable) return;
    this.#isReading = true;
    try {
      while (!this.isReady && this.#segments.length > 0) await this.#turns.run(() => this.#openNext());
      this.#unreadAtMs = null;
    } catch (error) {
      this.#unreadAtMs = this.#clock.monotonic();
      // The other segments need not wait for a segment that cannot be read.
      this.#segments.push(...this.#segments.splice(0, 1));
      this.#observer.returned([], toError(error));
    }
    this.#isReading = false;
    this.#observer.ready();
  }

  /**
   * Takes the oldest records, all of one segment: at least one, and no more than both bounds allow.
   *
   * @param maxBytes - of the records as they stand on disk
   * @returns null if there are none, or they cannot be had now
   */
  async take(maxRecords: number, maxBytes: number): Promise<TakenBatch | null> {
    if (!this.isReady) await this.read();
    if (this.#reading === null || !this.isReady) return null;
    const { segment, json } = this.#reading;
    const lose = (error: unknown): void => this.#lose(segment, 'spool-corrupt', 1, error);
    const records = await takeRecords(json, maxRecords, maxBytes, lose);
    return {
      records,
      isSpooled: true,
      sinceMs: segment.sinceMs,
      settle: (count) => this.#settle(segment, count),
    };
  }

  /** Waits until the pending records are written, and gives the folder back. The records on disk stay. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    await this.written();
    this.#isClosed = true;
    this.#turns.stop();
    await this.#turns.run(() => this.#moveOut());
  }

  #startWork(): void {
    if (this.#isWorking || this.#isClosed) return;
    this.#isWorking = true;
    // The caller may be about to make more records.
    void nextTurn().then(() => this.#writePending());
  }

  /** Writes the pending records. Never throws. */
  async #writePending(): Promise<void> {
    try {
      await this.#turns.run(() => this.#moveIn());
      while (this.#pending.length > 0) await this.#turns.run(() => this.#writeSome());
      this.#failedAtMs = null;
    } catch (thrown) {
      const error = toError(thrown);
      this.#failedAtMs = this.#clock.monotonic();
      if (hasVanished(error)) await this.#turns.run(() => this.#moveOut());
      this.#isWorking = false;
      this.#observer.returned(this.takePending(), error);
    } finally {
      this.#isWorking = false;
      this.#waiters.release(Infinity);
    }
    if (this.#unsettled > 0) this.#observer.ready();
  }

  async #writeSome(): Promise<void> {
    const writer = await this.#moveIn();
    const some = this.#pending.peek(TURN_RECORDS);
    const { segment, count, bytes } = await writer.append(some, this.#settings.maxBytes - this.#bytes);
    // The records were taken back meanwhile, by a lane that could wait no longer and has given them up.
    if (this.#pending.first !== some[0]) return writer.takeBack(segment);
    // From here on in one go: at no instant is a record in two places, or in none.
    this.#pending.take(count === 0 ? some.length : count);
    if (count > 0) {
      if (segment.unsettled === 0) this.#segments.push(segment);
      segment.oldestMs ??= some[0]?.date.getTime() ?? null;
      segment.sinceMs = this.#clock.monotonic();
      segment.written += count;
      segment.unsettled += count;
      segment.bytes += bytes;
      this.#bytes += bytes;
      this.#unsettled += count;
    } else {
      this.#observer.returned(some, null);
    }
    this.#waiters.release(this.#pending.taken);
  }

  /** The file system does not answer: the records that it was to take in go elsewhere, and nobody waits for it. */
  #giveBack(): void {
    const error = new Error(`the disk of '${this.#settings.dir}' does not answer`);
    this.#observer.returned(this.takePending(), error);
    this.#adoption?.resolve();
    this.#waiters.release(Infinity);
    this.#observer.ready();
  }

  /** Makes this process's folder and adopts the segments of others, the first time and after the folder has vanished. */
  async #moveIn(): Promise<SegmentWriter> {
    if (this.#home !== null) return this.#home.writer;
    const folder = await OwnFolder.make(this.#settings.dir);
    this.#home = { folder, writer: new SegmentWriter(folder.path, this.#settings.fsync) };
    void this.#adopt();
    return this.#home.writer;
  }

  /** Adopts the segments of processes that died, unless that is under way. Never throws. */
  async #adopt(): Promise<void> {
    if (this.#home === null || this.#adoption !== null) return;
    const adoption = Promise.withResolvers<void>();
    this.#adoption = adoption;
    await adoptOrphans(this.#home.folder, this.#turns, this.#observer, (segment) => {
      // Nobody can tell for how long its records waited before: their clock may have been wrong.
      segment.sinceMs = this.#clock.monotonic();
      this.#segments.push(segment);
      this.#unsettled += segment.written;
      this.#bytes += segment.bytes;
    });
    adoption.resolve();
    this.#adoption = null;
    this.#observer.ready();
  }

  /** Gives the folder back, or what is left of one that has vanished. */
  async #moveOut(): Promise<void> {
    const home = this.#home;
    this.#home = null;
    await home?.writer.end().catch(() => {});
    await home?.folder.release().catch(() => {});
  }

  async #openNext(): Promise<void> {
    const segment = this.#segments[0] as Segment;
    if (this.#home?.writer.segment === segment) await this.#home.writer.end();
    const content = await readRegularFile(segment.path).catch((error: Error) => {
      if (!hasVanished(error)) throw error;
      return error;
    });
    this.#segments.shift();
    if (content instanceof Error) return this.#lose(segment, 'spool-error', segment.unsettled, content);
    const { records } = readSegment(content);
    const missing = segment.written - records.length;
    this.#reading = { segment, json: records };
    if (missing > 0) this.#lose(segment, 'spool-corrupt', missing, null);
  }

  #settle(segment: Segment, count: number): void {
    segment.unsettled -= count;
    this.#unsettled -= count;
    if (segment.unsettled > 0) return;
    this.#bytes -= segment.bytes;
    segment.bytes = 0;
    // The records of a segment that cannot be deleted are stored again one day, which leaves one row a record.
    void this.#turns.run(() => unlink(segment.path)).catch(() => {});
  }

  #lose(segment: Segment, reason: 'spool-corrupt' | 'spool-error', count: number, error: unknown): void {
    this.#settle(segment, count);
    this.#observer.lost(reason, count, error === null ? null : toError(error));
  }
}
