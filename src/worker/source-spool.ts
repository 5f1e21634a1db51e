import { createHash } from 'node:crypto';
import type { TakenBatch } from '../pipeline/record-queue.js';
import type { RecordSpool, SpoolObserver } from '../pipeline/spool/spool-contract.js';
import type { DropEvent } from '../pipeline/telling/events.js';
import { summarizeError } from '../pipeline/telling/report-log.js';
import { encodeRecord } from '../record/wire.js';
import type { DeadLetterReason, UsageFeed, UsageMessage } from '../storage/usage-source.js';
import { Waiters } from '../time/waiters.js';
import { WakeTimer } from '../time/wake-timer.js';
import { type AttemptSettings, Attempts } from './attempts.js';
import { type DeadLetter, DeadLetters } from './dead-letters.js';

/** Bytes of messages that a worker holds to store them, at most, unless four of the largest have more. */
const MOST_BYTES = 33_554_432;

/** Messages whose records are settled, and that wait for their dead letters alone, at most: others are given back. One may always wait. */
const MOST_WAITING = { messages: 256, bytes: MOST_BYTES / 2 };

/** How a worker reads. */
export interface SourceSettings extends AttemptSettings {
  /** Records that are held from which on no further messages are asked for. */
  readonly mostRecords: number;
}

/** A message that is not acknowledged. */
interface Held {
  readonly message: UsageMessage;
  readonly receivedMs: number;
  /** Its dead letters that the stream has not taken. */
  readonly letters: Set<DeadLetter>;
  /** Whether each of its records is stored or dropped. */
  isSettled: boolean;
}

/**
 * The messages that a worker holds, as a spool of its lane: they wait in the stream until their records are stored, or kept as dead
 * letters. What is not settled at the end is given back.
 */
export class SourceSpool implements RecordSpool {
  /** Records that had been delivered before. */
  redelivered = 0;
  /** Messages that wait in the stream and were not delivered, as it said last; null while that is not known. */
  waiting: number | null = null;
  /** The attempts at reading the stream. */
  readonly reading: Attempts;
  /** What the storage refuses, and what is no record. */
  readonly letters: DeadLetters;
  readonly #feed: UsageFeed;
  readonly #settings: SourceSettings;
  #observer: SpoolObserver | null = null;
  readonly #held = new Set<Held>();
  /** Messages whose records nobody has taken, oldest first. */
  #untaken: Held[] = [];
  #unsettled = 0;
  /** Bytes of the messages that are not settled. */
  #bytes = 0;
  readonly #room = new Waiters();
  readonly #timer: WakeTimer;
  #state: 'open' | 'stopped' | 'closed' = 'open';

  readonly pending = 0;
  /** What is taken in comes from the stream alone. */
  readonly isFailing = true;
  readonly isReading = false;
  readonly isReadable = true;

  constructor(feed: UsageFeed, settings: SourceSettings) {
    this.#feed = feed;
    this.#settings = settings;
    this.#timer = new WakeTimer(settings.clock);
    this.reading = new Attempts('reading the stream', settings);
    this.letters = new DeadLetters(feed, settings);
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
    return this.reading.isFailing || this.letters.attempts.isFailing;
  }

  get isReady(): boolean {
    return this.#untaken.length > 0;
  }

