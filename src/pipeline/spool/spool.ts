import { readFile, unlink } from 'node:fs/promises';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../clock.js';
import type { UsageRecord } from '../../record/usage-record.js';
import { decodeRecord } from '../../record/wire.js';
import { toError } from '../report-log.js';
import { Intervals } from './intervals.js';
import { OwnFolder } from './own-folder.js';
import { readSegment } from './segment.js';
import { type Segment, SegmentWriter } from './segment-writer.js';
import type { SpoolBatch, SpoolObserver, SpoolSettings } from './spool-contract.js';

/** After a failure the file system is left alone for so long, in milliseconds. */
const PAUSE_MS = 1000;
/** How often is forced to the disk with `fsync: 'interval'`, in milliseconds. */
const SYNC_INTERVAL_MS = 500;
/** How often other machines are shown that this process lives, in milliseconds. */
const LIFE_INTERVAL_MS = 30_000;
/** Records that are encoded for one write, or decoded in one turn of the event loop. */
const TURN_RECORDS = 128;

/** The folder of this process, and who writes in it. */
interface Home {
  readonly folder: OwnFolder;
  readonly writer: SegmentWriter;
}

/** A segment that is being taken from. */
interface Reading {
  readonly segment: Segment;
  /** Records that have not been taken, as JSON. */
  readonly json: string[];
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
  #reading: Reading | null = null;
  #pending: { record: UsageRecord; bytes: number }[] = [];
  #pendingBytes = 0;
  #bytes = 0;
  #unsettled = 0;
  /** One thing at a time is done to the files. */
  #turn: Promise<void> = Promise.resolve();
  #work: Promise<void> = Promise.resolve();
  #isWorking = false;
  #failedAtMs: number | null = null;
  #isClosed = false;

  constructor(settings: SpoolSettings, clock: Clock, observer: SpoolObserver) {
    this.#settings = settings;
    this.#clock = clock;
    this.#observer = observer;
    this.#intervals = new Intervals(clock);
    if (settings.fsync === 'interval') this.#regularly(SYNC_INTERVAL_MS, ({ writer }) => writer.sync());
    this.#regularly(LIFE_INTERVAL_MS, ({ folder }) => folder.showLife());
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
    return (this.#reading?.json.length ? this.#reading.segment : this.#segments[0])?.oldestMs ?? null;
  }

  /** Whether the file system failed a moment ago, and is left alone for a while. */
  get isFailing(): boolean {
    return this.#failedAtMs !== null && this.#clock.monotonic() - this.#failedAtMs < PAUSE_MS;
  }

  /** Whether a record of this size would fit, on disk and in memory on its way there. */
  hasRoom(bytes: number): boolean {
    const { maxBytes, maxPendingBytes } = this.#settings;
    return (
      this.#bytes + this.#pendingBytes + bytes <= maxBytes && this.#pendingBytes + bytes <= maxPendingBytes
    );
  }

  /** Has a record written. It is on disk once it has left `pending`. */
  append(record: UsageRecord, bytes: number): void {
    this.#pending.push({ record, bytes });
    this.#pendingBytes += bytes;
    this.#startWork();
  }

  /** Takes the records that were never written, so that somebody else can see to them. */
  takePending(): UsageRecord[] {
    this.#pendingBytes = 0;
    return this.#pending.splice(0).map(({ record }) => record);
  }

  /** Waits until everything that is pending now has been written, or has been returned. */
  async written(): Promise<void> {
    while (this.#isWorking) await this.#work;
  }

  /**
   * Takes the oldest records, all of one segment.
   *
   * @returns null if there are none
   * @throws what the file system threw, if trying again later can help
   */
  async take(maxRecords: number): Promise<SpoolBatch | null> {
    while (this.#reading === null || this.#reading.json.length === 0) {
      if (!(await this.#openNext())) return null;
    }
    const { segment, json } = this.#reading;
    const records: UsageRecord[] = [];
    const taken = json.splice(0, maxRecords);
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
    await this.#exclusively(async () => {
      await this.#home?.writer.seal().catch(() => {});
      await this.#home?.folder.release().catch(() => {});
    });
  }

  #startWork(): void {
    if (this.#isWorking || this.#isClosed) return;
    this.#isWorking = true;
    // On the next turn: whoever calls may be a response that is about to close.
    this.#work = nextTurn().then(() => this.#writePending());
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
    }
    if (this.#unsettled > 0) this.#observer.ready();
  }

  async #writeSome(): Promise<void> {
    const some = this.#pending.slice(0, TURN_RECORDS);
    const { segment, bytes } = await (await this.#settleIn()).append(some.map(({ record }) => record));
    // From here on in one go: at no instant is a record in two places, or in none.
    segment.written += some.length;
    segment.bytes += bytes;
    this.#bytes += bytes;
    // They were taken back meanwhile, by somebody who could not wait any longer.
    if (this.#pending[0] !== some[0]) return;
    if (segment.unsettled === 0) this.#segments.push(segment);
    segment.oldestMs ??= some[0]?.record.date.getTime() ?? null;
    segment.unsettled += some.length;
    this.#unsettled += some.length;
    this.#pending.splice(0, some.length);
    for (const { bytes: estimated } of some) this.#pendingBytes -= estimated;
  }

  /** Makes this process's folder, and adopts what others left, the first time and when the folder has vanished. */
  async #settleIn(): Promise<SegmentWriter> {
    if (this.#home !== null) return this.#home.writer;
    const folder = await OwnFolder.make(this.#settings.dir);
    this.#home = { folder, writer: new SegmentWriter(folder.path, this.#settings.fsync) };
    // What cannot be adopted stays where it is, for the next process.
    const report = (error: Error): void => this.#observer.returned([], error);
    const paths = await folder.adoptOrphans(report).catch(report);
    for (const path of paths ?? []) await this.#adopt(path).catch(report);
    return this.#home.writer;
  }

  async #adopt(path: string): Promise<void> {
    const content = await readFile(path);
    const { records, damaged } = readSegment(content);
    const { length } = records;
    // The process died before it wrote anything, or nothing of it is whole.
    if (length === 0) await unlink(path);
    else
      this.#segments.push({
        path,
        written: length,
        unsettled: length,
        bytes: content.length,
        oldestMs: null,
      });
    this.#unsettled += length;
    this.#bytes += length === 0 ? 0 : content.length;
    this.#observer.adopted(length + damaged);
    if (damaged > 0) this.#observer.lost('spool-corrupt', damaged, null);
  }

  /** The folder has vanished, and its lock with it. */
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
    const json = [...readSegment(content).records];
    this.#reading = { segment, json };
    if (json.length < segment.written)
      this.#lose(segment, 'spool-corrupt', segment.written - json.length, null);
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

/** Whether a file or its folder is not there any more, or something else is in its place. */
function hasVanished(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}
