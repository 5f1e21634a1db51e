import type { TakenBatch } from '../pipeline/record-queue.js';
import type { RecordSpool, SpoolObserver } from '../pipeline/spool/spool-contract.js';
import type { DropEvent } from '../pipeline/telling/events.js';
import { summarizeError, toError } from '../pipeline/telling/report-log.js';
import { encodeRecord } from '../record/wire.js';
import type { DeadLetterReason, UsageFeed, UsageMessage } from '../storage/usage-source.js';
import { type BackoffBounds, backoffMs } from '../time/backoff.js';
import type { Clock } from '../time/clock.js';
import { Waiters } from '../time/waiters.js';
import { WakeTimer } from '../time/wake-timer.js';

/** Bytes of messages that a worker holds, at most; one message is held in any case. */
const MOST_BYTES = 33_554_432;

/** Messages of one pull, at most. */
const MOST_MESSAGES = 256;

/** How a worker reads. */
export interface SourceSettings {
  readonly clock: Clock;
  readonly retry: BackoffBounds;
  /** Records that are held from which on no further messages are asked for. */
  readonly mostRecords: number;
  /** Learns of a failure. */
  readonly fault: (what: string, error: unknown) => void;
}

/** A message that is not acknowledged. */
interface Held {
  readonly message: UsageMessage;
  readonly receivedMs: number;
}

/**
 * The messages that a worker holds, as a spool of its lane: they wait in the stream until their records are stored, or kept as dead
 * letters. What is not settled at the end is given back.
 */
export class SourceSpool implements RecordSpool {
  /** Messages that had been delivered before. */
  redelivered = 0;
  /** Dead letters that the stream has taken. */
  deadLetters = 0;
  /** Messages that waited in the stream behind the last one that came; null before the first. */
  waiting: number | null = null;
  /** Pulls and dead letters that failed. */
  failures = 0;
  readonly #feed: UsageFeed;
  readonly #settings: SourceSettings;
  #observer: SpoolObserver | null = null;
  readonly #held = new Set<Held>();
  /** Messages whose records nobody has taken, oldest first. */
  #untaken: Held[] = [];
  #unsettled = 0;
  #bytes = 0;
  /** Dead letters on their way. */
  readonly #letters = new Set<Promise<void>>();
  readonly #room = new Waiters();
  readonly #pauses = new Waiters();
  readonly #holdTimer: WakeTimer;
  readonly #pauseTimer: WakeTimer;
  #failuresInRow = 0;
  #state: 'open' | 'stopped' | 'closed' = 'open';

  readonly pending = 0;
  /** What is taken in comes from the stream alone. */
  readonly isFailing = true;
  readonly isReading = false;
  readonly isReadable = true;

  constructor(feed: UsageFeed, settings: SourceSettings) {
    this.#feed = feed;
    this.#settings = settings;
    this.#holdTimer = new WakeTimer(settings.clock);
    this.#pauseTimer = new WakeTimer(settings.clock);
  }

  /** Begins to read for a lane. */
  open(observer: SpoolObserver): this {
    this.#observer = observer;
    void this.#pull();
    return this;
  }

  get length(): number {
    return this.#unsettled;
  }

  get oldestMs(): number | null {
    return this.#untaken[0]?.message.records[0]?.date.getTime() ?? null;
  }

  get hasFailed(): boolean {
    return this.#failuresInRow > 0;
  }

  get isReady(): boolean {
    return this.#untaken.length > 0;
  }

