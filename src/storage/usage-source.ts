import { hasMethods } from '../option-reader.js';
import type { UsageRecord } from '../record/usage-record.js';

/** A message of a stream, which holds records until somebody acknowledges it. */
export interface UsageMessage {
  /** Names it in the stream: equal whenever it is delivered again, and of no other message. */
  readonly id: string;
  /** The records, each of which may have been delivered before. */
  readonly records: readonly UsageRecord[];
  /** Parts of the message that are no records. */
  readonly damaged: number;
  /** The message as it came, where it has such parts; null where it has none. */
  readonly damagedData: Uint8Array | null;
  /** Bytes of the message. */
  readonly bytes: number;
  /** How often it was delivered, this time included. */
  readonly deliveries: number;
  /** Messages that waited behind this one when it was delivered. */
  readonly waiting: number;
  /** Says that nobody needs it any more. */
  acknowledge(): void;
  /**
   * Gives it back, to be delivered again.
   *
   * @param afterMs - not before so many milliseconds have passed. @default 0
   */
  giveBack(afterMs?: number): void;
  /** Says that it is still being worked on, so that it is not delivered again. */
  hold(): void;
}

/** Why a message or a record is a dead letter. */
export interface DeadLetterReason {
  /** An id of the letter: one that is sent twice is kept once. */
  readonly id: string;
  /** Why it was dropped, as `stats()` counts it. */
  readonly reason: string;
  /** The error behind it, in one line; null if there is none. */
  readonly error: string | null;
}

/** The messages of a stream, for one worker. */
export interface UsageFeed {
  /** How often `hold` has to be said of a message, in milliseconds. */
  readonly holdEveryMs: number;
  /** Bytes that one message may have, at most. */
  readonly maxMessageBytes: number;
  /**
   * Waits for messages for a while, and hands each out as it comes.
   *
   * @param most - messages at most, from 1
   * @throws {TrackUsageError} `STORAGE_SETUP` if a person has to act first; any other error means «later»
   */
  pull(most: number): AsyncIterable<UsageMessage>;
  /** Ends the pull under way: messages that have come are still handed out. */
  stop(): void;
  /**
   * Asks how many messages wait that were not delivered.
   *
   * @throws if that is not known now
   */
  waiting(): Promise<number>;
  /**
   * Keeps what nobody can store where a person finds it; the beginning of it, where all of it is too large.
   *
   * @throws {TrackUsageError} as {@link pull} does
   */
  deadLetter(data: Uint8Array, reason: DeadLetterReason): Promise<void>;
  /** Waits until what was said of messages has gone out, and ends for good. Never throws. */
  close(): Promise<void>;
}

/** What a stream holds. */
export interface SourceContents {
  /** Messages with records that are not acknowledged. */
  readonly messages: number;
  /** Dead letters. */
  readonly deadLetters: number;
  /** Since when the oldest of the messages waits; null without one, or where that is not known. */
  readonly oldest: Date | null;
}

/** A stream that records can be taken from. */
export interface UsageSource {
  /** The name of the stream's storage in logs and statistics, such as `jetstream`. */
  readonly name: string;
  /** Whether the stream is only looked at, so that no worker may take records from it. @default false */
  readonly isReadOnly?: boolean | undefined;
  /**
   * Opens the stream for a worker.
   *
   * @param consumer - the name of the group of workers, each of which gets other messages
   */
  feed(consumer: string): UsageFeed;
  /**
   * Asks what the stream holds. Left out where nobody can tell.
   *
   * @throws {TrackUsageError} `STORAGE_SETUP` if a person has to act first; any other error means «later»
   */
  contents?(): Promise<SourceContents>;
  /**
   * Puts dead letters that are whole records back among the others. Left out where nobody can.
   *
   * @returns how many
   * @throws {TrackUsageError} as {@link contents} does; some may have been put back
   */
  requeue?(): Promise<number>;
}

/** Whether records can be taken from a value, as from a stream. */
export function isSource(value: unknown): value is UsageSource {
  return hasMethods(value, 'feed');
}
