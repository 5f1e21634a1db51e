import type { DeadLetterReason, UsageFeed } from '../storage/usage-source.js';
import { type AttemptSettings, Attempts } from './attempts.js';

/** A dead letter that the stream has not taken. */
interface Letter {
  readonly data: Uint8Array;
  readonly reason: DeadLetterReason;
  readonly isWanted: () => boolean;
  readonly kept: () => void;
}

/** The dead letters of a worker that the stream has not taken: each is tried, one after the other, until it is kept. */
export class DeadLetters {
  /** Dead letters that the stream has taken. */
  kept = 0;
  readonly attempts: Attempts;
  readonly #feed: UsageFeed;
  readonly #waiting: Letter[] = [];
  #sending: Promise<void> | null = null;
  #isClosing = false;

  constructor(feed: UsageFeed, settings: AttemptSettings) {
    this.#feed = feed;
    this.attempts = new Attempts('keeping a dead letter of the stream', settings);
  }

  /**
   * Keeps a letter.
   *
   * @param isWanted - whether it is still to be kept
   * @param kept - is called once the stream has it
   */
  send(data: Uint8Array, reason: DeadLetterReason, isWanted: () => boolean, kept: () => void): void {
    this.#waiting.push({ data, reason, isWanted, kept });
    this.#sending ??= this.#send();
  }

  /** Tries what waits once more, up to the first failure. */
  async close(): Promise<void> {
    this.#isClosing = true;
    this.attempts.hurry();
    await this.#sending;
  }

  /** Never rejects. */
  async #send(): Promise<void> {
    for (let letter = this.#waiting.shift(); letter !== undefined; letter = this.#waiting.shift()) {
      if (!letter.isWanted()) continue;
      try {
        await this.#feed.deadLetter(letter.data, letter.reason);
        this.kept += 1;
        this.attempts.succeeded();
        letter.kept();
      } catch (error) {
        // Others may be kept where this one is not, such as smaller ones.
        this.#waiting.push(letter);
        if (this.#isClosing) break;
        await this.attempts.failed(error);
      }
    }
    this.#sending = null;
  }
}
