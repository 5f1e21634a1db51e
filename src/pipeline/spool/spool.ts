import { readFile, unlink } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../time/clock.js';
import type { UsageRecord } from '../../record/usage-record.js';
import { decodeRecord } from '../../record/wire.js';
import { toError } from '../telling/report-log.js';
import { Waiters } from '../../time/waiters.js';
import { readAdopted } from './adopted-segment.js';
import { Intervals } from './intervals.js';
import { OwnFolder, hasVanished } from './own-folder.js';
import { PendingRecords } from './pending-records.js';
import { Reading, readSegment } from './segment.js';
import { type Segment, SegmentWriter } from './segment-writer.js';
import type { SpoolBatch, SpoolObserver, SpoolSettings } from './spool-contract.js';

/** After a failure the file system is left alone for so long, in milliseconds. */
const PAUSE_MS = 1000;
/** How often is forced to the disk with `fsync: 'interval'`, in milliseconds. */
const SYNC_INTERVAL_MS = 500;
/** How often other machines are shown that this process lives, in milliseconds. */
const LIFE_INTERVAL_MS = 30_000;
/** How often it is looked whether another process has died and left something, in milliseconds. */
const ADOPTION_INTERVAL_MS = 300_000;
/** Records that are encoded for one write, or decoded in one turn of the event loop. */
const TURN_RECORDS = 128;

/** The folder of this process, and who writes in it. */
interface Home {
  readonly folder: OwnFolder;
  readonly writer: SegmentWriter;
}

/**
 * Keeps records on disk for one storage: appended by one writer, taken segment by segment, deleted when they are
 * settled. What a process that died left in its folder is adopted at the start.
 */
export class Spool {
  readonly #settings: SpoolSettings;
  readonly #clock: Clock;
  readonly #observer: SpoolObserver;
  readonly #intervals: Intervals;
  #home: Home | null = null;
  /** Segments with records that nobody has begun to take, oldest first. */
  #segments: Segment[] = [];
  #reading: { readonly segment: Segment; readonly content: Reading } | null = null;
  readonly #pending = new PendingRecords();
  #bytes = 0;
  #unsettled = 0;
  /** One thing at a time is done to the files. */
  #turn: Promise<void> = Promise.resolve();
  #isWorking = false;
  readonly #waiters = new Waiters();
  #failedAtMs: number | null = null;
  #isClosed = false;

