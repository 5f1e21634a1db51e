import type { DeadLetterReason, UsageFeed, UsageMessage } from '../storage/usage-source.js';
import { type AttemptSettings, Attempts } from './attempts.js';

/** How long a message that has to be given back is put off at most, in milliseconds. */
const MOST_PUT_OFF_MS = 3_600_000;

/** A dead letter that the stream has not taken. */
export interface DeadLetter {
  readonly data: Uint8Array;
  readonly reason: DeadLetterReason;
  /** Is called once the stream has it. */
  readonly kept: () => void;
}

/** The dead letters of a worker that the stream has not taken: each is tried, one after the other, until it is kept. */
export class DeadLetters {
  /** Dead letters that the stream has taken. */
  kept = 0;
  readonly attempts: Attempts;
  readonly #feed: UsageFeed;
  readonly #retry: AttemptSettings['retry'];
  readonly #waiting = new Set<DeadLetter>();
  #sending: Promise<void> | null = null;
  #isClosing = false;

  constructor(feed: UsageFeed, settings: AttemptSettings) {
    this.#feed = feed;
    this.#retry = settings.retry;
    this.attempts = new Attempts('keeping a dead letter of the stream', settings);
  }

  /** Keeps a letter. */
  send(letter: DeadLetter): void {
    this.#waiting.add(letter);
    this.#sending ??= this.#send();
  }

  /** Tries a letter no more. */
  forget(letter: DeadLetter): void {
    this.#waiting.delete(letter);
  }

  /** How long a message is put off, in milliseconds: twice as long with each delivery, as its records are stored again each time. */
  putOffMs({ deliveries }: UsageMessage): number {
    return Math.min(MOST_PUT_OFF_MS, this.#retry.maxDelayMs * 2 ** (deliveries - 1));
  }

  /** Tries what waits once more, up to the first failure. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.attempts.hurry();
    await this.#sending;
  }

  /** Never rejects. */
  async #send(): Promise<void> {
    for (const letter of this.#waiting) {
      try {
        await this.#feed.deadLetter(letter.data, letter.reason);
        this.#waiting.delete(letter);
        this.kept += 1;
        this.attempts.succeeded();
        letter.kept();
      } catch (error) {
        // Others may be kept where this one is not, such as smaller ones.
        if (this.#waiting.delete(letter)) this.#waiting.add(letter);
        if (this.#isClosing) break;
        await this.attempts.failed(error);
      }
    }
    this.#sending = null;
  }
}