  hasRoom(bytes: number): boolean {
    return (
      this.#held.size === 0 ||
      (this.#unsettled < this.#settings.mostRecords && this.#bytes + bytes <= MOST_BYTES)
    );
  }

  /** Nothing is written: a worker takes no records but those of the stream. */
  append(): void {}

  takePending(): [] {
    return [];
  }

  async written(): Promise<void> {}

  async read(): Promise<void> {}

  async take(maxRecords: number, maxBytes: number): Promise<TakenBatch | null> {
    const taken = this.#untaken.splice(0, this.#countUpTo(maxRecords, maxBytes));
    const [first] = taken;
    if (first === undefined) return null;
    const records = taken.flatMap(({ message }) => message.records);
    let left = records.length;
    const settle = (count: number): void => {
      left -= count;
      this.#unsettled -= count;
      if (left === 0) for (const held of taken) void this.#finish(held);
    };
    return { records, isSpooled: true, sinceMs: first.receivedMs, settle };
  }

  /** Keeps what the storage refuses as dead letters; not what is too old to be kept. */
  readonly onDrop = ({ reason, records, error }: DropEvent): void => {
    if (reason !== 'refused') return;
    for (const record of records) {
      const why = { id: `refused ${record.id}`, reason, error: error && summarizeError(error).message };
      this.#sendLetter(Buffer.from(encodeRecord(record)), why);
    }
  };

  /** Takes no further messages. */
  stop(): void {
    if (this.#state !== 'open') return;
    this.#state = 'stopped';
    this.#feed.stop();
    this.#room.release(Infinity);
    this.#wake();
  }

  /** Gives back what is not settled. */
  async close(): Promise<void> {
    this.stop();
    this.#state = 'closed';
    this.#wake();
    await Promise.allSettled(this.#letters);
    this.#holdTimer.stop();
    for (const { message } of this.#held) message.giveBack();
    this.#held.clear();
    await this.#feed.close();
  }

  /** Pulls for as long as the worker is open. Never throws. */
  async #pull(): Promise<void> {
    // One message tells how large the others may be.
    let mean = { bytes: MOST_BYTES, records: this.#settings.mostRecords };
    while (this.#state === 'open') {
      if (!this.hasRoom(1)) await this.#room.wait(1);
      const most = Math.min(
        (MOST_BYTES - this.#bytes) / mean.bytes,
        (this.#settings.mostRecords - this.#unsettled) / mean.records,
        MOST_MESSAGES,
      );
      const came = { messages: 0, bytes: 0, records: 0 };
      try {
        for await (const message of this.#feed.pull(Math.max(1, Math.floor(most)))) {
          this.#receive(message);
          this.#failuresInRow = 0;
          came.messages += 1;
          came.bytes += message.bytes;
          came.records += message.records.length;
        }
        this.#failuresInRow = 0;
        const { messages, bytes, records } = came;
        if (messages > 0)
          mean = { bytes: Math.max(1, bytes / messages), records: Math.max(1, records / messages) };
      } catch (error) {
        if (this.#state === 'open') await this.#fail('reading the stream', error);
      }
    }
  }

  /** All of it in one go: at no instant is a record in two places, or in none. */
  #receive(message: UsageMessage): void {
    if (this.#state !== 'open') return message.giveBack();
    const { records, damaged, data } = message;
    const held = { message, receivedMs: this.#settings.clock.monotonic() };
    this.#held.add(held);
    this.#holdLater();
    this.#bytes += message.bytes;
    this.waiting = message.waiting;
    if (message.isRedelivered) this.redelivered += 1;
    this.#unsettled += records.length;
    this.#observer?.adopted(records.length + damaged);
    if (records.length > 0) this.#untaken.push(held);
    if (damaged > 0) this.#loseDamaged(damaged, data);
    if (records.length === 0) void this.#finish(held);
    this.#observer?.ready();
  }

  #loseDamaged(damaged: number, data: Uint8Array): void {
    const error = new Error('a message of the stream holds what is no record');
    const id = `damaged ${Buffer.from(data.subarray(0, 512)).toString('base64url')}`;
    this.#sendLetter(data, { id, reason: 'spool-corrupt', error: error.message });
    this.#observer?.lost('spool-corrupt', damaged, error);
  }

  /** Acknowledges a message once the dead letters of its records are kept. */
  async #finish(held: Held): Promise<void> {
    // Letters are sent right after their records are settled.
    await Promise.resolve();
    const kept = await Promise.allSettled(this.#letters);
    if (!this.#held.delete(held)) return;
    if (kept.every(({ status }) => status === 'fulfilled')) held.message.acknowledge();
    else held.message.giveBack();
    this.#bytes -= held.message.bytes;
    if (this.hasRoom(1)) this.#room.release(1);
  }

  #sendLetter(data: Uint8Array, reason: DeadLetterReason): void {
    const sending = this.#keepTrying(data, reason).finally(() => this.#letters.delete(sending));
    // It is waited for where its message is acknowledged.
    sending.catch(() => {});
    this.#letters.add(sending);
  }

  /** @throws the last error, if the worker is closed before the letter is kept */
  async #keepTrying(data: Uint8Array, reason: DeadLetterReason): Promise<void> {
    for (;;) {
      try {
        await this.#feed.deadLetter(data, reason);
        this.deadLetters += 1;
        return;
      } catch (error) {
        if (this.#state === 'closed') throw error;
        await this.#fail('keeping a dead letter', error);
      }
    }
  }

  async #fail(what: string, error: unknown): Promise<void> {
    this.failures += 1;
    this.#failuresInRow += 1;
    this.#settings.fault(what, toError(error));
    const delayMs = backoffMs(this.#settings.retry, this.#failuresInRow, Math.random());
    if (!this.#pauseTimer.isSet) this.#pauseTimer.after(delayMs, true, () => this.#wake());
    await this.#pauses.wait(1);
  }

  #wake(): void {
    this.#pauseTimer.stop();
    this.#pauses.release(1);
  }

  /** Says now and then of all that is held that it is still being worked on. */
  #holdLater(): void {
    if (this.#holdTimer.isSet || this.#held.size === 0) return;
    this.#holdTimer.after(this.#feed.holdEveryMs, false, () => {
      for (const { message } of this.#held) message.hold();
      this.#holdLater();
    });
  }

  /** How many of the messages fit both bounds, one at least. */
  #countUpTo(maxRecords: number, maxBytes: number): number {
    let [records, bytes, count] = [0, 0, 0];
    for (const { message } of this.#untaken) {
      records += message.records.length;
      bytes += message.bytes;
      if (count > 0 && (records > maxRecords || bytes > maxBytes)) break;
      count += 1;
    }
    return count;
  }
}