  constructor(settings: SpoolSettings, clock: Clock, observer: SpoolObserver) {
    this.#settings = settings;
    this.#clock = clock;
    this.#observer = observer;
    this.#intervals = new Intervals(clock);
    if (settings.fsync === 'interval') this.#regularly(SYNC_INTERVAL_MS, ({ writer }) => writer.sync());
    this.#regularly(LIFE_INTERVAL_MS, ({ folder }) => folder.showLife());
    this.#regularly(ADOPTION_INTERVAL_MS, async ({ folder }) => {
      await this.#adoptOrphans(folder);
      if (this.#unsettled > 0) this.#observer.ready();
    });
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
    const segment = this.#reading?.content.isEmpty === false ? this.#reading.segment : this.#segments[0];
    return segment?.oldestMs ?? this.#pending.first?.date.getTime() ?? null;
  }

  /** Whether the file system failed a moment ago, and is left alone for a while. */
  get isFailing(): boolean {
    return this.#failedAtMs !== null && this.#clock.monotonic() - this.#failedAtMs < PAUSE_MS;
  }

  /** Whether nothing has been written since the file system failed. */
  get hasFailed(): boolean {
    return this.#failedAtMs !== null;
  }

  /** Whether a record of this size would fit, on disk and in memory on its way there. */
  hasRoom(bytes: number): boolean {
    const { maxBytes, maxPendingBytes } = this.#settings;
    const pendingBytes = this.#pending.bytes + bytes;
    return this.#bytes + pendingBytes <= maxBytes && pendingBytes <= maxPendingBytes;
  }

  /** Has a record written. It is on disk once it has left `pending`. */
  append(record: UsageRecord, bytes: number): void {
    this.#pending.add(record, bytes);
    this.#startWork();
  }

  /** Takes the records that were never written, so that somebody else can see to them. */
  takePending(): UsageRecord[] {
    return this.#pending.take(Infinity);
  }

  /** Waits until everything that is pending now has been written, or has been returned. */
  async written(): Promise<void> {
    if (this.#isWorking) await this.#waiters.wait(this.#pending.added);
  }

  /**
   * Takes the oldest records, all of one segment: at least one, and no more than both bounds allow.
   *
   * @param maxBytes - of what stands on disk
   * @returns null if there are none
   * @throws what the file system threw, if trying again later can help
   */
  async take(maxRecords: number, maxBytes: number): Promise<SpoolBatch | null> {
    while (this.#reading === null || this.#reading.content.isEmpty) {
      if (!(await this.#openNext())) return null;
    }
    const { segment, content } = this.#reading;
    const records: UsageRecord[] = [];
    const taken = content.take(maxRecords, maxBytes);
    for (const [index, text] of taken.entries()) {
      if (index % TURN_RECORDS === TURN_RECORDS - 1) await nextTurn();
      try {
        records.push(decodeRecord(text));
      } catch (error) {
        this.#lose(segment, 'spool-corrupt', 1, error);
      }
    }
    return { records, isSpooled: true, settle: (count) => this.#settle(segment, count) };
  }

  /** Waits until what is pending is written, and gives the folder back. What is on disk stays. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    await this.written();
    this.#isClosed = true;
    this.#intervals.stop();
    await this.#exclusively(() => this.#leaveHome());
  }

  #startWork(): void {
    if (this.#isWorking || this.#isClosed) return;
    this.#isWorking = true;
    // Whoever calls may be a response that is about to close.
    void nextTurn().then(() => this.#writePending());
  }

  /** Writes what is pending. It never throws. */
  async #writePending(): Promise<void> {
    try {
      await this.#exclusively(() => this.#settleIn());
      while (this.#pending.length > 0) await this.#exclusively(() => this.#writeSome());
      this.#failedAtMs = null;
    } catch (thrown) {
      const error = toError(thrown);
      this.#failedAtMs = this.#clock.monotonic();
      if (hasVanished(error)) await this.#leaveHome();
      this.#isWorking = false;
      this.#observer.returned(this.takePending(), error);
    } finally {
      this.#isWorking = false;
      this.#waiters.release(Infinity);
    }
    if (this.#unsettled > 0) this.#observer.ready();
  }

  async #writeSome(): Promise<void> {
    const writer = await this.#settleIn();
    const some = this.#pending.peek(TURN_RECORDS);
    const { segment, count, bytes } = await writer.append(some, this.#settings.maxBytes - this.#bytes);
    // They were taken back meanwhile, by somebody who could not wait any longer and has given them up.
    if (this.#pending.first !== some[0]) return writer.takeBack(segment);
    // From here on in one go: at no instant is a record in two places, or in none.
    this.#pending.take(count === 0 ? some.length : count);
    if (count > 0) {
      if (segment.unsettled === 0) this.#segments.push(segment);
      segment.oldestMs ??= some[0]?.date.getTime() ?? null;
      segment.written += count;
      segment.unsettled += count;
      segment.bytes += bytes;
      this.#bytes += bytes;
      this.#unsettled += count;
    } else {
      this.#observer.overflowed(some);
    }
    this.#waiters.release(this.#pending.added - this.#pending.length);
  }

  /** Makes this process's folder, and adopts what others left, the first time and when the folder has vanished. */
  async #settleIn(): Promise<SegmentWriter> {
    if (this.#home !== null) return this.#home.writer;
    const folder = await OwnFolder.make(this.#settings.dir);
    this.#home = { folder, writer: new SegmentWriter(folder.path, this.#settings.fsync) };
    await this.#adoptOrphans(folder);
    return this.#home.writer;
  }

  async #adoptOrphans(folder: OwnFolder): Promise<void> {
    // What cannot be adopted stays where it is, for the next process.
    const report = (error: Error): void => this.#observer.returned([], error);
    const paths = await folder.adoptOrphans(report).catch(report);
    for (const path of paths ?? []) await this.#adopt(path).catch(report);
  }

  async #adopt(path: string): Promise<void> {
    const { segment, damaged } = await readAdopted(path);
    if (segment.written > 0) this.#segments.push(segment);
    this.#unsettled += segment.written;
    this.#bytes += segment.bytes;
    this.#observer.adopted(segment.written + damaged);
    if (damaged > 0) this.#observer.lost('spool-corrupt', damaged, null);
  }

  /** Gives the folder back, or what is left of one that has vanished. */
  async #leaveHome(): Promise<void> {
    const home = this.#home;
    this.#home = null;
    await home?.writer.seal().catch(() => {});
    await home?.folder.release().catch(() => {});
  }

  async #openNext(): Promise<boolean> {
    const segment = this.#segments[0];
    if (segment === undefined) return false;
    await this.#exclusively(async () => {
      if (this.#home?.writer.segment === segment) await this.#home.writer.seal();
    });
    const content = await readFile(segment.path).catch((error: Error) => {
      if (!hasVanished(error)) throw error;
      return error;
    });
    this.#segments.shift();
    if (content instanceof Error) {
      this.#lose(segment, 'spool-error', segment.unsettled, content);
      return true;
    }
    const { records } = readSegment(content);
    this.#reading = { segment, content: new Reading(records) };
    if (records.length < segment.written)
      this.#lose(segment, 'spool-corrupt', segment.written - records.length, null);
    return true;
  }

  #settle(segment: Segment, count: number): void {
    segment.unsettled -= count;
    this.#unsettled -= count;
    if (segment.unsettled > 0) return;
    this.#bytes -= segment.bytes;
    segment.bytes = 0;
    // If it cannot be deleted, somebody stores it again one day, and leaves one row a record.
    void this.#exclusively(() => unlink(segment.path)).catch(() => {});
  }

  #lose(segment: Segment, reason: 'spool-corrupt' | 'spool-error', count: number, error: unknown): void {
    this.#settle(segment, count);
    this.#observer.lost(reason, count, error === null ? null : toError(error));
  }

  /** What fails here fails again where somebody waits for it. */
  #regularly(intervalMs: number, action: (home: Home) => Promise<void>): void {
    this.#intervals.every(intervalMs, () => {
      void this.#exclusively(async () => (this.#home === null ? undefined : action(this.#home))).catch(
        () => {},
      );
    });
  }

  /** Runs after everything else that was begun on the files. */
  #exclusively<Result>(action: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(action);
    this.#turn = result.then(
      () => {},
      () => {},
    );
    return result;
  }
}