  /**
   * Whether another message may come, however large it is. One is held in any case, and more records than are wanted where all were taken:
   * a storage that refuses all of those may take others.
   */
  hasRoom(): boolean {
    if (this.#bytes === 0) return true;
    const isWanted = this.#unsettled < this.#settings.mostRecords || this.#untaken.length === 0;
    return isWanted && this.#freeBytes >= this.#feed.maxMessageBytes;
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
    this.#makeRoom();
    const records = taken.flatMap(({ message }) => message.records);
    let left = records.length;
    const settle = (count: number): void => {
      left -= count;
      this.#unsettled -= count;
      if (left === 0) for (const held of taken) void this.#settled(held);
    };
    return { records, isSpooled: true, sinceMs: first.receivedMs, settle };
  }

  /** Keeps what the storage refuses as dead letters; not what is too old to be kept. */
  readonly onDrop = ({ reason, records, error }: DropEvent): void => {
    if (reason !== 'refused') return;
    const told = error && summarizeError(error).message;
    // The messages that wait for letters alone have settled all of their records before.
    const unsettled = [...this.#held].filter(({ isSettled }) => !isSettled);
    for (const record of records) {
      const held = unsettled.find(({ message }) => message.records.includes(record));
      if (held === undefined) continue;
      // A record that was put back, and is refused again, comes in another message.
      const id = `refused ${held.message.id} ${record.id}`;
      this.#sendLetter(held, Buffer.from(encodeRecord(record)), { id, reason, error: told });
    }
  };

  /** Takes no further messages. */
  stop(): void {
    if (this.#state !== 'open') return;
    this.#state = 'stopped';
    this.#feed.stop();
    this.#room.release(Infinity);
    this.reading.hurry();
  }

  /** Gives back what is not settled at once, and what waits for its dead letters when those have been tried once more. */
  async close(): Promise<void> {
    this.stop();
    this.#state = 'closed';
    this.#timer.stop();
    for (const held of this.#held) if (!held.isSettled) this.#giveBack(held);
    await this.letters.close();
    for (const held of this.#held) this.#giveBack(held);
    await this.#feed.close();
  }

  get #freeBytes(): number {
    return Math.max(MOST_BYTES, 4 * this.#feed.maxMessageBytes) - this.#bytes;
  }

  /** Pulls for as long as the worker is open. Never throws. */
  async #pull(): Promise<void> {
    await this.#look();
    // One message tells how many records the others may hold.
    let perMessage = this.#settings.mostRecords;
    while (this.#state === 'open') {
      if (!this.hasRoom()) await this.#room.wait(1);
      const most = Math.min(
        this.#freeBytes / this.#feed.maxMessageBytes,
        (this.#settings.mostRecords - this.#unsettled) / perMessage,
      );
      const came = { messages: 0, records: 0 };
      try {
        for await (const message of this.#feed.pull(Math.max(1, Math.floor(most)))) {
          this.#receive(message);
          this.reading.succeeded();
          came.messages += 1;
          came.records += message.records.length;
        }
        this.reading.succeeded();
        if (came.messages > 0) perMessage = Math.max(1, came.records / came.messages);
        else void this.#look();
      } catch (error) {
        this.waiting = null;
        if (this.#state === 'open') await this.reading.failed(error);
      }
    }
  }

  /** All of it in one go: at no instant is a record in two places, or in none. */
  #receive(message: UsageMessage): void {
    if (this.#state !== 'open') return message.giveBack();
    const { records, damaged, damagedData } = message;
    const receivedMs = this.#settings.clock.monotonic();
    const held = { message, receivedMs, letters: new Set<DeadLetter>(), isSettled: false };
    this.#held.add(held);
    this.#lookLater();
    this.#bytes += message.bytes;
    this.waiting = message.waiting;
    if (message.deliveries > 1) this.redelivered += records.length + damaged;
    this.#unsettled += records.length;
    this.#observer?.adopted(records.length + damaged);
    if (records.length > 0) this.#untaken.push(held);
    if (damagedData !== null) this.#loseDamaged(held, damagedData);
    if (records.length === 0) void this.#settled(held);
    this.#observer?.ready();
  }

  #loseDamaged(held: Held, data: Uint8Array): void {
    const error = new Error('a message of the stream holds what is no record');
    const id = `damaged ${createHash('sha256').update(data).digest('base64url')}`;
    this.#sendLetter(held, data, { id, reason: 'spool-corrupt', error: error.message });
    this.#observer?.lost('spool-corrupt', held.message.damaged, error);
  }

  #sendLetter(held: Held, data: Uint8Array, reason: DeadLetterReason): void {
    const kept = (): void => {
      held.letters.delete(letter);
      if (held.isSettled && held.letters.size === 0) this.#acknowledge(held);
    };
    const letter = { data, reason, kept };
    held.letters.add(letter);
    this.letters.send(letter);
  }

  /** Makes room for other messages, whether or not the dead letters of this one are kept. */
  async #settled(held: Held): Promise<void> {
    // Letters are sent right after their records are settled.
    await Promise.resolve();
    if (!this.#held.has(held)) return;
    held.isSettled = true;
    this.#bytes -= held.message.bytes;
    if (held.letters.size === 0) this.#acknowledge(held);
    else if (!this.#mayWait()) this.#giveBack(held, this.letters.putOffMs(held.message));
    this.#makeRoom();
  }

  #makeRoom(): void {
    if (this.hasRoom()) this.#room.release(1);
  }

  #acknowledge(held: Held): void {
    if (this.#held.delete(held)) held.message.acknowledge();
  }

  /** Whether so few messages wait for their dead letters alone that the worker can hold them. */
  #mayWait(): boolean {
    const waiting = [...this.#held].filter(({ isSettled }) => isSettled);
    const bytes = waiting.reduce((sum, { message }) => sum + message.bytes, 0);
    if (waiting.length === 1) return true;
    return waiting.length <= MOST_WAITING.messages && bytes <= MOST_WAITING.bytes;
  }

  #giveBack(held: Held, afterMs = 0): void {
    if (!this.#held.delete(held)) return;
    for (const letter of held.letters) this.letters.forget(letter);
    held.message.giveBack(afterMs);
  }

  /** Says now and then of all that is held that it is still being worked on, and asks how much waits. */
  #lookLater(): void {
    if (this.#timer.isSet || this.#state === 'closed') return;
    this.#timer.after(this.#feed.holdEveryMs, false, () => {
      for (const { message } of this.#held) message.hold();
      void this.#look();
      this.#lookLater();
    });
  }

  /** Asks how much waits, as no message tells of it while none comes. Never rejects. */
  async #look(): Promise<void> {
    this.waiting = await this.#feed.waiting().catch(() => null);
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
